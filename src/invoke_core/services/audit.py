"""What administrators do with the audit log, and how its head gets out of the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs

from invoke_core.domain.audit import AuditEntry, AuditQuery, Chain, Head
from invoke_core.domain.principals import Principal, require_administrator
from invoke_core.errors import Invalid
from invoke_core.ports.audit import AuditHeads
from invoke_core.ports.unit_of_work import Reading, Work, Writing

COUNTED_EXACTLY = 10_000  # matches; of more it is only told that there are more
AT_ONCE = 1000  # entries read together
_BEFORE_ALL = -(2**63)  # below every number that a database can hold


@attrs.frozen(kw_only=True)
class AuditPage:
    """A stretch of the log, the newest entry first."""

    items: Sequence[AuditEntry]
    limit: int
    total: int  # of everything that matches; see `total_is_lower_bound`
    total_is_lower_bound: bool
    next_cursor: str | None  # for the stretch after this; None: it was the last


@attrs.frozen(kw_only=True)
class Verification:
    """Whether the log is as it was written."""

    ok: bool
    entries: int  # that are right, from the first one on
    head: str  # the code of the last of them
    first_bad: int | None  # the first entry that was changed, or is missing
    trouble: str | None = None  # one sentence; None: all is well


@attrs.frozen
class AuditService:
    """What administrators do with the audit log."""

    reading: Reading
    chain: Chain
    heads: AuditHeads

    def list(
        self, principal: Principal, query: AuditQuery, *, cursor: str | None = None
    ) -> AuditPage:
        """Return entries, the newest first.

        Args:
            principal: who asks.
            query: which entries.
            cursor: the `next_cursor` of the page before; None: from the newest on.

        Raises:
            Forbidden: the principal is no administrator.
            Invalid: the cursor is none of ours.
        """
        require_administrator(principal)
        more = attrs.evolve(query, before_id=_number(cursor), limit=query.limit + 1)
        with self.reading() as work:
            found = work.audit.list(more)
            total = work.audit.count(query, at_most=COUNTED_EXACTLY + 1)
        items = found[: query.limit]
        return AuditPage(
            items=items,
            limit=query.limit,
            total=min(total, COUNTED_EXACTLY),
            total_is_lower_bound=total > COUNTED_EXACTLY,
            next_cursor=str(items[-1].entry_id) if len(found) > len(items) else None,
        )

    def export(self, principal: Principal, query: AuditQuery) -> Iterator[AuditEntry]:
        """Yield every entry of the query, the newest first, in stretches; its `limit` does not count.

        Raises:
            Forbidden: the principal is no administrator.
        """
        require_administrator(principal)
        return self._every(attrs.evolve(query, limit=AT_ONCE))

    def _every(self, query: AuditQuery) -> Iterator[AuditEntry]:
        while True:
            with self.reading() as work:
                found = work.audit.list(query)
            yield from found
            if len(found) < query.limit:
                return
            query = attrs.evolve(query, before_id=found[-1].entry_id)

    def verify(self, principal: Principal) -> Verification:
        """Return whether every entry is as it was written, none is missing, and none was cut off.

        Raises:
            Forbidden: the principal is no administrator.
        """
        require_administrator(principal)
        kept = self.heads.load()  # before the snapshot, which then holds at least as much
        head, bad, witnessed = Head(), None, kept == Head()
        after = _BEFORE_ALL
        with self.reading() as work:
            while bad is None and (rows := work.audit.rows(after, limit=AT_ONCE)):
                after = rows[-1].entry_id
                for row in rows:
                    head, bad = self.chain.extended(head, [row])
                    if bad is not None:
                        break
                    witnessed = witnessed or head == kept
        return _verdict(head, bad, kept, witnessed=witnessed)


def _verdict(head: Head, bad: int | None, kept: Head | None, *, witnessed: bool) -> Verification:
    trouble = None
    if bad is not None:
        trouble = f"Entry {bad} is not as it was written, or is missing."
    elif kept is None:
        trouble = "The head of the log, audit-head.json, is gone or damaged."
    elif not witnessed:
        # The chain is whole as far as it goes: its end was cut off, and perhaps another one put on.
        bad = min(kept.count, head.count + 1)
        trouble = (
            f"The log once held {kept.count} entries up to another end than its present"
            f" {head.count}: entries were cut off."
        )
    return Verification(
        ok=trouble is None, entries=head.count, head=head.mac, first_bad=bad, trouble=trouble
    )


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise Invalid("This cursor is none of ours: begin again without one.", field="cursor")
    return int(cursor)


@attrs.frozen
class Witnessed:
    """A `Writing` after which the head of the audit log is also kept outside the database.

    It is written after the commit: a crash between the two lets it lag by the last entries, which the
    next one makes good.
    """

    writing: Writing
    reading: Reading
    heads: AuditHeads

    @contextmanager
    def __call__(self) -> Iterator[Work]:
        """See `Writing`."""
        with self.writing() as work:
            yield work
            recorded = work.audit.recorded()
        if recorded is not None:
            self.heads.advance(recorded, self._holds)

    def _holds(self, head: Head) -> bool:
        """Return whether the log holds the entry that the head names."""
        if head == Head():
            return True
        with self.reading() as work:
            rows = work.audit.rows(head.count - 1, limit=1)
        return bool(rows) and (rows[0].entry_id, rows[0].mac) == (head.count, head.mac)
