"""Sign-ins in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, HotQuery, Mapper
from invoke_adapters.sql.types import UtcDateTime
from invoke_adapters.sql.users import USERS
from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.sessions import Session
from invoke_core.domain.users import User
from invoke_core.errors import Conflict, NotFound

SESSIONS = Mapper(Session, schema.sessions, "session_id")
_sessions = schema.sessions.c


def _with_user(row: Sequence[Any]) -> tuple[Session, User]:
    width = len(SESSIONS.names)
    return SESSIONS.value(row[:width]), USERS.value(row[width:])


_WITH_USER = HotQuery(
    sa.select(*SESSIONS.columns, *USERS.columns)
    .join_from(schema.sessions, schema.users)
    .where(_sessions.session_id == sa.bindparam(KEY)),
    _with_user,
    kept=True,
)
_SEEN_AT = sa.bindparam("seen_at", type_=UtcDateTime())
_TOUCH = (
    sa.update(schema.sessions)
    .where(_sessions.session_id == sa.bindparam(KEY), _sessions.last_seen_at < _SEEN_AT)
    .values(last_seen_at=_SEEN_AT)
)


@attrs.frozen
class SqlSessionRepository:
    """See `SessionRepository`."""

    connection: sa.Connection

    def find_with_user(self, session_id: SessionId) -> tuple[Session, User] | None:
        """Return the session and its account as it is now; None if unknown."""
        return _WITH_USER.find(self.connection, session_id)

    def of_user(self, user_id: UserId) -> Sequence[Session]:
        """Return the account's sessions, the one seen last first, then by id."""
        query = SESSIONS.select.where(_sessions.user_id == user_id)
        query = query.order_by(_sessions.last_seen_at.desc(), _sessions.session_id)
        return SESSIONS.all(self.connection, query)

    def add(self, session: Session) -> None:
        """Keep a new session."""
        try:
            with attempt(self.connection):
                self.connection.execute(SESSIONS.insert, SESSIONS.row(session))
        except sa.exc.IntegrityError as error:
            if SESSIONS.is_known(self.connection, session.session_id):
                raise Conflict(f"There is a session {session.session_id!r} already.") from error
            raise NotFound("user", session.user_id) from error

    def put(self, session: Session) -> None:
        """Replace the session of this id."""
        try:
            with attempt(self.connection):
                changed = SESSIONS.put(self.connection, SESSIONS.row(session))
        except sa.exc.IntegrityError as error:
            raise NotFound("user", session.user_id) from error
        if not changed:
            raise NotFound("session", session.session_id)

    def touch(self, seen: Mapping[SessionId, datetime]) -> None:
        """Move `last_seen_at` forward, never back."""
        if seen:
            rows = [{KEY: session_id, "seen_at": at} for session_id, at in seen.items()]
            self.connection.execute(_TOUCH, rows)

    def remove(self, session_id: SessionId) -> None:
        """Forget the session."""
        self.connection.execute(SESSIONS.delete, {KEY: session_id})

    def remove_of_user(self, user_id: UserId, *, keep: SessionId | None = None) -> int:
        """Forget the account's sessions but one; return how many went."""
        query = sa.delete(schema.sessions).where(_sessions.user_id == user_id)
        if keep is not None:
            query = query.where(_sessions.session_id != keep)
        return self.connection.execute(query).rowcount

    def count(self, now: datetime) -> int:
        """Return how many sessions end after `now`."""
        query = sa.select(sa.func.count()).where(_sessions.expires_at > now)
        return int(self.connection.execute(query).scalar_one())

    def remove_expired(self, now: datetime) -> int:
        """Forget sessions whose `expires_at` is not after `now`; return how many went."""
        query = sa.delete(schema.sessions).where(_sessions.expires_at <= now)
        return self.connection.execute(query).rowcount
