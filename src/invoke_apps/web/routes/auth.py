"""Sign-in, one's own account, and the administrators' side of accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeVar

import attrs
import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from invoke_apps.application import Application
from invoke_apps.web._call import DEVICE_COOKIE, Call
from invoke_apps.web.guard import OPEN, SLOW
from invoke_apps.web.routes._users import (
    InvitedUserView,
    ManagedUserView,
    UserEntry,
    UserView,
    site_of,
    warnings_header,
)
from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.sessions import Session
from invoke_core.domain.storage import NO_QUOTA, QUOTA_OF_SERVER
from invoke_core.domain.throttle import DEVICE_LIFE
from invoke_core.domain.tokens import TokenAudience
from invoke_core.domain.users import User, UserPosition
from invoke_core.services.users import MAX_DIRECTORY_ENTRIES, SavedUser, UserChanges

T = TypeVar("T")


class SetupBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who becomes the first administrator."""

    email: str
    password: str
    display_name: str | None = None
    setup_code: str | None = None


class LoginBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who signs in."""

    email: str
    password: str
    remember_me: bool = False
    totp: str | None = None  # the code of a second factor, or a recovery code
    session: Literal["token", "cookie"] = "token"  # kept by a program, or by the browser


class OwnChangesBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What becomes different about one's own account."""

    display_name: str | UnsetType = UNSET
    current_password: str | UnsetType = UNSET
    new_password: str | UnsetType = UNSET


class NewUserBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who gets an account."""

    email: str
    password: str | None = None  # None: an invitation is sent, or shown
    display_name: str | None = None
    is_admin: bool = False
    must_change_password: bool = False


class UserChangesBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What becomes different about an account."""

    email: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    is_admin: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    must_change_password: bool | UnsetType = UNSET
    note: str | UnsetType = UNSET
    storage_quota_bytes: (
        Annotated[int, msgspec.Meta(ge=0)] | Literal["default"] | UnsetType | None
    ) = UNSET

    def quota(self) -> int | None:
        """Return the change of the quota: None leaves it as it is."""
        match self.storage_quota_bytes:
            case None:
                return NO_QUOTA
            case "default":
                return QUOTA_OF_SERVER
            case int(quota):
                return quota
        return None


@attrs.frozen(kw_only=True)
class ProviderView:
    """A place where people sign in too."""

    name: str  # stands in paths
    label: str  # stands on a button


@attrs.frozen(kw_only=True)
class StatusView:
    """What a sign-in page must know."""

    setup_required: bool
    recovery: bool
    setup_code_required: bool
    multiuser_enabled: bool
    strict_password_checking: bool
    oidc_providers: Sequence[ProviderView]
    admin_email: str | None = None  # InvokeAI's field: an address is told to nobody before sign-in


@attrs.frozen(kw_only=True)
class SetupView:
    """The first administrator was made."""

    success: bool
    user: UserView


@attrs.frozen(kw_only=True)
class LoginView:
    """A fresh sign-in."""

    token: str | None  # null: it stands in a cookie
    user: UserView
    expires_in: int  # seconds


@attrs.frozen(kw_only=True)
class SuccessView:
    """It was done."""

    success: bool


class LogoutView(msgspec.Struct, kw_only=True):
    """The sign-in has ended."""

    success: bool
    provider_logout_url: str | UnsetType = UNSET  # where it began, to sign out there too


@attrs.frozen(kw_only=True)
class PasswordView:
    """A password that is nobody's yet."""

    password: str


@attrs.frozen(kw_only=True)
class SessionView:
    """One sign-in."""

    session_id: SessionId
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None
    current: bool

    @classmethod
    def of(cls, session: Session, principal: Principal) -> Self:
        """Return the session as the principal sees it."""
        return cls(
            session_id=session.session_id,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            address=session.address,
            user_agent=session.user_agent,
            current=session.session_id == principal.session_id,
        )


