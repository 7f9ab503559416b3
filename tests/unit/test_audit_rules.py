"""The rules of the audit log, plain calls: what an entry says, how it is kept, and the chain."""

import time
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from invoke_core.domain.audit import (
    QUEUE,
    SERVER,
    UNREADABLE,
    Actor,
    AuditAction,
    AuditEntry,
    Chain,
    Head,
    Stranger,
    Target,
    as_person,
    at_text,
    difference,
    facts,
    is_private_look,
    new_entry,
    read_entry,
    searched_identity,
)
from invoke_core.domain.boards import Permission
from invoke_core.domain.principals import Principal, Via, host_principal
from invoke_core.domain.sign_in import Client
from invoke_core.testing.builders import NOON

HOST = host_principal("operator")
CHAIN = Chain(b"a key of the audit log, for tests")


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


# Who did it, and what counts as a look


def test_a_stranger_is_whoever_the_client_says():
    client = Client(address="192.0.2.1", request_id="r")

    assert Stranger.of(client, "a@example.com") == Stranger(
        email="a@example.com", address="192.0.2.1", request_id="r"
    )
    who = Stranger.of(client, "\ud800" + "x" * 300)
    entry = new_entry(
        who, None, AuditAction.SIGN_IN_FAILED, QUEUE, at=NOON, before={"b": 1}, after={"a": 2}
    )
    typed = "?" + "x" * 253
    assert entry == AuditEntry(
        entry_id=0,
        at=NOON,
        actor=Actor(user_id=None, email=typed, address="192.0.2.1", via="anonymous"),
        action="sign_in.failed",
        target=Target("queue", "default"),
        before={"b": 1},
        after={"a": 2},
        request_id="r",
    )
    nobody = new_entry(
        Stranger(), None, AuditAction.SETUP, SERVER, at=NOON, before=None, after=None
    )
    assert nobody.actor == Actor(user_id=None, email=None, address=None, via="anonymous")


def test_a_principal_is_named_with_the_address_of_its_account():
    who = Principal(
        user_id="u", is_admin=True, via=Via.COOKIE, address="192.0.2.1", request_id="r",
        operating_system_user="root",
    )  # fmt: skip

    entry = new_entry(
        who, "a@example.com", AuditAction.SIGN_OUT, SERVER, at=NOON, before=None, after=None
    )

    assert entry.actor == Actor(
        user_id="u",
        email="a@example.com",
        address="192.0.2.1",
        via="cookie",
        operating_system_user="root",
    )
    assert (entry.request_id, entry.before, entry.after) == ("r", None, None)


@pytest.mark.parametrize("admin", [False, True])
@pytest.mark.parametrize("via", list(Via))
def test_administrators_look_where_people_sign_in(via, admin):
    who = Principal(user_id="u", is_admin=admin, via=via, scope=None, address="192.0.2.1")

    looks = admin and via not in {Via.SINGLE_USER, Via.INTERNAL}
    assert is_private_look(who) is looks
    assert as_person(who) == attrs.evolve(who, is_admin=False)


def test_a_row_is_found_by_the_words_of_its_entry():
    stranger = Stranger(email="ADA\0@Example.com")
    (row,) = chained(
        [new_entry(stranger, None, AuditAction.SETUP, SERVER, at=NOON, before=None, after=None)]
    )
    (own,) = chained([an_entry()])
    nobody = new_entry(
        Stranger(), None, AuditAction.SETUP, SERVER, at=NOON, before=None, after=None
    )

    assert chained([nobody])[0].actor_identity is None
    assert (row.actor_id, row.actor_identity) == (None, "ada@example.com")
    assert (row.action, row.target_kind, row.target_id) == ("setup", "server", None)
    assert (own.actor_id, own.actor_identity) == ("system", "system@invoke.invalid")
    assert (own.action, own.target_kind, own.target_id) == ("user.update", "user", "u")
    assert own.at == "2026-03-01T12:00:00.000000Z"


def test_what_is_written_has_a_plain_form():
    facts_written = {
        "word": Via.CLI, "level": Permission.READ, "time": NOON, "none": None, "yes": True,
        "number": 7, "half": 0.5, "text": "\ud800é", "set": set("gfedcba"), "tuple": ("y", "x"),
        "frozen": frozenset({2, 1}), "action": AuditAction.USER_UPDATE,
        "list": [Via.API_KEY], "inner": {1: Target("user", "u")},
    }  # fmt: skip
    (row,) = chained([an_entry(after=facts_written)])

    assert read_entry(row).after == {
        "word": "cli", "level": "read", "time": "2026-03-01T12:00:00.000000Z", "none": None,
        "yes": True, "number": 7, "half": 0.5, "text": "?é", "set": [*"abcdefg"],
        "tuple": ["y", "x"], "frozen": [1, 2], "action": "user.update",
        "list": ["api_key"], "inner": {"1": {"kind": "user", "id": "u"}},
    }  # fmt: skip
    with pytest.raises(TypeError, match="object cannot stand in the audit log"):
        chained([an_entry(after={"object": object()})])


