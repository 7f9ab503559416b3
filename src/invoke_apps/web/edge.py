"""What holds for every answer and every request, found or not: names, origins, headers, a line in the log."""

import ipaddress
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import attrs
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from invoke_apps.settings import Settings, is_loopback
from invoke_core.domain.links import LinkPurpose

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LINK = re.compile(rf"(/(?:{'|'.join([*LinkPurpose, 'links'])})/).+$")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_FOREIGN_PAGE = (  # of the framework's: ours say themselves what they need
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)

_access = logging.getLogger("invoke.access")


@attrs.frozen(kw_only=True)
class Edge:
    """Wraps the whole application.

    A Host that is not ours is refused, so that no page can reach the server by a name of its own
    (DNS rebinding); so is an unsafe request whose Origin is another site's.
    """

    inner: ASGIApp
    hosts: frozenset[str]
    origins: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != ScopeType.HTTP:
            await self.inner(scope, receive, send)
            return
        headers = dict(scope["headers"])
        asked = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        began = time.perf_counter()
        status = 500
        secure = scope["scheme"] == "https"
        is_api = "/api/" in scope["path"]

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                already = dict(message.get("headers", ()))
                added = [each for each in _ALWAYS if each[0] not in already]
                added.append((b"x-request-id", request_id.encode()))
                if secure:
                    added.append((b"strict-transport-security", b"max-age=31536000"))
                if is_api and b"cache-control" not in already:
                    added.append((b"cache-control", b"no-store"))  # tokens, names, prompts
                is_page = already.get(b"content-type", b"").startswith(b"text/html")
                if is_page and b"content-security-policy" not in already:
                    added.extend(_FOREIGN_PAGE)
                state = scope.get("state", {})
                token = state.get("refreshed_token")
                if token is not None:
                    added.append((b"x-refreshed-token", token.encode()))
                added.extend(state.get("refreshed_cookies", ()))
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        try:
            refusal = self._refusal(scope, headers)
            if refusal is not None:
                await _answer(sending, *refusal)
            else:
                await self.inner(scope, receive, sending)
        finally:
            _access.info(
                "%s %s %d",
                scope["method"],
                shown_path(scope["path"]),
                status,
                extra={
                    "method": scope["method"],
                    "path": shown_path(scope["path"]),
                    "status": status,
                    "milliseconds": round((time.perf_counter() - began) * 1000, 1),
                    "request_id": request_id,
                },
            )

    def _refusal(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        for single in (b"host", b"origin"):
            if sum(name == single for name, _ in scope["headers"]) > 1:
                return 400, f"Send the header {single.decode().title()} once."
        host = headers.get(b"host", b"").decode("latin-1")
        name = host_name(host)
        server = scope.get("server")
        if name is None or not (name in self.hosts or _is_own_address(name, server)):
            return 400, (
                f"This server does not answer as {(name or host)[:100]!r}: add it to allowed_hosts"
                " or set base_url."
            )
        origin = headers.get(b"origin")
        if origin is not None and scope["method"] not in SAFE_METHODS:
            asked = origin.decode("latin-1")
            own = f"{scope['scheme']}://{host}"
            if asked.lower() not in {own.lower(), *self.origins}:
                return 403, "Another site's page may not change anything here."
        return None


def shown_path(path: str) -> str:
    """Return a path as the log may keep it: without the token that ends the path of a link."""
    return _LINK.sub(r"\1…", path)


def host_name(host: str) -> str | None:
    """Return the name in a Host header, lower case, without port, brackets or final dot; None if bad."""
    match = _HOST.fullmatch(host)
    return match[1].strip("[]").lower().rstrip(".") if match else None


def _is_own_address(name: str, server: tuple[str, int | None] | None) -> bool:
    """Return whether the name is the very address that the connection came in on."""
    try:
        return server is not None and ipaddress.ip_address(name) == ipaddress.ip_address(server[0])
    except ValueError:
        return False


def own_hosts(settings: Settings) -> frozenset[str]:
    """Return the names under which the server answers."""
    if settings.allowed_hosts is not None:
        return frozenset(name.lower().rstrip(".") for name in settings.allowed_hosts)
    names = {"localhost", "127.0.0.1", "::1"}
    if not _is_unspecified(settings.host):
        names.add(settings.host.strip("[]").lower())
    if settings.base_url:
        names.add((urlsplit(settings.base_url).hostname or "").lower())
    return frozenset(names)


def own_origins(settings: Settings) -> frozenset[str]:
    """Return the origins, besides the request's own, whose pages may change things."""
    origins = set(settings.allow_origins)
    if settings.base_url:
        parts = urlsplit(settings.base_url)
        origins.add(f"{parts.scheme}://{parts.netloc}")
    return frozenset(origin.lower().rstrip("/") for origin in origins)


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return not host or is_loopback(host)


async def _answer(send: Callable[[Message], object], status: int, detail: str) -> None:
    title = {400: "Bad Request", 403: "Forbidden"}[status]
    body = json.dumps(
        {"type": "about:blank", "title": title, "status": status, "detail": detail}
    ).encode()
    headers: Iterable[tuple[bytes, bytes]] = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})  # type: ignore[misc]
    await send({"type": "http.response.body", "body": body, "more_body": False})  # type: ignore[misc]