@attrs.frozen(kw_only=True)
class SessionPage:
    """A stretch of the list of an account's sign-ins."""

    items: Sequence[SessionView]
    offset: int
    limit: int
    total: int

    @classmethod
    def of(
        cls, sessions: Sequence[Session], principal: Principal, *, offset: int, limit: int
    ) -> Self:
        """Return this stretch of all the sessions as the principal sees it."""
        stretch = sessions[offset : offset + limit]
        items = [SessionView.of(session, principal) for session in stretch]
        return cls(items=items, offset=offset, limit=limit, total=len(sessions))


@attrs.frozen(kw_only=True)
class DirectoryPage:
    """The first of the people found."""

    items: Sequence[UserEntry]
    offset: int
    limit: int
    total: int


@attrs.frozen(kw_only=True)
class UserPage:
    """A stretch of the list of accounts."""

    items: Sequence[ManagedUserView]
    offset: int
    limit: int
    total: int
    next_cursor: str | None  # where the next stretch begins; null: this was the last


def _given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value


def _managed(app: Application, principal: Principal, user: User) -> ManagedUserView:
    standing = app.users.standing(principal, [user])
    return ManagedUserView.of_managed(user, standing[user.user_id])


def _saved(app: Application, principal: Principal, saved: SavedUser) -> Response[ManagedUserView]:
    view = _managed(app, principal, saved.user)
    return Response(view, headers=warnings_header(saved.warnings))


def _invited(
    app: Application, principal: Principal, data: NewUserBody, site: str
) -> Response[ManagedUserView | InvitedUserView]:
    invited = app.links.invite(
        principal,
        email=data.email,
        display_name=data.display_name,
        is_admin=data.is_admin,
        site=site,
    )
    return Response(InvitedUserView.of_link(invited, app.settings.storage_quota_bytes))


@get("/status", opt=OPEN, sync_to_thread=True)
def status(call: NamedDependency[Call]) -> StatusView:
    """Say whether there is an administrator yet, and how people sign in."""
    found = call.anonymous(lambda app, client: app.sign_in.status(client))
    return StatusView(
        setup_required=found.setup_required,
        recovery=found.recovery,
        setup_code_required=found.setup_code_required,
        multiuser_enabled=found.multiuser,
        strict_password_checking=found.strict_password_checking,
        oidc_providers=[
            ProviderView(name=rules.name, label=rules.label)
            for rules in call.app.single_sign_on.offered()
        ],
    )


@post("/setup", opt=OPEN | SLOW, status_code=200, sync_to_thread=True)
def setup(data: JSONBody[SetupBody], call: NamedDependency[Call]) -> Response[SetupView]:
    """Become the first administrator; in recovery, another one."""
    saved = call.anonymous(
        lambda app, client: app.sign_in.setup(
            client,
            email=data.email,
            password=data.password,
            display_name=data.display_name,
            code=data.setup_code,
        )
    )
    view = SetupView(success=True, user=UserView.of(saved.user))
    return Response(view, headers=warnings_header(saved.warnings))


@post("/login", opt=OPEN | SLOW, status_code=200, sync_to_thread=True)
def login(
    data: JSONBody[LoginBody], request: Request[Any, Any, Any], call: NamedDependency[Call]
) -> Response[LoginView]:
    """Sign in. The answer makes the browser a known device of the account, and lets it fetch pictures."""
    by_cookie = data.session == "cookie"
    signed_in = call.anonymous(
        lambda app, client: app.sign_in.login(
            client,
            email=data.email,
            password=data.password,
            remember_me=data.remember_me,
            code=data.totp,
            audience=TokenAudience.COOKIE if by_cookie else TokenAudience.API,
        )
    )
    view = LoginView(
        token=None if by_cookie else signed_in.token,
        user=UserView.of(signed_in.user),
        expires_in=signed_in.expires_in,
    )
    cookies = [call.jar.media(signed_in.media_token)]
    if by_cookie:
        cookies += call.jar.session(signed_in.token)
    if signed_in.device is not None:
        cookies.append(
            Cookie(
                key=DEVICE_COOKIE,
                value=signed_in.device,
                path=request.scope.get("root_path", "") + "/api/v1/auth",
                max_age=int(DEVICE_LIFE.total_seconds()),
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
            )
        )
    return Response(view, cookies=cookies)


