import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.tampering import ENTRIES, TAMPERS, cut, measure, written_log
from invoke_adapters.memory import MemoryAuditHeads, MemoryDatabase
from invoke_adapters.sql import open_database
from invoke_core.domain.audit import (
    UNREADABLE,
    AuditAction,
    AuditQuery,
    Chain,
    Head,
    Target,
    at_text,
    difference,
    new_entry,
    read_entry,
)
from invoke_core.domain.principals import Principal, Via, host_principal
from invoke_core.errors import Forbidden, Invalid
from invoke_core.services.audit import AuditService, Witnessed
from invoke_core.testing.audit import record
from invoke_core.testing.builders import NOON, a_principal, a_user, an_administrator

HOST = host_principal("operator")
CHAIN = Chain(b"a key of the audit log, for tests")

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def an_entry(**changes):
    entry = new_entry(
        HOST,
        "system@invoke.invalid",
        AuditAction.USER_UPDATE,
        Target("user", "u"),
        at=NOON,
        before={"name": "old"},
        after={"name": "new"},
    )
    return attrs.evolve(entry, **changes)


def chained(entries, chain=CHAIN):
    head, rows = Head(), []
    for entry in entries:
        rows.append(chain.sealed(head, entry))
        head = Head(rows[-1].entry_id, rows[-1].mac)
    return rows


# The chain


@given(st.lists(st.dictionaries(texts, values, max_size=3), min_size=1, max_size=5))
def test_what_was_sealed_reads_the_same_and_is_right(afters):
    rows = chained([an_entry(after=after) for after in afters])

    assert CHAIN.extended(Head(), rows) == (Head(len(rows), rows[-1].mac), None)
    for number, row in enumerate(rows, start=1):
        entry = read_entry(row)
        assert entry.entry_id == number
        assert CHAIN.sealed(Head(number - 1), entry).content == row.content
        assert row.content.isascii()


@given(st.data())
def test_no_field_of_a_row_can_be_another(data):
    rows = chained([an_entry(after={"number": number}) for number in range(4)])
    place = data.draw(st.integers(0, 3))
    name = data.draw(st.sampled_from([field.name for field in attrs.fields(type(rows[0]))]))
    other = data.draw(st.none() | st.integers(-3, 9) | st.text(max_size=5) | st.binary(max_size=5))
    if other == getattr(rows[place], name):
        return
    rows[place] = attrs.evolve(rows[place], **{name: other})

    _, bad = CHAIN.extended(Head(), rows)

    assert bad == place + 1


def test_another_key_makes_another_chain():
    rows = chained([an_entry()], Chain(b"another"))

    assert CHAIN.extended(Head(), rows)[1] == 1


def test_the_chain_is_the_one_that_was_written_down():
    """The form of an entry is for ever: what was sealed by an older version must stay right."""
    (row,) = chained([an_entry()])

    assert row.content == (
        '{"action":"user.update","actor":{"address":null,"email":"system@invoke.invalid",'
        '"operating_system_user":"operator","user_id":"system","via":"cli"},"after":{"name":"new"},'
        '"at":"2026-03-01T12:00:00.000000Z","before":{"name":"old"},"request_id":null,'
        '"target":{"id":"u","kind":"user"}}'
    )
    assert row.mac == "58cc8f4dd228e6671282a0c476f18e683f25cdb2da5920ccf5ab0104a4810fe2"


@pytest.mark.parametrize(
    "content", ["", "x", "[]", "{}", "null", '{"at": 7}', "[" * 100_000, b"\xff", None, 7]
)
def test_a_damaged_entry_is_shown_as_one(content):
    (row,) = chained([an_entry()])

    entry = read_entry(attrs.evolve(row, content=content))

    assert (entry.entry_id, entry.action) == (1, UNREADABLE)


def test_only_what_has_a_plain_form_can_be_written():
    with pytest.raises(TypeError):
        chained([an_entry(after={"object": object()})])
    with pytest.raises(ValueError):
        chained([an_entry(after={"number": float("nan")})])


def test_a_difference_names_what_changed_alone():
    before = Principal(user_id="u", is_admin=False, via=Via.SESSION)
    after = attrs.evolve(before, is_admin=True)

    assert difference(before, after, ("user_id", "is_admin")) == (
        {"is_admin": False},
        {"is_admin": True},
    )


@given(st.datetimes(), st.datetimes())
def test_times_sort_as_their_texts(one, other):
    one, other = one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)

    assert (one < other) == (at_text(one) < at_text(other))
    assert datetime.fromisoformat(at_text(one)) == one


# Verifying


@attrs.define
class LogWorld:
    database: MemoryDatabase = attrs.field(factory=lambda: MemoryDatabase(chain=CHAIN))
    heads: MemoryAuditHeads = attrs.field(factory=MemoryAuditHeads)

    @property
    def writing(self):
        return Witnessed(self.database.writing, self.database.reading, self.heads)

    @property
    def audit(self):
        return AuditService(self.database.reading, CHAIN, self.heads)

    def write(self, count=1):
        for place in range(count):
            with self.writing() as work:
                record(work, place)

    def rows(self):
        with self.database.reading() as work:
            return {row.entry_id: row for row in work.audit.rows(0)}

    def put(self, rows):
        """Replace the log, past everything that guards it."""
        with self.database.writing() as work:
            for number in list(work.state.audit):
                del work.state.audit[number]
            work.state.audit.update(rows)


@pytest.fixture
def world():
    return LogWorld()


