"""Signing in at another place: where a browser leaves for it, comes back, and signs out there too."""

import html
from collections.abc import Sequence
from typing import Annotated, Any

import attrs
import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, URLEncodedBody

from invoke_apps.web._call import Call
from invoke_apps.web.credentials import departed_secret
from invoke_apps.web.guard import OPEN, OUTSIDE, PAGE, SLOW
from invoke_apps.web.pages import page
from invoke_apps.web.routes._users import IdentityView, site_of
from invoke_core.domain.identifiers import IdentityId, UserId
from invoke_core.domain.identities import LOGIN_LIFE
from invoke_core.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from invoke_core.errors import SecondFactorRequired
from invoke_core.services.single_sign_on import Arrived

_FORM = """<h1>One more step</h1>
<p>Your account here has a second factor: type the code that your app shows, or a recovery code.</p>{trouble}
<form method=post action="{action}">
<input type=hidden name=ticket value="{ticket}">
<p><label>Code<br><input name=code required maxlength=100 autocomplete=one-time-code autofocus></label></p>
<p><button>Sign in</button></p>
</form>"""


class CodeForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What was typed into the form."""

    ticket: str = ""
    code: str = ""


@attrs.frozen(kw_only=True)
class IdentityPage:
    """A stretch of the list of an account's identities."""

    items: Sequence[IdentityView]
    offset: int
    limit: int
    total: int


ASKS = OPEN | OUTSIDE | PAGE


def _callback(call: Call, request: Request[Any, Any, Any], provider: str) -> str:
    site = site_of(call.app, request).rstrip("/")
    return f"{site}/api/v1/auth/oidc/{provider}/callback"


def _code_page(
    request: Request[Any, Any, Any], provider: str, ticket: str, *, trouble: str = ""
) -> Response[str]:
    root = request.scope.get("root_path", "")
    content = _FORM.format(
        action=html.escape(f"{root}/api/v1/auth/oidc/{provider}/code"),
        ticket=html.escape(ticket),
        trouble=f"<p role=alert><b>{html.escape(trouble)}</b></p>" if trouble else "",
    )
    return page("One more step", content, status=401 if trouble else 200, has_form=True)


def _signed_in(arrived: Arrived, request: Request[Any, Any, Any], call: Call) -> Response[None]:
    signed_in = arrived.signed_in
    cookies = [
        *call.jar.session(signed_in.token),
        call.jar.media(signed_in.media_token),
        call.jar.departed("", 0),
    ]
    return _to(request.scope.get("root_path", "") + arrived.next_path, cookies)


def _to(url: str, cookies: list[Cookie]) -> Response[None]:
    headers = {"Location": url, "Cache-Control": "no-store"}
    return Response(None, status_code=303, headers=headers, cookies=cookies)


@get("/oidc/{provider:str}/login", opt=ASKS, status_code=303, sync_to_thread=True)
def login(
    provider: FromPath[str],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
    next_path: Annotated[str, QueryParameter(name="next")] = "/",
    remember_me: Annotated[bool, QueryParameter()] = False,
) -> Response[None]:
    """Send the browser to a provider, to sign in there; then it goes to the path `next` of this server."""
    departure = call.anonymous(
        lambda app, client: app.single_sign_on.depart(
            client,
            provider,
            callback=_callback(call, request, provider),
            next_path=next_path,
            remember_me=remember_me,
            browser=departed_secret(request.scope),
        )
    )
    kept = call.jar.departed(departure.browser, LOGIN_LIFE.total_seconds())
    return _to(departure.url, [kept])


@get("/oidc/{provider:str}/callback", opt=ASKS, status_code=303, sync_to_thread=True)
def callback(
    provider: FromPath[str], request: Request[Any, Any, Any], call: NamedDependency[Call]
) -> Response[Any]:
    """Take a browser back from a provider, with cookies as a sign-in by `session: "cookie"` sets them.

    Where the account has a second factor here that the provider does not vouch for, a page asks for its code.
    """
    given = request.query_params.dict()
    browser = departed_secret(request.scope)
    came = call.anonymous(
        lambda app, client: app.single_sign_on.arrive(
            client,
            provider,
            callback=_callback(call, request, provider),
            # RFC 6749, 3.1: none comes twice.
            answer={key: values[0] for key, values in given.items() if len(values) == 1},
            browser=browser,
        )
    )
    if isinstance(came, Arrived):
        return _signed_in(came, request, call)
    asking = _code_page(request, provider, came.ticket)
    asking.set_cookie(call.jar.departed(browser or "", LOGIN_LIFE.total_seconds()))
    return asking


@post(
    "/oidc/{provider:str}/code",
    opt=OPEN | SLOW | PAGE,
    status_code=303,
    sync_to_thread=True,
    include_in_schema=False,
)
def prove(
    provider: FromPath[str],
    data: URLEncodedBody[CodeForm],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
) -> Response[Any]:
    """Take the code of a second factor from the page that asked for it."""
    try:
        arrived = call.anonymous(
            lambda app, client: app.single_sign_on.prove(
                client,
                provider,
                ticket=data.ticket,
                code=data.code,
                browser=departed_secret(request.scope),
            )
        )
    except SecondFactorRequired as error:
        return _code_page(request, provider, data.ticket, trouble=str(error))
    return _signed_in(arrived, request, call)


@get("/oidc/{provider:str}/logout", opt=ASKS, status_code=303, sync_to_thread=True)
def logout(
    provider: FromPath[str], request: Request[Any, Any, Any], call: NamedDependency[Call]
) -> Response[None]:
    """Send the browser to a provider, to sign out there too; a sign-in here ends by `POST logout`."""
    home = site_of(call.app, request)
    url = call.anonymous(lambda app, _: app.single_sign_on.sign_out_address(provider, home))
    return _to(url or home, [])


@get("/users/{user_id:str}/identities", sync_to_thread=True)
def list_identities(
    user_id: FromPath[str],
    call: NamedDependency[Call],
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> IdentityPage:
    """Return at which providers a person signs in, the oldest first."""
    found = call(lambda app, principal: app.single_sign_on.identities(principal, UserId(user_id)))
    items = [IdentityView.of(identity) for identity in found[offset : offset + limit]]
    return IdentityPage(items=items, offset=offset, limit=limit, total=len(found))


@delete("/users/{user_id:str}/identities/{identity_id:str}", sync_to_thread=True)
def unlink(user_id: FromPath[str], identity_id: FromPath[str], call: NamedDependency[Call]) -> None:
    """Untie a person at a provider from an account; the sign-ins that began at a provider end."""
    call(
        lambda app, principal: app.single_sign_on.unlink(
            principal, UserId(user_id), IdentityId(identity_id)
        )
    )


router = Router(
    path="/api/v1/auth",
    route_handlers=[login, callback, prove, logout, list_identities, unlink],
    tags=["accounts"],
)