@post("/logout", status_code=200, sync_to_thread=True)
def logout(request: Request[Any, Any, Any], call: NamedDependency[Call]) -> Response[LogoutView]:
    """End this sign-in at once; the browser forgets its cookies, and what it kept of the pages."""
    provider = call(lambda app, principal: app.sign_in.logout(principal))
    root = request.scope.get("root_path", "")
    url = UNSET if provider is None else f"{root}/api/v1/auth/oidc/{provider}/logout"
    return Response(
        LogoutView(success=True, provider_logout_url=url),
        cookies=call.jar.ended(),
        # Not "cookies": that would take away the known device, and what other servers of the host keep.
        headers={"Clear-Site-Data": '"cache", "storage"'},
    )


@post("/media-cookie", status_code=200, sync_to_thread=True)
def media_cookie(call: NamedDependency[Call]) -> Response[SuccessView]:
    """Let the browser fetch pictures by itself, with a cookie that does nothing else."""
    token = call(lambda app, principal: app.sign_in.media_token(principal, call.token))
    return Response(SuccessView(success=True), cookies=[call.jar.media(token)])


@get("/me", sync_to_thread=True)
def me(call: NamedDependency[Call]) -> UserView:
    """Return one's own account."""
    return UserView.of(call(lambda app, principal: app.sign_in.me(principal)))


@patch("/me", opt=SLOW, sync_to_thread=True)
def update_me(data: JSONBody[OwnChangesBody], call: NamedDependency[Call]) -> Response[UserView]:
    """Change one's own name or password."""
    changed = call(
        lambda app, principal: app.sign_in.update_me(
            principal,
            display_name=_given(data.display_name),
            current_password=_given(data.current_password),
            new_password=_given(data.new_password),
        )
    )
    if changed.token is not None:
        call.refresh(changed.token)
    return Response(UserView.of(changed.user), headers=warnings_header(changed.warnings))


@get("/generate-password", sync_to_thread=True)
def generate_password(call: NamedDependency[Call]) -> PasswordView:
    """Return a new password that meets the policy."""
    password = call(lambda app, principal: app.users.generate_password(principal))
    return PasswordView(password=password)


