"""Sign-ins in dictionaries."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.sessions import Session
from invoke_core.domain.users import User
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemorySessionRepository:
    """See `SessionRepository`."""

    state: State

    def find_with_user(self, session_id: SessionId) -> tuple[Session, User] | None:
        """Return the session and its account as it is now; None if unknown."""
        session = self.state.sessions.get(session_id)
        return None if session is None else (session, self.state.users[session.user_id])

    def of_user(self, user_id: UserId) -> Sequence[Session]:
        """Return the account's sessions, the one seen last first, then by id."""
        found = [s for s in self.state.sessions.values() if s.user_id == user_id]
        found.sort(key=lambda session: session.session_id)
        return sorted(found, key=lambda session: session.last_seen_at, reverse=True)

    def add(self, session: Session) -> None:
        """Keep a new session."""
        if session.session_id in self.state.sessions:
            raise Conflict(f"There is a session {session.session_id!r} already.")
        self._keep(session)

    def put(self, session: Session) -> None:
        """Replace the session of this id."""
        if session.session_id not in self.state.sessions:
            raise NotFound("session", session.session_id)
        self._keep(session)

    def _keep(self, session: Session) -> None:
        if session.user_id not in self.state.users:
            raise NotFound("user", session.user_id)
        self.state.sessions[session.session_id] = session

    def touch(self, seen: Mapping[SessionId, datetime]) -> None:
        """Move `last_seen_at` forward, never back."""
        for session_id, at in seen.items():
            session = self.state.sessions.get(session_id)
            if session is not None and session.last_seen_at < at:
                self.state.sessions[session_id] = attrs.evolve(session, last_seen_at=at)

    def remove(self, session_id: SessionId) -> None:
        """Forget the session."""
        self.state.sessions.pop(session_id, None)

    def remove_of_user(self, user_id: UserId, *, keep: SessionId | None = None) -> int:
        """Forget the account's sessions but one; return how many went."""
        return self._remove_all(
            [s.session_id for s in self.of_user(user_id) if s.session_id != keep]
        )

    def count(self, now: datetime) -> int:
        """Return how many sessions end after `now`."""
        return sum(now < session.expires_at for session in self.state.sessions.values())

    def remove_expired(self, now: datetime) -> int:
        """Forget sessions whose `expires_at` is not after `now`; return how many went."""
        return self._remove_all(
            [s.session_id for s in self.state.sessions.values() if s.expires_at <= now]
        )

    def _remove_all(self, session_ids: Sequence[SessionId]) -> int:
        for session_id in session_ids:
            del self.state.sessions[session_id]
        return len(session_ids)
