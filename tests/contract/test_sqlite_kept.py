"""Sign-ins and accounts that a SQLite reader keeps: no query while nothing changes, never older than one."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_adapters.sql import SqlDatabase, open_database
from invoke_adapters.sql.mapping import Kept
from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.errors import NotFound
from invoke_core.testing.builders import a_session, a_user


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "invoke.db"


@pytest.fixture
def database(file: Path) -> Iterator[SqlDatabase]:
    with open_database(f"sqlite:///{file}") as database:
        yield database


@pytest.fixture
def signed_in(database: SqlDatabase) -> SessionId:
    """A session that a reader has read before, twice."""
    with database.writing() as work:
        session = a_session(work, a_user(work, user_id="ada"))
    for _ in range(2):
        assert _found(database, session.session_id) is not None
    return session.session_id


def _found(database: SqlDatabase, session_id: SessionId) -> Any:
    with database.reading() as work:
        return work.sessions.find_with_user(session_id)


def _shell(file: Path, statement: str) -> None:
    """Run the statement in a process of its own, as a person at SQLite's shell does."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
    )
    subprocess.run([sys.executable, "-c", script, file, statement], check=True)


def test_while_nothing_changes_there_is_no_query(
    database: SqlDatabase, signed_in: SessionId
) -> None:
    asked: list[str] = []
    with database.reading() as work:
        driver: Any = work.connection.connection.dbapi_connection
        driver.set_trace_callback(asked.append)
        assert work.sessions.find_with_user(signed_in) is not None
        driver.set_trace_callback(None)

    assert asked == ["BEGIN", "PRAGMA data_version"]


def test_a_change_of_this_process_counts_at_once(
    database: SqlDatabase, signed_in: SessionId
) -> None:
    with database.writing() as work:
        user = work.users.get(UserId("ada"))
        work.users.put(attrs.evolve(user, is_active=False))

    _, user = _found(database, signed_in)
    assert not user.is_active


def test_a_removed_session_is_gone_at_once(database: SqlDatabase, signed_in: SessionId) -> None:
    with database.writing() as work:
        work.sessions.remove(signed_in)

    assert _found(database, signed_in) is None


@pytest.mark.parametrize("times", [1, 2])
def test_a_change_at_the_shell_counts_at_once(
    database: SqlDatabase, signed_in: SessionId, file: Path, times: int
) -> None:
    for number in range(times):
        _shell(file, f"UPDATE users SET is_active = 0, epoch = {number}")

        _, user = _found(database, signed_in)
        assert (user.is_active, user.epoch) == (False, number)
        with database.reading() as work:
            assert work.users.get(UserId("ada")) == user


def test_a_change_that_was_moved_out_of_the_log_counts(
    database: SqlDatabase, signed_in: SessionId, file: Path
) -> None:
    _shell(file, "UPDATE users SET is_admin = 1")
    _shell(file, "PRAGMA wal_checkpoint(TRUNCATE)")

    _, user = _found(database, signed_in)
    assert user.is_admin


def test_an_open_unit_goes_on_seeing_its_snapshot(
    database: SqlDatabase, signed_in: SessionId, file: Path
) -> None:
    with database.reading() as work:
        before = work.users.get(UserId("ada"))
        _shell(file, "UPDATE users SET is_active = 0")

        assert work.users.get(UserId("ada")) == before
        _, user = work.sessions.find_with_user(signed_in) or (None, None)
        assert user == before


def test_a_writing_unit_keeps_nothing(database: SqlDatabase, signed_in: SessionId) -> None:
    with database.writing() as work:
        user = attrs.evolve(work.users.get(UserId("ada")), display_name="Ada the Second")
        work.users.put(user)

        assert work.users.get(UserId("ada")) == user
        _, found = work.sessions.find_with_user(signed_in) or (None, None)
        assert found == user


def test_what_is_kept_stays_few(database: SqlDatabase) -> None:
    with database.writing() as work:
        people = [a_user(work).user_id for _ in range(Kept.MOST + 10)]

    for user_id in people:
        with database.reading() as work:
            work.users.get(user_id)

    with database.reading() as work:
        kept: Kept = work.connection.connection.info[Kept]
        assert work.users.get(people[0]).user_id == people[0]
        driver: Any = work.connection.connection.dbapi_connection
        assert len(kept.present(driver)) <= Kept.MOST


@pytest.mark.parametrize("seed", range(5))
def test_readers_of_a_file_opened_twice_agree_with_a_query(
    database: SqlDatabase, file: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with database.writing() as work:
        people = [a_user(work).user_id for _ in range(4)]
    with open_database(f"sqlite:///{file}") as other:
        both = [database, other]
        for _ in range(200):
            user_id = chance.choice(people)
            if chance.random() < 0.3:
                with chance.choice(both).writing() as work:
                    try:
                        user = work.users.get(user_id)
                        if chance.random() < 0.1:
                            work.users.remove(user_id)
                        else:
                            work.users.put(attrs.evolve(user, epoch=user.epoch + 1))
                    except NotFound:
                        a_user(work, user_id=user_id)
            with chance.choice(both).reading() as work:
                asked = work.users.list(limit=None).items
                kept = []
                for known in people:
                    try:
                        kept.append(work.users.get(known))
                    except NotFound:
                        continue
            assert {user.user_id: user for user in kept} == {user.user_id: user for user in asked}
