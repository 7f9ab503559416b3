"""What becomes of sign-ins inside a unit of work: begun, renewed, followed, ended."""

from datetime import datetime

import attrs

from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.sessions import Session, SessionPolicy, counts, due_for_renewal, expiry
from invoke_core.domain.sign_in import MAX_USER_AGENT_CHARACTERS, Client
from invoke_core.domain.tokens import Claims, TokenAudience
from invoke_core.domain.users import User
from invoke_core.errors import Unauthenticated
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.tokens import TokenCodec
from invoke_core.ports.unit_of_work import Work


@attrs.frozen(kw_only=True)
class Sessions:
    """The rules of sign-ins, with what they need to be kept and shown."""

    hasher: PasswordHasher
    tokens: TokenCodec
    randomness: Randomness
    policy: SessionPolicy

    def begin(
        self,
        work: Work,
        user: User,
        client: Client,
        *,
        remember_me: bool,
        now: datetime,
        provider: str | None = None,
        two_factors: bool = False,
    ) -> Session:
        """Keep and return a new session of the account as it is now."""
        session = Session(
            session_id=SessionId(self.randomness.identifier()),
            user_id=user.user_id,
            remember_me=remember_me,
            epoch=user.epoch,
            password_fingerprint=self.hasher.fingerprint(user.password_hash),
            created_at=now,
            last_seen_at=now,
            expires_at=expiry(self.policy, remember_me=remember_me, created_at=now, now=now),
            address=client.address,
            user_agent=(client.user_agent or "")[:MAX_USER_AGENT_CHARACTERS] or None,
            provider=provider,
            two_factors=two_factors,
        )
        work.sessions.add(session)
        return session

    def token(
        self,
        session: Session,
        user: User,
        now: datetime,
        audience: TokenAudience = TokenAudience.API,
    ) -> str:
        """Return a token for the session, good until the session ends."""
        return self.tokens.issue(
            Claims(
                user_id=user.user_id,
                session_id=session.session_id,
                email=user.email,
                is_admin=user.is_admin,
                epoch=user.epoch,
                audience=audience,
                issued_at=now.replace(microsecond=0),
                expires_at=session.expires_at.replace(microsecond=0),
            )
        )

    def require(
        self, found: tuple[Session, User] | None, claims: Claims, now: datetime
    ) -> tuple[Session, User]:
        """Return the session and its account; raise Unauthenticated where it does not count."""
        if found is not None:
            session, user = found
            if (
                claims.user_id == user.user_id
                and claims.epoch == user.epoch
                and counts(session, user, self.hasher.fingerprint(user.password_hash), now)
            ):
                return found
        raise Unauthenticated("This sign-in does not count any more: sign in again.")

    def is_due(self, session: Session, claims: Claims, now: datetime) -> bool:
        """Return whether half the life of the token at hand is gone.

        The token decides, not the session: of requests that come together each gets a fresh one, and
        whoever lost the answer gets another.
        """
        shown = attrs.evolve(session, expires_at=claims.expires_at)
        return due_for_renewal(shown, self.policy, now)

    def renew(self, work: Work, claims: Claims, now: datetime) -> str:
        """Let the session last longer, if it still counts; return a token that does too."""
        found = work.sessions.find_with_user(claims.session_id)
        session, user = self.require(found, claims, now)
        end = expiry(
            self.policy,
            remember_me=session.remember_me,
            created_at=session.created_at,
            now=now,
        )
        if end > session.expires_at:
            session = attrs.evolve(session, expires_at=end)
            work.sessions.put(session)
        return self.token(session, user, now, claims.audience)

    def follow_upgrade(self, work: Work, before: User, after: User) -> None:
        """Let sessions of the same password live on: only its hash has another form now."""
        old = self.hasher.fingerprint(before.password_hash)
        new = self.hasher.fingerprint(after.password_hash)
        for session in work.sessions.of_user(after.user_id):
            if session.password_fingerprint == old:
                work.sessions.put(attrs.evolve(session, password_fingerprint=new))

    def go_on(
        self,
        work: Work,
        session_id: SessionId | None,
        user: User,
        now: datetime,
        audience: TokenAudience = TokenAudience.API,
    ) -> str | None:
        """End the account's sessions but one, which goes on after its owner's new password.

        Returns:
            The token in place of its old one; None where there is no such session.
        """
        self.end_others(work, user.user_id, session_id, now)
        for session in work.sessions.of_user(user.user_id):
            kept = attrs.evolve(
                session,
                epoch=user.epoch,
                password_fingerprint=self.hasher.fingerprint(user.password_hash),
            )
            work.sessions.put(kept)
            return self.token(kept, user, now, audience)
        return None

    def end_others(
        self, work: Work, user_id: UserId, session_id: SessionId | None, now: datetime
    ) -> None:
        """End the account's sessions but this one."""
        for session in work.sessions.of_user(user_id):
            if session.session_id != session_id:
                self.end(work, user_id, session.session_id, now)

    def end(self, work: Work, user_id: UserId, session_id: SessionId, now: datetime) -> None:
        """Forget the session, and tell it."""
        work.sessions.remove(session_id)
        body = {"user_id": user_id, "session_id": session_id}
        work.news.tell(NewsKind.SESSION_ENDED, Audience.of_user(user_id), body, now)


def end_all_sessions(work: Work, user_id: UserId, now: datetime) -> None:
    """End every sign-in of an account, and tell of it."""
    tell_sessions_ended(work, user_id, now)
    work.sessions.remove_of_user(user_id)


def tell_sessions_ended(work: Work, user_id: UserId, now: datetime) -> None:
    """Tell that every sign-in of an account has ended."""
    body = {"user_id": user_id, "session_id": None}
    work.news.tell(NewsKind.SESSION_ENDED, Audience.of_user(user_id), body, now)
