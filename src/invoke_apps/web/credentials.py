"""What a request shows of who asks, and the cookies with which browsers do.

`Authorization` counts before every cookie. A browser's cookies are sent by the browser itself, whoever made
the request, so each is good for little:

- `invoke_session` is a sign-in; with it, unsafe methods also need the header `X-CSRF-Token`, which only a
  page of ours can know, for it is derived from the cookie and kept in the readable cookie `invoke_csrf`.
- `invoke_media` fetches pictures (`GET` and `HEAD` of routes marked `MEDIA`) and does nothing else.

- `invoke_oidc` is kept while its owner signs in at a provider, and proves that the same browser comes back.

The first two each hold a token of its own kind, which counts nowhere else, the header included. On HTTPS the
names begin with `__Host-`: browsers then take them from no other host, and over no other connection.
"""

import base64
import hashlib
import hmac

import attrs
from litestar import Request
from litestar.datastructures import Cookie
from litestar.types import Scope

from invoke_apps.web.edge import SAFE_METHODS
from invoke_apps.web.headers import header
from invoke_core.domain.tokens import TokenAudience
from invoke_core.errors import Forbidden

SESSION = "invoke_session"
CSRF = "invoke_csrf"
MEDIA = "invoke_media"
DEPARTED = "invoke_oidc"
HOST_ONLY = "__Host-"  # RFC 6265bis, 4.1.3.2
CSRF_HEADER = b"x-csrf-token"


@attrs.frozen
class Credential:
    """What a request shows; whether it counts is checked later."""

    text: str = attrs.field(repr=False)
    audience: TokenAudience = (
        TokenAudience.API
    )  # where it came from, and so what it must be good for


def credential_of(scope: Scope, *, media: bool) -> Credential | None:
    """Return what the request shows; None: nothing.

    Args:
        scope: of the request.
        media: whether the route sends pictures.
    """
    authorization = header(scope, b"authorization")
    if authorization:
        scheme, _, text = authorization.partition(" ")
        return Credential(text.strip()) if scheme.lower() == "bearer" else None
    if not header(scope, b"cookie"):
        return None
    cookies = Request(scope).cookies
    prefix = _prefix(secure=is_secure(scope))
    if media and f"{prefix}{MEDIA}" in cookies:
        return Credential(cookies[f"{prefix}{MEDIA}"], TokenAudience.MEDIA)
    if f"{prefix}{SESSION}" in cookies:
        return Credential(cookies[f"{prefix}{SESSION}"], TokenAudience.COOKIE)
    return None


def require_own_page(scope: Scope, credential: Credential) -> None:
    """Raise Forbidden where a session cookie came along with a change that no page of ours asked for."""
    if credential.audience is not TokenAudience.COOKIE or scope.get("method") in SAFE_METHODS:
        return
    shown = header(scope, CSRF_HEADER).encode("latin-1")
    if not hmac.compare_digest(shown, csrf_token(credential.text).encode()):
        raise Forbidden(f"Send the cookie {CSRF!r} as the header X-CSRF-Token too.")


def departed_secret(scope: Scope) -> str | None:
    """Return what a browser kept while its owner signed in at a provider; None: nothing."""
    return Request(scope).cookies.get(_prefix(secure=is_secure(scope)) + DEPARTED)


def csrf_token(session: str) -> str:
    """Return what a page must send beside the session cookie of this value."""
    digest = hashlib.sha256(b"csrf:" + session.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_secure(scope: Scope) -> bool:
    """Return whether the client came over HTTPS."""
    return bool(scope.get("scheme") == "https")


def _prefix(*, secure: bool) -> str:
    return HOST_ONLY if secure else ""


@attrs.frozen(kw_only=True)
class Jar:
    """Makes cookies for one client."""

    secure: bool  # the client came over HTTPS
    max_age: int  # seconds; the token in a cookie may well end before

    def session(self, token: str) -> list[Cookie]:
        """Return the cookies of a sign-in: one that no script can read, and one that ours must."""
        return [
            self._cookie(SESSION, token, hidden=True),
            self._cookie(CSRF, csrf_token(token), hidden=False),
        ]

    def media(self, token: str) -> Cookie:
        """Return the cookie that fetches pictures."""
        return self._cookie(MEDIA, token, hidden=True)

    def departed(self, secret: str, seconds: float) -> Cookie:
        """Return the cookie that a browser keeps while its owner signs in at a provider."""
        return attrs.evolve(self, max_age=int(seconds))._cookie(DEPARTED, secret, hidden=True)

    def ended(self) -> list[Cookie]:
        """Return what makes a browser forget all of them."""
        return [
            attrs.evolve(self, max_age=0)._cookie(name, "", hidden=name != CSRF)
            for name in (SESSION, CSRF, MEDIA)
        ]

    def _cookie(self, name: str, value: str, *, hidden: bool) -> Cookie:
        return Cookie(
            key=_prefix(secure=self.secure) + name,
            value=value,
            path="/",  # `__Host-` asks for it
            max_age=self.max_age,
            httponly=hidden,
            samesite="lax",
            secure=self.secure,
        )