def test_an_unreadable_entry_keeps_its_number_alone():
    (row,) = chained([an_entry()])

    assert read_entry(attrs.evolve(row, entry_id=7, content="x")) == AuditEntry(
        entry_id=7,
        at=datetime.fromtimestamp(0, UTC),
        actor=Actor(user_id=None, email=None, address=None, via=UNREADABLE),
        action=UNREADABLE,
        target=Target(UNREADABLE),
    )


def test_the_chain_is_followed_from_any_head():
    rows = chained([an_entry(), an_entry(after=None), an_entry(before=None)])
    heads = [Head(), *(Head(row.entry_id, row.mac) for row in rows)]

    for place, head in enumerate(heads):
        assert CHAIN.extended(head, rows[place:]) == (heads[-1], None)
    assert CHAIN.extended(Head(), [rows[0], rows[2]]) == (heads[1], 2)
    assert CHAIN.extended(Head(), [rows[1]]) == (Head(), 1)
    assert CHAIN.extended(Head(), []) == (Head(), None)


OTHERS = {
    "entry_id": [0, 1, 3, None],
    "content": ["", "{}", b"x", None],
    "mac": ["", "0" * 64, None, 7, "é"],
    "at": ["", "2026", None],
    "actor_id": [None, "v", 7],
    "actor_identity": [None, "v@example.com"],
    "action": ["user", "", None],
    "target_kind": ["board", None],
    "target_id": [None, "v"],
}


@pytest.mark.parametrize(("field", "values"), OTHERS.items())
def test_no_field_of_a_row_can_be_another(field, values):
    rows = chained([an_entry(), an_entry(), an_entry()])
    first = Head(1, rows[0].mac)
    for value in values:
        changed = [rows[0], attrs.evolve(rows[1], **{field: value}), rows[2]]

        assert CHAIN.extended(Head(), changed) == (first, 2)


def test_the_form_is_the_one_that_was_written_down():
    (row,) = chained([an_entry()])

    assert row.mac == "58cc8f4dd228e6671282a0c476f18e683f25cdb2da5920ccf5ab0104a4810fe2"
    assert row.content == (
        '{"action":"user.update","actor":{"address":null,"email":"system@invoke.invalid",'
        '"operating_system_user":"operator","user_id":"system","via":"cli"},"after":{"name":"new"},'
        '"at":"2026-03-01T12:00:00.000000Z","before":{"name":"old"},"request_id":null,'
        '"target":{"id":"u","kind":"user"}}'
    )
    assert read_entry(row) == an_entry(entry_id=1)
    assert Chain(b"another").extended(Head(), [row]) == (Head(), 1)
    assert CHAIN.mac("before\ud800", 1, "x") != CHAIN.mac("before", 1, "x")


@pytest.mark.parametrize("content", ["", "x", "[]", "{}", "null", '{"at": 7}', "[" * 100_000, None])
def test_a_damaged_entry_is_shown_as_one(content):
    (row,) = chained([an_entry()])

    assert read_entry(attrs.evolve(row, content=content)).action == UNREADABLE


def test_numbers_that_are_none_cannot_be_written():
    with pytest.raises(ValueError, match="JSON"):
        chained([an_entry(after={"number": float("nan")})])


def test_a_difference_names_what_changed_alone():
    before = Principal(user_id="u", is_admin=False, via=Via.SESSION)
    after = attrs.evolve(before, is_admin=True, address="::1")

    assert difference(before, after, ["user_id", "is_admin", "address"]) == (
        {"is_admin": False, "address": None},
        {"is_admin": True, "address": "::1"},
    )
    assert difference(before, before, ["user_id"]) == ({}, {})
    assert facts(after, ["via", "address"]) == {"via": Via.SESSION, "address": "::1"}


@pytest.fixture
def east_of_here(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_times_are_kept_in_utc(east_of_here):
    east = timezone(timedelta(hours=2))

    assert at_text(datetime(2026, 3, 1, 14, 0, 0, 5, tzinfo=east)) == "2026-03-01T12:00:00.000005Z"
    assert at_text(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01T00:00:00.000000Z"


def test_typed_addresses_share_an_identity_too():
    assert searched_identity("A\0da@Example.com") == "ada@example.com"
    assert searched_identity("nobody") == "@nobody"


def test_the_request_of_an_entry_is_read_back():
    (row,) = chained([an_entry(request_id="r")])

    assert read_entry(row).request_id == "r"
