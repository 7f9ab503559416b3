"""What has to be kept of sign-ins."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.sessions import Session
from invoke_core.domain.users import User


class SessionRepository(Protocol):
    """Sign-ins, inside one unit of work."""

    def find_with_user(self, session_id: SessionId) -> tuple[Session, User] | None:
        """Return the session and its account as it is now, in one indexed query; None if unknown."""

    def of_user(self, user_id: UserId) -> Sequence[Session]:
        """Return the account's sessions, the one seen last first, then by id."""

    def add(self, session: Session) -> None:
        """Keep a new session; raise Conflict where its id is taken, NotFound for an unknown user."""

    def put(self, session: Session) -> None:
        """Replace the session of this id; raise NotFound where it is gone."""

    def touch(self, seen: Mapping[SessionId, datetime]) -> None:
        """Move `last_seen_at` forward, never back; pass over sessions that are gone."""

    def remove(self, session_id: SessionId) -> None:
        """Forget the session; nothing happens where it is gone already."""

    def remove_of_user(self, user_id: UserId, *, keep: SessionId | None = None) -> int:
        """Forget the account's sessions but one; return how many went."""

    def count(self, now: datetime) -> int:
        """Return how many sessions end after `now`."""

    def remove_expired(self, now: datetime) -> int:
        """Forget sessions whose `expires_at` is not after `now`; return how many went."""
