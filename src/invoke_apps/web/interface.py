"""The web interface as it was built: its page, with a nonce of its own for each answer, and its files.

The sources lie in `ui/`; `pip install` builds them into `ui_dist/` (see `hatch_build.py`), unless it is told
to leave them out.
"""

import gzip
import html
import mimetypes
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import attrs
from litestar import HttpMethod, MediaType, Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from invoke_apps.web import pages
from invoke_apps.web._call import Call
from invoke_apps.web.guard import OPEN
from invoke_core.errors import NotFound

BUILT = Path(__file__).parent / "ui_dist"
READ = [HttpMethod.GET, HttpMethod.HEAD]
_ENCODINGS = {"br": ".br", "gzip": ".gz"}  # the best first; made when the interface was built
_FOREVER = "public, max-age=31536000, immutable"  # a hash of the content stands in the name
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:;"
    " connect-src 'self'; font-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


@attrs.frozen
class Interface:
    """What a build left."""

    index: str  # HTML; `__NONCE__` and `__BASE__` stand where each answer has its own
    files: Mapping[str, Path]  # by name; those below `assets` alone never change

    @classmethod
    def built_at(cls, folder: Path) -> Self | None:
        """Return the interface that was built into a folder; None: none was."""
        try:
            index = (folder / "index.html").read_text()
        except FileNotFoundError:
            return None
        files = {path.name: path for path in (folder / "assets").iterdir() if path.is_file()}
        return cls(index, {**files, "favicon.svg": folder / "favicon.svg"})

    def page(self, base: str, accepted: str) -> Response[bytes]:
        """Return the page, packed where the client takes that.

        It is never kept: a nonce that is used twice protects nothing.

        Args:
            base: the path below which the server lies, with a slash at its end.
            accepted: the request's Accept-Encoding.
        """
        nonce = secrets.token_urlsafe(16)
        text = self.index.replace("__NONCE__", nonce).replace("__BASE__", html.escape(base))
        headers = {
            "Content-Security-Policy": _POLICY.format(nonce=nonce),
            "X-Frame-Options": "DENY",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cache-Control": "no-store",
            "Vary": "Accept-Encoding",
        }
        content = text.encode()
        if "gzip" in _encodings(accepted):
            content = gzip.compress(content, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(content, media_type=MediaType.HTML, headers=headers)

    def file(self, name: str, accepted: str, *, cached: str) -> Response[bytes]:
        """Return a file, packed where the client takes that.

        Args:
            name: of the file.
            accepted: the request's Accept-Encoding.
            cached: the answer's Cache-Control.

        Raises:
            NotFound: the build left no such file, as when a newer one took its place.
        """
        path = self.files.get(name)
        if path is None or path.suffix in _ENCODINGS.values():
            raise NotFound("file", name)
        headers = {"Cache-Control": cached, "Vary": "Accept-Encoding"}
        taken = _encodings(accepted)
        for encoding, suffix in _ENCODINGS.items():
            packed = path.with_name(path.name + suffix)
            if encoding in taken and packed.name in self.files:
                headers["Content-Encoding"] = encoding
                path = packed
                break
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(path.read_bytes(), media_type=kind, headers=headers)


def _encodings(accepted: str) -> set[str]:
    """Return the content codings that an Accept-Encoding names and does not refuse."""
    return {
        each.partition(";")[0].strip()
        for each in accepted.split(",")
        if not each.replace(" ", "").endswith(";q=0")
    }


def page_instead(request: Request[Any, Any, Any]) -> Response[bytes] | None:
    """Return the interface for an address that no route has, which it knows as a place; None: it has none.

    Those below `/api` and those of files, which have a dot in their last part, are no places.
    """
    found = _interface(request)
    path = request.url.path.removeprefix(str(request.scope.get("root_path", "")))
    is_place = not (path.startswith("/api/") or path == "/api" or "." in path.rpartition("/")[2])
    if found is None or not is_place or request.method not in {"GET", "HEAD"}:
        return None
    return _page(request, found)


def _page(request: Request[Any, Any, Any], found: Interface) -> Response[bytes]:
    return found.page(_base(request), request.headers.get("accept-encoding", ""))


def _interface(request: Request[Any, Any, Any]) -> Interface | None:
    found: Interface | None = request.app.state.get("interface")  # smaller applications have none
    return found


def _base(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("root_path", "")) + "/"


@route("/", http_method=READ, include_in_schema=False, sync_to_thread=True, opt=OPEN)
def home(
    request: Request[Any, Any, Any], call: NamedDependency[Call]
) -> Response[bytes] | Response[str]:
    """Return the interface, or say that the server runs without."""
    found = _interface(request)
    return pages.home(request, call) if found is None else _page(request, found)


@route(
    "/assets/{name:str}",
    http_method=READ,
    include_in_schema=False,
    sync_to_thread=True,
    opt=OPEN,
)
def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Return a file of the interface."""
    return _file(request, name, cached=_FOREVER)


@route("/favicon.svg", http_method=READ, include_in_schema=False, sync_to_thread=True, opt=OPEN)
def favicon(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the sign that stands on a browser's tab."""
    return _file(request, "favicon.svg", cached="public, max-age=86400")


def _file(request: Request[Any, Any, Any], name: str, *, cached: str) -> Response[bytes]:
    found = _interface(request)
    if found is None:
        raise NotFound("file", name)
    return found.file(name, request.headers.get("accept-encoding", ""), cached=cached)


HANDLERS = (home, asset, favicon)