@get("/sessions", sync_to_thread=True)
def list_sessions(
    call: NamedDependency[Call],
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> SessionPage:
    """Return one's sign-ins, the one seen last first."""
    return call(
        lambda app, principal: SessionPage.of(
            app.sign_in.list_sessions(principal), principal, offset=offset, limit=limit
        )
    )


@delete("/sessions/{session_id:str}", sync_to_thread=True)
def end_session(session_id: FromPath[str], call: NamedDependency[Call]) -> None:
    """End one of one's sign-ins."""
    call(lambda app, principal: app.sign_in.end_session(principal, SessionId(session_id)))


@delete("/sessions", sync_to_thread=True)
def end_other_sessions(call: NamedDependency[Call]) -> None:
    """End all of one's sign-ins but this one."""
    call(lambda app, principal: app.sign_in.end_other_sessions(principal))


@get("/users", sync_to_thread=True)
def list_users(
    call: NamedDependency[Call],
    search: FromQuery[str | None] = None,
    is_admin: FromQuery[bool | None] = None,
    is_active: FromQuery[bool | None] = None,
    unused_days: Annotated[int | None, QueryParameter(ge=0, le=36_500)] = None,
    offset: Annotated[int | None, QueryParameter(ge=0)] = None,
    limit: Annotated[int | None, QueryParameter(ge=1, le=MAX_LIMIT)] = None,
    cursor: FromQuery[str | None] = None,
) -> list[ManagedUserView] | UserPage:
    """Return people: a page where `offset`, `limit` or `cursor` is given, else all in a bare list."""
    paged = any(value is not None for value in (offset, limit, cursor))
    after = None if cursor is None else UserPosition.of_cursor(cursor)

    def list_(app: Application, principal: Principal) -> Page[ManagedUserView]:
        page = app.users.list(
            principal,
            search=search,
            is_admin=is_admin,
            is_active=is_active,
            unused_days=unused_days,
            after=after,
            offset=offset or 0,
            limit=(limit or DEFAULT_LIMIT) if paged else None,
        )
        standing = app.users.standing(principal, page.items)
        return page.map(lambda user: ManagedUserView.of_managed(user, standing[user.user_id]))

    page = call(list_)
    if not paged:
        return list(page.items)
    return UserPage(
        items=page.items,
        offset=page.offset,
        limit=page.limit,
        total=page.total,
        next_cursor=page.next_cursor,
    )


@post("/users", opt=SLOW, sync_to_thread=True)
def create_user(
    data: JSONBody[NewUserBody], request: Request[Any, Any, Any], call: NamedDependency[Call]
) -> Response[ManagedUserView | InvitedUserView]:
    """Make an account; without a password, with an invitation that is mailed, or shown here once."""
    password = data.password
    if password is None:
        return call(lambda app, principal: _invited(app, principal, data, site_of(app, request)))

    def create(
        app: Application, principal: Principal
    ) -> Response[ManagedUserView | InvitedUserView]:
        saved = app.users.create(
            principal,
            email=data.email,
            password=password,
            display_name=data.display_name,
            is_admin=data.is_admin,
            must_change_password=data.must_change_password,
        )
        return _saved(app, principal, saved)

    return call(create)


@get("/users/{user_id:str}", sync_to_thread=True)
def get_user(user_id: FromPath[str], call: NamedDependency[Call]) -> ManagedUserView:
    """Return an account."""
    return call(
        lambda app, principal: _managed(app, principal, app.users.get(principal, UserId(user_id)))
    )


@patch("/users/{user_id:str}", opt=SLOW, sync_to_thread=True)
def update_user(
    user_id: FromPath[str], data: JSONBody[UserChangesBody], call: NamedDependency[Call]
) -> Response[ManagedUserView]:
    """Change an account."""
    changes = UserChanges(
        email=_given(data.email),
        display_name=_given(data.display_name),
        password=_given(data.password),
        is_admin=_given(data.is_admin),
        is_active=_given(data.is_active),
        must_change_password=_given(data.must_change_password),
        note=_given(data.note),
        storage_quota_bytes=data.quota(),
    )
    return call(
        lambda app, principal: _saved(
            app, principal, app.users.update(principal, UserId(user_id), changes)
        )
    )


@delete("/users/{user_id:str}", opt=SLOW, sync_to_thread=True)
def delete_user(
    user_id: FromPath[str],
    call: NamedDependency[Call],
    transfer_to: FromQuery[str | None] = None,
) -> None:
    """Delete an account with its content everywhere, or hand the content to another account."""
    heir_id = None if transfer_to is None else UserId(transfer_to)
    call(lambda app, principal: app.users.delete(principal, UserId(user_id), transfer_to=heir_id))


@post("/users/{user_id:str}/unlock", status_code=204, sync_to_thread=True)
def unlock_user(user_id: FromPath[str], call: NamedDependency[Call]) -> None:
    """Forget the wrong sign-ins of an account, so that its owner can try again at once."""
    call(lambda app, principal: app.users.unlock(principal, UserId(user_id)))


@get("/directory", sync_to_thread=True)
def directory(call: NamedDependency[Call], search: FromQuery[str]) -> DirectoryPage:
    """Find people to share with, by a part of their name or their whole address."""
    found = call(lambda app, principal: app.users.directory(principal, search))
    items = [UserEntry.of(user) for user in found]
    return DirectoryPage(items=items, offset=0, limit=MAX_DIRECTORY_ENTRIES, total=len(items))


router = Router(
    path="/api/v1/auth",
    route_handlers=[
        status,
        setup,
        login,
        logout,
        media_cookie,
        me,
        update_me,
        generate_password,
        list_sessions,
        end_session,
        end_other_sessions,
        list_users,
        create_user,
        get_user,
        update_user,
        delete_user,
        unlock_user,
        directory,
    ],
    tags=["accounts"],
)
