"""What is settled before a handler runs: that a credential is there, and which threads do the work."""

from litestar.types import ASGIApp, Receive, Scope, Send

from invoke_apps.web.headers import header
from invoke_apps.web.threads import choose_pool
from invoke_core.errors import Unauthenticated

OPEN = {"open": True}
"""`opt` of a route that anybody may call."""

SLOW = {"slow": True}
"""`opt` of a route that hashes passwords: it must not keep the others waiting."""


def guard(app: ASGIApp) -> ASGIApp:
    """Return a layer that refuses a request without a credential before its body is read.

    Whether the credential counts is checked later. A middleware of the application, which no route can
    take off, and none of Litestar's guards: for those every request copies its handler, which costs
    more than all that happens here.

    Raises:
        Unauthenticated: in the layer, where the route is not open and no bearer token came.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        opt = scope["route_handler"].opt
        choose_pool(str(scope.get("method", "GET")), slow="slow" in opt)
        settings = scope["litestar_app"].state.application.settings
        needs_credential = settings.multiuser and "open" not in opt
        if needs_credential and not header(scope, b"authorization").lower().startswith("bearer "):
            raise Unauthenticated("Sign in first.")
        await app(scope, receive, send)

    return guarded
