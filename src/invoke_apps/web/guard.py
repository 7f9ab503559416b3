"""What is settled before a handler runs: that a credential is there, and which threads do the work."""

from litestar.types import ASGIApp, Receive, Scope, Send

from invoke_apps.web.credentials import credential_of, require_own_page
from invoke_apps.web.threads import choose_pool
from invoke_core.errors import Unauthenticated

OPEN = {"open": True}
"""`opt` of a route that anybody may call."""

SLOW = {"slow": True}
"""`opt` of a route that hashes passwords: it must not keep the others waiting."""

OUTSIDE = {"outside": True}
"""`opt` of a route that asks another server: where that is slow, nobody else must wait."""

PAGE = {"page": True}
"""`opt` of a route that browsers are sent to: it refuses with a page."""
UPLOADS = {"uploads": True}
"""`opt` of a route that takes pictures: decoding them must not keep other changes waiting."""

BACKGROUND = {"background": True}
"""`opt` of a route that pages call by themselves: it renews no sign-in."""

MEDIA = {"media": True} | BACKGROUND
"""`opt` of a route that sends pictures: the media cookie will do."""


def guard(app: ASGIApp) -> ASGIApp:
    """Return a layer that refuses a request without a credential before its body is read.

    Whether the credential counts is checked later. A middleware of the application, which no route can
    take off, and none of Litestar's guards: for those every request copies its handler, which costs
    more than all that happens here.

    Raises:
        Unauthenticated: in the layer, where the route is not open and no credential came that it takes.
        Forbidden: in the layer, where a browser's session cookie came alone, with a method that changes
            something.
        TooMany: in the layer, where the credential's owner made too many requests.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        opt = scope["route_handler"].opt
        choose_pool(
            str(scope.get("method", "GET")),
            slow="slow" in opt,
            outside="outside" in opt,
            uploads="uploads" in opt,
        )
        settings = scope["litestar_app"].state.application.settings
        if settings.multiuser and "open" not in opt:
            credential = credential_of(scope, media="media" in opt)
            if credential is None:
                raise Unauthenticated("Sign in first.")
            require_own_page(scope, credential)
            limiter = scope["litestar_app"].state.limiter
            limiter.begin(scope["state"], credential.text, picture="media" in opt)
        await app(scope, receive, send)

    return guarded
