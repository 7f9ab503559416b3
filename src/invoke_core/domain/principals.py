"""Who is asking, and how they proved it."""

from datetime import datetime
from enum import StrEnum

import attrs

from invoke_core.domain.identifiers import NOBODY, SYSTEM, ApiKeyId, BoardId, SessionId, UserId
from invoke_core.errors import (
    Forbidden,
    PasswordChangeRequired,
    SecondFactorMissing,
    Unauthenticated,
)


class Via(StrEnum):
    """How a principal came to be trusted."""

    SESSION = "session"  # a sign-in, by its token
    COOKIE = "cookie"  # a sign-in, by a browser's cookie
    MEDIA = "media"  # a sign-in, by a browser's cookie that fetches pictures and does nothing else
    API_KEY = "api_key"
    CLI = "cli"  # whoever can run commands on the host; the operating system vouches
    SINGLE_USER = "single_user"  # the server asks nobody to sign in
    INTERNAL = "internal"  # the server itself: housekeeping, workers
    EMBEDDED = "embedded"  # a program that calls the library vouches
    LINK = "link"  # whoever holds a link to one board; no account


class Scope(StrEnum):
    """What an API key is for, each including the ones before it."""

    READ = "read"  # look at everything that its owner may see
    GENERATE = "generate"  # also upload, enqueue, and manage its owner's own jobs
    FULL = "full"  # everything but credentials


@attrs.frozen(kw_only=True)
class Principal:
    """Who is asking."""

    user_id: UserId
    is_admin: bool
    via: Via
    session_id: SessionId | None = None  # only with Via.SESSION, COOKIE and MEDIA
    key_id: ApiKeyId | None = None  # only with Via.API_KEY
    scope: Scope | None = None  # only with Via.API_KEY: the most that the key may do
    board_id: BoardId | None = None  # only with Via.LINK: the one board that it shows
    must_change_password: bool = False
    must_enroll: bool = False  # set up a second factor before anything else
    ends_at: datetime | None = None  # when the credential ends by itself, if it does; aware, UTC
    address: str | None = None  # of the client, as text
    operating_system_user: str | None = None  # only with Via.CLI
    request_id: str | None = (
        None  # of the HTTP request, so that log and audit can be laid side by side
    )


def host_principal(operating_system_user: str) -> Principal:
    """Return the principal of a command on the host: `system`, with administrator rights."""
    return Principal(
        user_id=SYSTEM, is_admin=True, via=Via.CLI, operating_system_user=operating_system_user
    )


def link_holder(board_id: BoardId, *, address: str | None = None) -> Principal:
    """Return whoever holds a link to the board: nobody's account, with READ on that board alone."""
    return Principal(
        user_id=NOBODY, is_admin=False, via=Via.LINK, board_id=board_id, address=address
    )


SINGLE_USER = Principal(user_id=SYSTEM, is_admin=True, via=Via.SINGLE_USER)
INTERNAL = Principal(user_id=SYSTEM, is_admin=True, via=Via.INTERNAL)


def require_administrator(principal: Principal) -> None:
    """Raise Forbidden unless the principal administers the server."""
    require_usable(principal)
    if not principal.is_admin:
        raise Forbidden("Only administrators may do this.")


def require_host(principal: Principal) -> None:
    """Raise Forbidden unless a command on the host is asking."""
    if principal.via is not Via.CLI:
        raise Forbidden("Only a command on the server's host may do this.")


def require_usable(principal: Principal) -> None:
    """Raise where no account asks, or something must be done before anything else.

    Raises:
        Forbidden: it is the holder of a link, who may look at one board by the link, and nothing else.
        PasswordChangeRequired: a new password must be chosen.
        SecondFactorMissing: a second factor must be set up.
    """
    if principal.via is Via.LINK:
        raise Forbidden("A link shows one board, and nothing else.")
    require_no_duty(principal)


def require_no_duty(principal: Principal) -> None:
    """Raise where the account must do something before anything else; see `require_usable`."""
    require_own_password(principal)
    if principal.must_enroll:
        raise SecondFactorMissing


def require_own_password(principal: Principal) -> None:
    """Raise PasswordChangeRequired where a new password must be chosen before anything else."""
    if principal.must_change_password:
        raise PasswordChangeRequired


def require_no_key(principal: Principal) -> None:
    """Raise Forbidden where an API key is asking: credentials are for people to change."""
    if principal.via in {Via.API_KEY, Via.MEDIA}:
        raise Forbidden("An API key cannot do this: sign in with your password.")


def require_person(principal: Principal) -> None:
    """Raise Unauthenticated where no signed-in person is asking (the host's command line, say)."""
    if principal.via not in {Via.SESSION, Via.COOKIE}:
        raise Unauthenticated("Sign in first.")
