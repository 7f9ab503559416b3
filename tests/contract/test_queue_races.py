"""Caps hold however many ask at once: they are asked in the transaction that inserts (control C25)."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from invoke_adapters.sql import SqlDatabase, open_database
from invoke_core.domain.fairness import Caps
from invoke_core.errors import InvokeError, TooMany
from tests.queue_world import World

AT_ONCE = 100


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    with open_database(f"sqlite:///{tmp_path}/invoke.db", busy_timeout=60.0) as opened:
        yield opened


def at_once(act: Callable[[], object]) -> tuple[int, list[InvokeError]]:
    """Do it in so many threads that begin together; return how often it was done, and the refusals."""
    together = threading.Barrier(AT_ONCE)
    done: list[object] = []
    refused: list[InvokeError] = []

    def try_it() -> None:
        together.wait()
        try:
            done.append(act())
        except InvokeError as error:
            refused.append(error)

    threads = [threading.Thread(target=try_it) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done), refused


@pytest.mark.parametrize("is_own", [True, False], ids=["a person's own cap", "the queue's size"])
def test_of_many_submissions_just_below_a_cap_one_goes_in(
    database: SqlDatabase, is_own: bool
) -> None:
    world = World(
        database=database,
        caps=Caps(max_pending=3 if is_own else None),
        max_queue_size=None if is_own else 3,
    )
    person = world.person()
    world.enqueue(person, runs=2)

    done, refused = at_once(lambda: world.enqueue(person))

    assert done == 1
    assert {type(error) for error in refused} == {TooMany}
    assert world.flow(person).pending == 3
    world.assert_flows_are_consistent()


def test_of_many_submissions_with_one_key_one_goes_in_and_all_are_answered_alike(
    database: SqlDatabase,
) -> None:
    world = World(database=database)
    person, answers = world.person(), []

    done, refused = at_once(
        lambda: answers.append(world.queue.enqueue(person, world.wish(), key="k"))
    )

    assert (done, refused) == (AT_ONCE, [])
    assert len(set(answers)) == 1
    assert world.flow(person).pending == 1
