"""The one hop of a request: check who asks, then do it, in one thread."""

from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar

import attrs
from litestar import Request
from litestar.datastructures import State

from invoke_apps.application import Application
from invoke_apps.settings import is_loopback
from invoke_core.domain.principals import Principal
from invoke_core.domain.sign_in import Client

T = TypeVar("T")

DEVICE_COOKIE = "invoke_device"  # proves nothing but that this browser signed in before
FORWARDING_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@attrs.frozen(kw_only=True)
class Call:
    """What a handler calls services with; it lives as long as the request."""

    app: Application
    client: Client
    token: str | None  # the bearer token of the request, unchecked
    in_background: bool  # not caused by a person: renews nothing
    scope_state: MutableMapping[str, Any]

    def __call__(self, use: Callable[[Application, Principal], T]) -> T:
        """Return what a service answers the principal of this request.

        Raises:
            Unauthenticated: the credential is missing, or does not count (any more).
        """
        principal, refreshed = self.app.sign_in.authenticate(
            self.token, self.client.address, background=self.in_background
        )
        if refreshed is not None:
            self.refresh(refreshed)
        return use(self.app, attrs.evolve(principal, request_id=self.client.request_id))

    def anonymous(self, use: Callable[[Application, Client], T]) -> T:
        """Return what a service answers anybody."""
        return use(self.app, self.client)

    def refresh(self, token: str) -> None:
        """Hand the client a fresh token in place of the one that it has."""
        self.scope_state["refreshed_token"] = token


def provide_call(request: Request[Any, Any, Any], state: State) -> Call:
    """Return the call of a request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    address = request.client.host if request.client else None
    host = request.url.hostname or ""
    forwarded = any(name in request.headers for name in FORWARDING_HEADERS)
    return Call(
        app=state.application,
        client=Client(
            address=address,
            user_agent=request.headers.get("user-agent"),
            device=request.cookies.get(DEVICE_COOKIE),
            request_id=request.scope["state"].get("request_id"),
            is_loopback=not forwarded and is_loopback(address or "") and is_loopback(host),
        ),
        token=token.strip() if scheme.lower() == "bearer" else None,
        in_background=request.headers.get("x-background") == "1",
        scope_state=request.scope["state"],
    )
