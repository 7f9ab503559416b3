"""The audit log in SQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_core.domain.audit import (
    AuditAction,
    AuditEntry,
    AuditQuery,
    AuditRow,
    Chain,
    Facts,
    Head,
    Stranger,
    Target,
    at_text,
    new_entry,
    read_entry,
    searched_identity,
)
from invoke_core.domain.principals import Principal

_entries = schema.audit_entries.c
_FIELDS = [field.name for field in attrs.fields(AuditRow)]
_SELECT = sa.select(*(_entries[name] for name in _FIELDS))
_INSERT = sa.insert(schema.audit_entries)
_HEAD = (
    sa.select(_entries.entry_id, _entries.mac)
    .where(_entries.entry_id > 0)
    .order_by(_entries.entry_id.desc())
    .limit(1)
)
_EMAIL = sa.select(schema.users.c.email).where(schema.users.c.user_id == sa.bindparam("user_id_"))
_ROWS = (
    _SELECT.where(_entries.entry_id > sa.bindparam("after"))
    .order_by(_entries.entry_id)
    .limit(sa.bindparam("limit"))
)


@attrs.define
class Recorded:
    """How far a unit of work moved the log."""

    head: Head | None = None


@attrs.frozen
class SqlAuditRepository:
    """See `AuditRepository`."""

    connection: sa.Connection
    chain: Chain
    moved: Recorded

    def record(
        self,
        who: Principal | Stranger,
        action: AuditAction,
        target: Target,
        *,
        at: datetime,
        before: Facts | None = None,
        after: Facts | None = None,
    ) -> None:
        """Write down that something was done."""
        email = None
        if isinstance(who, Principal):
            email = self.connection.execute(_EMAIL, {"user_id_": who.user_id}).scalar()
        entry = new_entry(who, email, action, target, at=at, before=before, after=after)
        row = self.chain.sealed(self.moved.head or self.head(), entry)
        self.connection.execute(_INSERT, attrs.asdict(row))
        self.moved.head = Head(row.entry_id, row.mac)

    def recorded(self) -> Head | None:
        """Return the head as this unit of work moved it."""
        return self.moved.head

    def head(self) -> Head:
        """Return how far the log has come."""
        row = self.connection.execute(_HEAD).first()
        return Head() if row is None else Head(*row)

    def list(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """Return the entries of the query, the newest first."""
        wanted = _SELECT.where(*_conditions(query))
        if query.before_id is not None:
            wanted = wanted.where(_entries.entry_id < query.before_id)
        newest_first = wanted.order_by(_entries.entry_id.desc()).limit(query.limit)
        with _whatever_is_there(self.connection):
            return [read_entry(_row(row)) for row in self.connection.execute(newest_first)]

    def count(self, query: AuditQuery, *, at_most: int) -> int:
        """Return how many entries match."""
        some = sa.select(_entries.entry_id).where(*_conditions(query)).limit(at_most)
        counted = sa.select(sa.func.count()).select_from(some.subquery())
        return int(self.connection.execute(counted).scalar_one())

    def rows(self, after: int, *, limit: int = 1000) -> Sequence[AuditRow]:
        """Return entries as they are kept, ascending."""
        with _whatever_is_there(self.connection):
            found = self.connection.execute(_ROWS, {"after": after, "limit": limit})
            return [_row(row) for row in found]


@contextmanager
def _whatever_is_there(connection: sa.Connection) -> Iterator[None]:
    """Read texts that are no UTF-8 too: SQLite keeps what somebody wrote past us, its driver raises."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    driver.text_factory = lambda content: content.decode("utf-8", "replace")
    try:
        yield
    finally:
        driver.text_factory = str


def _row(row: Sequence[Any]) -> AuditRow:
    return AuditRow(**dict(zip(_FIELDS, row, strict=True)))


def _conditions(query: AuditQuery) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if query.actor is not None:
        identity = searched_identity(query.actor)
        conditions.append(
            sa.or_(_entries.actor_id == query.actor, _entries.actor_identity == identity)
        )
    if query.action is not None:
        below = f"{query.action}."
        # A range, as every text that begins with the word and its dot lies in it: no pattern to escape.
        conditions.append(
            sa.or_(
                _entries.action == query.action,
                sa.and_(_entries.action >= below, _entries.action < below[:-1] + "/"),
            )
        )
    if query.target is not None:
        conditions.append(
            sa.or_(_entries.target_id == query.target, _entries.target_kind == query.target)
        )
    if query.since is not None:
        conditions.append(_entries.at >= at_text(query.since))
    if query.until is not None:
        conditions.append(_entries.at < at_text(query.until))
    return conditions
