"""The audit log, and its head, which is kept apart from it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.audit import (
    AuditAction,
    AuditEntry,
    AuditQuery,
    AuditRow,
    Facts,
    Head,
    Stranger,
    Target,
)
from invoke_core.domain.principals import Principal


class AuditRepository(Protocol):
    """The audit log, inside one unit of work: an entry is kept if, and only if, the change is."""

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
        """Write down that something was done; nothing that was written is ever changed or removed.

        Args:
            who: who did it; the address of the account stands in the entry as it is now, so tell of a
                deletion before it.
            action: what was done.
            target: what it was done to.
            at: when.
            before: what it was, as far as it changed; never a password, a hash or another secret.
            after: what it became.
        """

    def recorded(self) -> Head | None:
        """Return the head as this unit of work moved it; None where it recorded nothing."""

    def head(self) -> Head:
        """Return how far the log has come."""

    def list(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """Return the entries of the query, the newest first."""

    def count(self, query: AuditQuery, *, at_most: int) -> int:
        """Return how many entries match, ignoring `before_id` and `limit`; counting ends at `at_most`."""

    def rows(self, after: int, *, limit: int = 1000) -> Sequence[AuditRow]:
        """Return entries as they are kept, from the number after `after` on, ascending."""


class AuditHeads(Protocol):
    """Where the head is kept outside the database; thread-safe, and shared by processes."""

    def load(self) -> Head | None:
        """Return the head; None where it is gone."""

    def advance(self, head: Head, holds: Callable[[Head], bool]) -> None:
        """Keep the head in place of the one before it.

        What is kept stays where it is further on already, is gone, or names an entry that the log does not
        hold: that is the evidence of a cut, which `verify` finds.

        Args:
            head: after a commit.
            holds: whether the log holds the entry that a head names.
        """
