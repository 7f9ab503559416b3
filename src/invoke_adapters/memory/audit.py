"""The audit log in dictionaries, and its head in a variable."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice

import attrs

from invoke_adapters.memory.state import State
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


@attrs.define
class Recorded:
    """How far a unit of work moved the log."""

    head: Head | None = None


@attrs.frozen
class MemoryAuditRepository:
    """See `AuditRepository`."""

    state: State
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
        user = self.state.users.get(who.user_id) if isinstance(who, Principal) else None
        email = user.email if user else None
        entry = new_entry(who, email, action, target, at=at, before=before, after=after)
        row = self.chain.sealed(self.head(), entry)
        self.state.audit[row.entry_id] = row
        self.moved.head = Head(row.entry_id, row.mac)

    def recorded(self) -> Head | None:
        """Return the head as this unit of work moved it."""
        return self.moved.head

    def head(self) -> Head:
        """Return how far the log has come."""
        last = max(self.state.audit, default=0)
        return Head(last, self.state.audit[last].mac) if last else Head()

    def list(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """Return the entries of the query, the newest first."""
        newest_first = sorted(self._matching(query), key=lambda row: row.entry_id, reverse=True)
        end = query.before_id
        wanted = (row for row in newest_first if end is None or row.entry_id < end)
        return [read_entry(row) for row in islice(wanted, query.limit)]

    def count(self, query: AuditQuery, *, at_most: int) -> int:
        """Return how many entries match."""
        return sum(1 for _ in islice(self._matching(query), at_most))

    def rows(self, after: int, *, limit: int = 1000) -> Sequence[AuditRow]:
        """Return entries as they are kept, ascending."""
        numbers = sorted(number for number in self.state.audit if number > after)
        return [self.state.audit[number] for number in numbers[:limit]]

    def _matching(self, query: AuditQuery) -> Iterator[AuditRow]:
        return (row for row in self.state.audit.values() if _matches(row, query))


def _matches(row: AuditRow, query: AuditQuery) -> bool:
    if query.actor is not None and query.actor != row.actor_id:
        identity = searched_identity(query.actor)
        if identity != row.actor_identity:
            return False
    if query.action is not None and not f"{row.action}.".startswith(f"{query.action}."):
        return False
    if query.target is not None and query.target not in {row.target_id, row.target_kind}:
        return False
    if query.since is not None and row.at < at_text(query.since):
        return False
    return query.until is None or row.at < at_text(query.until)


class MemoryAuditHeads:
    """`AuditHeads` in this process only. Thread-safe."""

    def __init__(self) -> None:
        """Begin before the first entry."""
        self._lock = threading.Lock()
        self._head: Head | None = Head()

    def load(self) -> Head | None:
        """Return the head; None where it is gone."""
        return self._head

    def advance(self, head: Head, holds: Callable[[Head], bool]) -> None:
        """Keep the head in place of the one before it, unless that is the evidence of a cut."""
        with self._lock:
            kept = self._head
            if kept is not None and kept.count < head.count and holds(kept):
                self._head = head

    def lose(self) -> None:
        """Let the head be gone."""
        self._head = None
