"""What is settled before a handler runs: that a credential is there, and which threads do the work."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from invoke_apps.web.credentials import credential_of, require_own_page
from invoke_apps.web.threads import choose_pool
from invoke_core.errors import Unauthenticated

OPEN = {"open": True}
"""`opt` of a route that anybody may call."""

SLOW = {"slow": True}
"""`opt` of a route that hashes passwords: it must not keep the others waiting."""

BACKGROUND = {"background": True}
"""`opt` of a route that pages call by themselves: it renews no sign-in."""

MEDIA = {"media": True} | BACKGROUND
"""`opt` of a route that sends pictures: the media cookie will do."""


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a request without a credential before its body is read; whether it counts is checked later.

    A coroutine, though it waits for nothing: a plain function would run in a thread of its own, and its
    choice of pool would be lost with that thread's context.

    Raises:
        Unauthenticated: the route is not open and no credential came that it takes.
        Forbidden: a browser's session cookie came alone, with a method that changes something.
    """
    choose_pool(str(connection.scope.get("method", "GET")), slow="slow" in handler.opt)
    if "open" in handler.opt or not connection.app.state.application.settings.multiuser:
        return
    credential = credential_of(connection.scope, media="media" in handler.opt)
    if credential is None:
        raise Unauthenticated("Sign in first.")
    require_own_page(connection.scope, credential)
