"""What every audit log does, and every place where its head is kept."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import attrs
import pytest

from invoke_core.domain.audit import (
    ANONYMOUS,
    Actor,
    AuditAction,
    AuditEntry,
    AuditQuery,
    Chain,
    Head,
    Stranger,
    Target,
)
from invoke_core.domain.boards import Permission
from invoke_core.domain.principals import host_principal
from invoke_core.ports.audit import AuditHeads
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.testing.builders import NOON, a_principal, a_user

SECOND = timedelta(seconds=1)
HOST = host_principal("operator")


def record(work: Work, place: int = 0, **changes: Any) -> None:
    """Record something of no importance, so many seconds after noon."""
    wanted: dict[str, Any] = {
        "who": HOST,
        "action": AuditAction.QUEUE_PAUSE,
        "target": Target("queue", "default"),
        "at": NOON + place * SECOND,
    } | changes
    work.audit.record(wanted.pop("who"), wanted.pop("action"), wanted.pop("target"), **wanted)


def entries(database: Database, **query: Any) -> Sequence[AuditEntry]:
    """Return the entries of a query."""
    with database.reading() as work:
        return work.audit.list(AuditQuery(**query))


def numbers(database: Database, **query: Any) -> list[int]:
    """Return the numbers of the entries of a query."""
    return [entry.entry_id for entry in entries(database, **query)]


class AuditRepositoryContract:
    """A subclass provides the fixture `database`, empty, whose chain has no key."""

    def test_what_a_person_did_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work, email="Ada@example.com")
            principal = a_principal(user, address="203.0.113.9", request_id="request-7")
            record(
                work,
                who=principal,
                action=AuditAction.BOARD_SHARE,
                target=Target("board", "b"),
                before={"é\0\ud800": [None, True, 2, 0.5], "since": NOON},
                after={"permission": Permission.READ, "inner": {"via": principal.via}},
            )

        (entry,) = entries(database)
        assert entry == AuditEntry(
            entry_id=1,
            at=NOON,
            actor=Actor(
                user_id=user.user_id,
                email="Ada@example.com",
                address="203.0.113.9",
                via="session",
            ),
            action="board.share",
            target=Target("board", "b"),
            before={"é\0?": [None, True, 2, 0.5], "since": "2026-03-01T12:00:00.000000Z"},
            after={"permission": "read", "inner": {"via": "session"}},
            request_id="request-7",
        )

    def test_what_a_command_did_names_who_typed_it(self, database: Database) -> None:
        with database.writing() as work:
            record(work)

        (entry,) = entries(database)
        assert (entry.actor.via, entry.actor.operating_system_user) == ("cli", "operator")
        assert entry.before is entry.after is None

    @pytest.mark.parametrize("typed", ["Ada@example.com", "é", "", "a\0b\ud800", "x" * 10_000])
    def test_a_stranger_goes_by_what_was_typed(self, database: Database, typed: str) -> None:
        stranger = Stranger(email=typed, address="203.0.113.9", request_id="request-7")
        with database.writing() as work:
            record(work, who=stranger)

        (entry,) = entries(database)
        assert entry.actor == Actor(
            user_id=None,
            email=typed.replace("\ud800", "?")[:254],
            address="203.0.113.9",
            via=ANONYMOUS,
        )
        assert entry.request_id == "request-7"

    def test_entries_are_numbered_without_a_gap(self, database: Database) -> None:
        with database.writing() as work:
            record(work)
            record(work)
        with suppress(RuntimeError), database.writing() as work:
            record(work)
            raise RuntimeError
        with database.writing() as work:
            record(work)

        assert numbers(database) == [3, 2, 1]

    def test_entries_outlive_their_account(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            record(work, who=a_principal(user), target=Target("user", user.user_id))
        with database.writing() as work:
            work.users.remove(user.user_id)

        (entry,) = entries(database)
        assert (entry.actor.user_id, entry.actor.email) == (user.user_id, user.email)

    def test_the_head_is_the_last_entry(self, database: Database) -> None:
        with database.reading() as work:
            assert work.audit.head() == Head()
        with database.writing() as work:
            record(work)
            record(work)

        with database.reading() as work:
            last = work.audit.rows(1)[0]
            assert work.audit.head() == Head(2, last.mac)

    def test_a_unit_knows_how_far_it_moved_the_log(self, database: Database) -> None:
        with database.writing() as work:
            assert work.audit.recorded() is None
            record(work)
            record(work)
            assert work.audit.recorded() == work.audit.head()
        with database.writing() as work:
            assert work.audit.recorded() is None

    def test_rows_are_sealed_one_after_the_other(self, database: Database) -> None:
        for place in range(3):
            with database.writing() as work:
                record(work, place)
                record(work, place)

        with database.reading() as work:
            head, bad = Chain().extended(Head(), work.audit.rows(0))
            assert bad is None
            assert head == work.audit.head()
            assert head.count == 6

    def test_rows_after_a_number_come_oldest_first(self, database: Database) -> None:
        with database.writing() as work:
            for place in range(5):
                record(work, place)

        with database.reading() as work:
            assert [row.entry_id for row in work.audit.rows(1)] == [2, 3, 4, 5]
            assert [row.entry_id for row in work.audit.rows(1, limit=2)] == [2, 3]
            assert [row.entry_id for row in work.audit.rows(-(2**63), limit=1)] == [1]

    def test_entries_come_newest_first_up_to_a_limit(self, database: Database) -> None:
        with database.writing() as work:
            for place in range(5):
                record(work, -place)  # the number counts, not the clock

        assert numbers(database, limit=3) == [5, 4, 3]

    def test_entries_before_a_number_go_on_from_there(self, database: Database) -> None:
        with database.writing() as work:
            for place in range(5):
                record(work, place)

        assert numbers(database, before_id=3, limit=1) == [2]
        assert numbers(database, before_id=3) == [2, 1]

    def test_entries_are_found_by_actor(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work, email="Ada@Example.com")
            record(work, who=a_principal(user))
            record(work, who=Stranger(email="ada@example.COM"))
            record(work)

        assert numbers(database, actor=user.user_id) == [1]
        assert numbers(database, actor="ADA@example.com") == [2, 1]
        assert numbers(database, actor="system") == [3]
        assert numbers(database, actor="nobody") == []

    def test_entries_are_found_by_action_and_its_kind(self, database: Database) -> None:
        with database.writing() as work:
            for action in (
                AuditAction.SIGN_IN,
                AuditAction.SIGN_IN_FAILED,
                AuditAction.SIGN_OUT,
                AuditAction.USER_CREATE,
            ):
                record(work, action=action)

        assert numbers(database, action="sign_in.failed") == [2]
        assert numbers(database, action="sign_in") == [2, 1]
        assert numbers(database, action="user") == [4]
        assert numbers(database, action="sign") == []
        assert numbers(database, action="%") == []

    def test_entries_are_found_by_target_and_its_kind(self, database: Database) -> None:
        with database.writing() as work:
            record(work, target=Target("board", "b"))
            record(work, target=Target("board", "c"))
            record(work, target=Target("server"))

        assert numbers(database, target="b") == [1]
        assert numbers(database, target="board") == [2, 1]
        assert numbers(database, target="server") == [3]

    def test_entries_are_found_by_time(self, database: Database) -> None:
        with database.writing() as work:
            for place in range(4):
                record(work, place)

        found = numbers(database, since=NOON + SECOND, until=NOON + 3 * SECOND)
        assert found == [3, 2]  # the first moment is in, the last one is not

    def test_matches_are_counted_up_to_a_bound(self, database: Database) -> None:
        with database.writing() as work:
            for _ in range(3):
                record(work)
            record(work, action=AuditAction.SIGN_IN)

        query = AuditQuery(action="queue", before_id=2, limit=1)
        with database.reading() as work:
            assert work.audit.count(query, at_most=10) == 3
            assert work.audit.count(query, at_most=2) == 2


def _holds(head: Head) -> bool:
    return True


class AuditHeadsContract:
    """A subclass provides the fixture `heads`, new."""

    def test_it_begins_before_the_first_entry(self, heads: AuditHeads) -> None:
        assert heads.load() == Head()

    def test_it_goes_forward(self, heads: AuditHeads) -> None:
        heads.advance(Head(1, "one"), _holds)
        heads.advance(Head(4, "four"), _holds)

        assert heads.load() == Head(4, "four")

    def test_it_never_goes_back(self, heads: AuditHeads) -> None:
        heads.advance(Head(2, "two"), _holds)

        heads.advance(Head(1, "one"), _holds)
        heads.advance(Head(2, "another"), _holds)

        assert heads.load() == Head(2, "two")

    def test_it_asks_whether_the_log_holds_what_is_kept(self, heads: AuditHeads) -> None:
        heads.advance(Head(2, "two"), _holds)
        asked: list[Head] = []

        def asking(head: Head) -> bool:
            asked.append(head)
            return True

        heads.advance(Head(3, "three"), asking)

        assert asked == [Head(2, "two")]

    def test_the_evidence_of_a_cut_stays(self, heads: AuditHeads) -> None:
        heads.advance(Head(2, "two"), _holds)

        heads.advance(Head(3, "another three"), lambda head: False)

        assert heads.load() == Head(2, "two")


@attrs.define
class BrokenHeads:
    """Heads with one fault; `fault` names it, and none is right."""

    fault: str
    head: Head | None = attrs.field(factory=Head)

    def load(self) -> Head | None:
        """Return the head."""
        return None if self.fault == "begins without" and self.head == Head() else self.head

    def advance(self, head: Head, holds: Any) -> None:
        """Keep the head."""
        kept = self.head or Head()
        if self.fault == "stays":
            return
        if head.count <= kept.count and self.fault != "goes back":
            return
        asked = head if self.fault == "asks for the new one" else kept
        if holds(asked) or self.fault == "hides the evidence":
            self.head = head


HEAD_FAULTS = {
    "test_it_begins_before_the_first_entry": "begins without",
    "test_it_goes_forward": "stays",
    "test_it_never_goes_back": "goes back",
    "test_it_asks_whether_the_log_holds_what_is_kept": "asks for the new one",
    "test_the_evidence_of_a_cut_stays": "hides the evidence",
}
"""For each claim of the suite of heads a fault that it must catch."""
