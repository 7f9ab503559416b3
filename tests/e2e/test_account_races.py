"""Operating-system processes on one database, let go at the same instant, again and again."""

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from benchmarks.account_races import Place, opened, race_for_the_last, race_for_the_setup
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import host_principal
from invoke_core.domain.sign_in import Client
from invoke_core.errors import InvokeError, LastAdministrator, SetupDone
from invoke_core.services.users import UserChanges
from tests.e2e.running import PASSWORD, PATIENCE, multiuser_root
from tests.postgresql_process import binaries, running_postgresql

ROUNDS = 12
HOST = host_principal("tester")


def _set_up(root: Path, me: int, barrier: Barrier) -> list[str]:
    outcomes = []
    with build(load_settings(root, environ={})) as app:
        for number in range(ROUNDS):
            barrier.wait(PATIENCE)
            try:
                app.sign_in.setup(
                    Client(is_loopback=True),
                    email=f"admin-{number}-{me}@example.com",
                    password=PASSWORD,
                )
                outcomes.append("made")
            except SetupDone:
                outcomes.append("refused")
            barrier.wait(PATIENCE)
            if me == 0:  # past every rule, for the next round
                with app.database.writing() as work:
                    for user in work.users.list(limit=None).items:
                        work.users.remove(user.user_id)
    return outcomes


def _take_rights(root: Path, me: int, barrier: Barrier) -> list[str]:
    outcomes = []
    with build(load_settings(root, environ={})) as app:
        people = app.users.list(HOST).items
        actions = [
            lambda user_id: app.users.update(HOST, user_id, UserChanges(is_admin=False)),
            lambda user_id: app.users.update(HOST, user_id, UserChanges(is_active=False)),
        ]
        for number in range(ROUNDS):
            barrier.wait(PATIENCE)
            try:
                actions[(number + me) % 2](people[me].user_id)
                outcomes.append("done")
            except LastAdministrator:
                outcomes.append("refused")
            barrier.wait(PATIENCE)
            if me == 0:
                _restore(app, [person.user_id for person in people])
    return outcomes


def _restore(app: Any, user_ids: list[UserId]) -> None:
    for user_id in user_ids:
        app.users.update(HOST, user_id, UserChanges(is_admin=True, is_active=True))


def _racer(race: str, root: Path, me: int, barrier: Barrier, results: Any) -> None:
    try:
        results.put((me, {"set_up": _set_up, "rights": _take_rights}[race](root, me, barrier)))
    except (InvokeError, OSError, threading.BrokenBarrierError) as error:
        barrier.abort()
        results.put((me, [repr(error)]))


def run_race(race: str, root: Path) -> list[tuple[str, str]]:
    """Return the outcomes of both processes, round by round."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    processes = [
        context.Process(target=_racer, args=(race, root, me, barrier, results)) for me in range(2)
    ]
    for process in processes:
        process.start()
    found = dict(results.get(timeout=PATIENCE) for _ in processes)
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    return list(zip(found[0], found[1], strict=True))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return multiuser_root(tmp_path / "root")


def test_of_two_setups_in_two_processes_exactly_one_wins(root: Path) -> None:
    rounds = run_race("set_up", root)

    assert len(rounds) == ROUNDS
    assert all(sorted(outcomes) == ["made", "refused"] for outcomes in rounds), rounds


def test_two_processes_never_take_the_rights_of_the_last_two_administrators(root: Path) -> None:
    with build(load_settings(root, environ={})) as app:
        for name in ("a", "b"):
            app.users.create(HOST, email=f"{name}@example.com", password=PASSWORD, is_admin=True)

    rounds = run_race("rights", root)

    assert len(rounds) == ROUNDS
    assert all(sorted(outcomes) == ["done", "refused"] for outcomes in rounds), rounds


# Two servers and the guide's commands; `python -m benchmarks.account_races` takes many more rounds


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Two servers on one database, with an administrator to make."""
    with ExitStack() as stack:
        address = None
        if request.param == "PostgreSQL":
            programs = binaries()
            assert programs, "The races need PostgreSQL's server: `apt-get install postgresql`."
            address = stack.enter_context(running_postgresql(programs))
        yield stack.enter_context(opened(tmp_path_factory.mktemp("races"), address))


def test_of_many_setups_on_two_servers_exactly_one_wins(place: Place) -> None:
    assert race_for_the_setup(place, rounds=4, posts=16) == {1: 4}


def test_no_two_servers_and_commands_leave_nobody_who_can_administer(place: Place) -> None:
    found = race_for_the_last(place, rounds=2)

    assert "rounds with 0 left" not in found
    assert found["HTTP: done"] + found["command: done"] >= 2
