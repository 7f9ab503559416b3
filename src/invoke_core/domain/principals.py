"""Who is asking, and how they proved it."""

from enum import StrEnum

import attrs

from invoke_core.domain.identifiers import SYSTEM, SessionId, UserId
from invoke_core.errors import Forbidden, PasswordChangeRequired, Unauthenticated


class Via(StrEnum):
    """How a principal came to be trusted."""

    SESSION = "session"
    CLI = "cli"  # whoever can run commands on the host; the operating system vouches
    SINGLE_USER = "single_user"  # the server asks nobody to sign in
    INTERNAL = "internal"  # the server itself: housekeeping, workers
    EMBEDDED = "embedded"  # a program that calls the library vouches


@attrs.frozen(kw_only=True)
class Principal:
    """Who is asking."""

    user_id: UserId
    is_admin: bool
    via: Via
    session_id: SessionId | None = None  # only with Via.SESSION
    must_change_password: bool = False
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
    """Raise PasswordChangeRequired where a new password must be chosen before anything else."""
    if principal.must_change_password:
        raise PasswordChangeRequired


def require_person(principal: Principal) -> None:
    """Raise Unauthenticated where no signed-in person is asking (the host's command line, say)."""
    if principal.via is not Via.SESSION:
        raise Unauthenticated("Sign in first.")
