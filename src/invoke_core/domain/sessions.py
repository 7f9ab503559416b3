"""What a sign-in is, how long it counts, and what ends it."""

from datetime import datetime, timedelta

import attrs

from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.principals import Principal, Via
from invoke_core.domain.tokens import TokenAudience
from invoke_core.domain.users import User

VIA = {
    TokenAudience.API: Via.SESSION,
    TokenAudience.COOKIE: Via.COOKIE,
    TokenAudience.MEDIA: Via.MEDIA,
}
"""How a principal comes to be trusted, by what its token is good for."""


@attrs.frozen(kw_only=True)
class SessionPolicy:
    """How long sign-ins last, as the administrator set it."""

    lifetime: timedelta = timedelta(hours=24)
    remembered: timedelta = timedelta(days=7)
    absolute: timedelta = timedelta(days=30)  # after the sign-in, whatever was renewed

    def lasts(self, *, remember_me: bool) -> timedelta:
        """Return how long a session goes on after its last renewal."""
        return self.remembered if remember_me else self.lifetime


@attrs.frozen(kw_only=True)
class Session:
    """One sign-in, revocable by removing it."""

    session_id: SessionId
    user_id: UserId
    remember_me: bool
    epoch: int  # the account's at sign-in; an older one ends the session
    password_fingerprint: str  # of the hash at sign-in: a hash replaced in the database ends it too
    created_at: datetime  # aware, UTC
    last_seen_at: datetime
    expires_at: datetime
    address: str | None = None
    user_agent: str | None = None
    provider: str | None = None  # where its owner signed in; None: here, with a password
    two_factors: bool = False  # the provider vouches for a second factor


def expiry(
    policy: SessionPolicy, *, remember_me: bool, created_at: datetime, now: datetime
) -> datetime:
    """Return the end of a session that is begun or renewed now, never past its absolute end."""
    return min(now + policy.lasts(remember_me=remember_me), created_at + policy.absolute)


def counts(session: Session, user: User, password_fingerprint: str, now: datetime) -> bool:
    """Return whether the session still speaks for the user.

    Args:
        session: the sign-in.
        user: the account as it is now.
        password_fingerprint: of the account's hash as it is now.
        now: the present; a session ends at the instant of its `expires_at`.
    """
    return (
        user.is_active
        and session.user_id == user.user_id
        and session.epoch == user.epoch
        and session.password_fingerprint == password_fingerprint
        and now < session.expires_at
    )


def due_for_renewal(session: Session, policy: SessionPolicy, now: datetime) -> bool:
    """Return whether half of the session's life is gone and a renewal would prolong it."""
    lasts = policy.lasts(remember_me=session.remember_me)
    renewed = expiry(
        policy, remember_me=session.remember_me, created_at=session.created_at, now=now
    )
    return now >= session.expires_at - lasts / 2 and renewed > session.expires_at


def principal_of(
    session: Session,
    user: User,
    address: str | None,
    audience: TokenAudience = TokenAudience.API,
    *,
    must_enroll: bool = False,
    ends_at: datetime | None = None,
) -> Principal:
    """Return who a session speaks for: rights come from the account, never from a token.

    Args:
        session: the sign-in.
        user: the account as it is now.
        address: of the client, as text.
        audience: what the token was good for that named the session.
        must_enroll: a second factor must be set up before anything else, unless a provider vouched for
            one.
        ends_at: the end of the token, where one was shown that may end before the session.
    """
    return Principal(
        user_id=user.user_id,
        is_admin=user.is_admin,
        via=VIA[audience],
        session_id=session.session_id,
        # Of a password that this sign-in did without, nothing need be asked.
        must_change_password=user.must_change_password and session.provider is None,
        must_enroll=must_enroll and not session.two_factors,
        ends_at=min(session.expires_at, ends_at or session.expires_at),
        address=address,
    )


def audience_of(principal: Principal) -> TokenAudience:
    """Return what a token in place of the principal's own must be good for."""
    return next((a for a, via in VIA.items() if via is principal.via), TokenAudience.API)


def acting_as(user: User) -> Principal:
    """Return the principal of a user for whom the calling program vouches: it has its own sign-in."""
    return Principal(user_id=user.user_id, is_admin=user.is_admin, via=Via.EMBEDDED)
