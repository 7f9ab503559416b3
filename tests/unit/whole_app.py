"""The whole web application over a world in memory, as a browser or a program reaches it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from litestar.testing import TestClient

from invoke_apps.application import Application
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.app import WebApp, create_app
from invoke_apps.web.rates import RateLimiter
from invoke_core.domain.principals import host_principal
from invoke_core.ports.unit_of_work import Database
from invoke_core.services.rates import RequestRates
from invoke_core.services.single_sign_on import Provider
from invoke_core.testing.fakes import FixedClock
from tests.unit.accounts import QuickHasher

HOST = host_principal("tester")
UNLIMITED = RateLimiter(RequestRates(None, FixedClock()))  # lets every request through
PASSWORD = "TempPass123"


class Site:
    """The application and a client of it, without cookies of its own."""

    def __init__(
        self, app: Application, web: WebApp, client: TestClient[Any], clock: FixedClock
    ) -> None:
        self.app = app
        self.web = web
        self.client = client
        self.clock = clock

    def routes(self) -> list[tuple[str, str]]:
        """Return the method and template of every route below `/api`, but for OPTIONS."""
        return sorted(
            {
                (method, route.path_format)
                for route in self.web.edge.inner.routes  # type: ignore[attr-defined]
                if hasattr(route, "route_handler_map")
                for method in route.route_handler_map
                if method != "OPTIONS" and route.path_format.startswith("/api/v")
            }
        )

    def ask(
        self, method: str, path: str, *, token: str | None = None, **changes: Any
    ) -> httpx.Response:
        """Return the answer to a request with these headers and cookies alone."""
        self.client.cookies.clear()
        headers = dict(changes.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        cookies = changes.pop("cookies", None)
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        answer = self.client.request(method, path, headers=headers, **changes)
        self.client.cookies.clear()
        return answer

    def raw(
        self, method: str, path: str, query: bytes, headers: Sequence[tuple[bytes, bytes]]
    ) -> int:
        """Return the status of a request with exactly these headers, which no client would send."""
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": list(headers),
            "scheme": "http",
            "root_path": "",
            "client": ("203.0.113.9", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        asyncio.run(self.web(scope, receive, send))  # type: ignore[arg-type]
        return status

    def login(self, email: str = "person@example.com", **changes: Any) -> httpx.Response:
        """Return the answer to a sign-in."""
        body = {"email": email, "password": PASSWORD, **changes}
        return self.ask("POST", "/api/v1/auth/login", json=body)


@contextmanager
def open_site(
    root: Path,
    *,
    scheme: str = "http",
    database: Database | None = None,
    providers: Mapping[str, Provider] | None = None,
    **settings: Any,
) -> Iterator[Site]:
    """Yield a site with an administrator and a person, in memory unless a database is passed in."""
    parts: dict[str, Any] = {} if database is None else {"database": database}
    if providers is not None:
        parts["providers"] = providers
    clock = FixedClock()
    # The clock stands: without an end of the minute the limit would hold for the whole test.
    unlimited = {"max_requests_per_minute": None}
    made = Settings(**{"root": root, "multiuser": True, **unlimited, **settings})
    with in_memory(made, clock=clock, hasher=QuickHasher(), **parts) as app:
        for email, is_admin in (("admin@example.com", True), ("person@example.com", False)):
            app.users.create(HOST, email=email, password=PASSWORD, is_admin=is_admin)
        web = create_app(app)
        with TestClient(web, base_url=f"{scheme}://127.0.0.1") as client:
            yield Site(app, web, client, clock)


def filled(template: str) -> str:
    """Return a path of a route, with ids that nothing has."""
    known = {"queue_id": "default", "item_id": "999"}
    for name in ("queue_id", "item_id", "session_id", "user_id", "board_id", "image_name"):
        template = template.replace(f"{{{name}}}", known.get(name, "unknown"))
    while "{" in template:
        before, _, rest = template.partition("{")
        template = before + "unknown" + rest.partition("}")[2]
    return template
