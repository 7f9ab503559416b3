"""The one hop of a request: check who asks, then do it, in one thread."""

from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar

import attrs
from litestar import Request
from litestar.types import Scope as AsgiScope

from invoke_apps.application import Application
from invoke_apps.settings import is_loopback
from invoke_apps.web.credentials import HOST_ONLY, MEDIA, Jar, credential_of, is_secure
from invoke_apps.web.edge import host_name
from invoke_apps.web.headers import has_header, header
from invoke_apps.web.rates import RateLimiter
from invoke_apps.web.scopes import needed_scope
from invoke_core.domain.api_keys import within_scope
from invoke_core.domain.principals import Principal, Scope
from invoke_core.domain.sign_in import Client
from invoke_core.domain.tokens import TokenAudience

T = TypeVar("T")

DEVICE_COOKIE = "invoke_device"  # proves nothing but that this browser signed in before
FORWARDING_HEADERS = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"}
)


@attrs.frozen(kw_only=True)
class Call:
    """What a handler calls services with; it lives as long as the request."""

    app: Application
    client: Client
    token: str | None  # the token or API key of the request, unchecked
    audience: TokenAudience = TokenAudience.API  # what it must be good for
    jar: Jar
    has_media: bool = False  # the browser holds a media cookie
    in_background: bool  # not caused by a person: renews nothing
    scope_state: MutableMapping[str, Any]
    limiter: RateLimiter | None = None  # None: nothing is counted
    is_picture: bool = False  # a picture is asked for
    needed: Scope | None = None  # what an API key must be for; None: no key may do it

    def __call__(self, use: Callable[[Application, Principal], T]) -> T:
        """Return what a service answers the principal of this request.

        Raises:
            Unauthenticated: the credential is missing, or does not count (any more).
            TooMany: the principal made too many requests.
            Forbidden: it is an API key whose scope does not reach so far.
        """
        principal, refreshed = self.app.sign_in.authenticate(
            self.token,
            self.client.address,
            background=self.in_background,
            audience=self.audience,
        )
        if refreshed is not None:
            self.refresh(refreshed)
        if self.limiter and self.token is not None and self.app.settings.multiuser:
            self.limiter.settle(
                self.scope_state, self.token, principal.user_id, picture=self.is_picture
            )
        principal = within_scope(principal, self.needed)
        return use(self.app, attrs.evolve(principal, request_id=self.client.request_id))

    def anonymous(self, use: Callable[[Application, Client], T]) -> T:
        """Return what a service answers anybody."""
        return use(self.app, self.client)

    def refresh(self, token: str) -> None:
        """Hand the client a fresh token in place of the one that it has, and its cookies anew."""
        cookies = []
        if self.audience is TokenAudience.COOKIE:
            cookies += self.jar.session(token)
        else:
            self.scope_state["refreshed_token"] = token
        if cookies or self.has_media:
            cookies.append(self.jar.media(self.app.sign_in.media_copy(token)))
        self.scope_state["refreshed_cookies"] = [cookie.to_encoded_header() for cookie in cookies]


def provide_call(scope: AsgiScope) -> Call:
    """Return the call of a request."""
    opt = scope["route_handler"].opt
    credential = credential_of(scope, media="media" in opt)
    client = scope["client"]
    address = client[0] if client else None
    host = host_name(header(scope, b"host")) or ""
    forwarded = has_header(scope, FORWARDING_HEADERS)
    cookies = Request(scope).cookies if header(scope, b"cookie") else {}
    application = scope["litestar_app"].state.application
    return Call(
        app=scope["litestar_app"].state.application,
        client=Client(
            address=address,
            user_agent=header(scope, b"user-agent") or None,
            device=cookies.get(DEVICE_COOKIE),
            request_id=scope["state"].get("request_id"),
            is_loopback=not forwarded and is_loopback(address or "") and is_loopback(host),
        ),
        token=credential.text if credential else None,
        audience=credential.audience if credential else TokenAudience.API,
        jar=Jar(
            secure=is_secure(scope),
            max_age=int(application.settings.session_absolute_days * 86400),
        ),
        has_media=any(name in cookies for name in (MEDIA, HOST_ONLY + MEDIA)),
        in_background="background" in opt or header(scope, b"x-background") == "1",
        scope_state=scope["state"],
        limiter=scope["litestar_app"].state.limiter,
        is_picture="media" in opt,
        needed=needed_scope(str(scope.get("method", "GET")), scope["path_template"]),
    )