def test_a_log_that_nobody_touched_is_right(world):
    assert world.audit.verify(HOST).ok
    world.write(2500)  # more than are read together

    found = world.audit.verify(HOST)

    assert (found.ok, found.entries, found.first_bad, found.trouble) == (True, 2500, None, None)
    assert found.head == world.heads.load().mac


def test_an_edit_a_removal_and_a_swap_are_found_where_they_are(world):
    world.write(9)
    rows = world.rows()

    for changed, bad in (
        (rows | {4: attrs.evolve(rows[4], action="sign_in")}, 4),
        ({n: row for n, row in rows.items() if n != 4}, 4),
        (rows | {4: attrs.evolve(rows[7], entry_id=4), 7: attrs.evolve(rows[4], entry_id=7)}, 4),
    ):
        world.put(changed)
        found = world.audit.verify(HOST)
        assert (found.ok, found.first_bad, found.entries) == (False, bad, bad - 1)
        assert f"Entry {bad} " in found.trouble


@pytest.mark.parametrize("kept", [0, 1, 8])
def test_a_cut_is_found(world, kept):
    world.write(9)
    world.put({n: row for n, row in world.rows().items() if n <= kept})

    found = world.audit.verify(HOST)

    assert (found.ok, found.first_bad, found.entries) == (False, kept + 1, kept)
    assert "cut off" in found.trouble


@pytest.mark.parametrize("more", [1, 2, 5])
def test_a_cut_is_found_also_after_the_server_went_on(world, more):
    world.write(9)
    world.put({n: row for n, row in world.rows().items() if n <= 7})

    world.write(more)
    with world.writing() as work:
        record(work, 99)

    found = world.audit.verify(HOST)
    assert not found.ok
    assert found.first_bad <= 9


def test_a_head_that_is_gone_is_trouble(world):
    world.write(3)
    world.heads.lose()
    world.write()

    found = world.audit.verify(HOST)

    assert (found.ok, found.entries, found.first_bad) == (False, 4, None)
    assert "audit-head.json" in found.trouble


def test_a_crash_before_the_head_was_written_is_no_trouble(world):
    world.write(3)
    with world.database.writing() as work:  # committed, and then nothing more
        record(work)
        record(work)

    assert world.audit.verify(HOST).ok
    assert world.heads.load().count == 3
    world.write()
    assert world.heads.load().count == 6
    assert world.audit.verify(HOST).ok


def test_a_failed_unit_moves_no_head(world):
    world.write()
    with pytest.raises(RuntimeError), world.writing() as work:
        record(work)
        raise RuntimeError

    assert world.heads.load().count == 1
    assert world.audit.verify(HOST).ok


def test_a_unit_that_records_nothing_leaves_the_head_alone(world):
    world.heads.advance = None  # nobody may call it

    with world.writing() as work:
        a_user(work)


def test_every_random_change_of_the_file_is_found(tmp_path):
    tried, found = measure(tmp_path, 50 * len(TAMPERS), seed=random.randrange(2**32))

    assert found == tried
    assert min(tried.values()) == 50


def test_a_cut_file_is_found_by_the_server_that_goes_on(tmp_path):
    with written_log(tmp_path) as log:
        log.tamper(cut, random.Random(3))

        for _ in range(2 * ENTRIES):
            with log.writing() as work:
                record(work)

        assert not log.verified().ok


def test_the_table_takes_no_change(tmp_path: Path):
    with open_database(f"sqlite:///{tmp_path}/log.db") as database, database.writing() as work:
        record(work)
    connection = sqlite3.connect(tmp_path / "log.db")
    for change in ("UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change)
    connection.close()


# Reading


def test_pages_go_on_from_a_cursor(world):
    world.write(5)

    pages, cursor = [], None
    while True:
        page = world.audit.list(HOST, AuditQuery(limit=2), cursor=cursor)
        pages.append([entry.entry_id for entry in page.items])
        assert (page.total, page.total_is_lower_bound, page.limit) == (5, False, 2)
        cursor = page.next_cursor
        if cursor is None:
            break

    assert pages == [[5, 4], [3, 2], [1]]


def test_a_foreign_cursor_is_invalid(world):
    for cursor in ("", "x", "-1", "1.5", "9" * 19, "１"):
        with pytest.raises(Invalid, match="cursor"):
            world.audit.list(HOST, AuditQuery(), cursor=cursor)


def test_a_large_total_is_a_lower_bound(world, monkeypatch):
    monkeypatch.setattr("invoke_core.services.audit.COUNTED_EXACTLY", 3)
    world.write(5)

    page = world.audit.list(HOST, AuditQuery(limit=1))

    assert (page.total, page.total_is_lower_bound) == (3, True)


def test_an_export_holds_everything(world, monkeypatch):
    monkeypatch.setattr("invoke_core.services.audit.AT_ONCE", 2)
    world.write(5)

    exported = world.audit.export(HOST, AuditQuery(limit=1))

    assert [entry.entry_id for entry in exported] == [5, 4, 3, 2, 1]


def test_the_log_is_for_administrators(world):
    with world.database.writing() as work:
        person, administrator = a_principal(a_user(work)), a_principal(an_administrator(work))

    for read in (
        lambda who: world.audit.list(who, AuditQuery()),
        lambda who: world.audit.export(who, AuditQuery()),
        world.audit.verify,
    ):
        read(administrator)
        with pytest.raises(Forbidden):
            read(person)
