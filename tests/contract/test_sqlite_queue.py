"""A decision asks SQLite little, and never for more than there is to one person or group."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from invoke_adapters.sql import open_database
from invoke_core.domain.estimates import RunTime, kind_of
from invoke_core.domain.fairness import Caps, GroupRule, QueueMode
from invoke_core.domain.identifiers import ModelKey
from invoke_core.services import flows
from invoke_core.services.dispatcher import Dispatcher, DispatchRules
from invoke_core.testing.builders import NOON, a_generation, a_new_job, a_user, a_worker
from invoke_core.testing.fakes import FixedClock
from tests.watched import Watched

PEOPLE, GROUPS = 120, 4
WARM = frozenset({ModelKey("model 1"), ModelKey("model 2"), ModelKey("unknown")})


@pytest.fixture(params=["alone", "in groups", "in groups, after ANALYZE", "alone, after ANALYZE"])
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    """People who wait, for a model of four; the guide tells administrators to run ANALYZE."""
    with open_database(f"sqlite:///{tmp_path}/invoke.db") as database:
        with database.writing() as work:
            kinds = [a_generation(model=ModelKey(f"model {number}")) for number in range(4)]
            for generation in kinds:
                work.queue.put_run_seconds(kind_of(generation), RunTime(4.0, 9))
            for number in range(PEOPLE):
                user = a_user(work)
                rules = [
                    GroupRule(name=f"group {number % GROUPS}", members=frozenset({user.email}))
                ]
                jobs = [a_new_job(user, generation=kinds[number % 4]) for _ in range(3)]
                work.jobs.add_all(jobs)
                groups = rules if "groups" in request.param else []
                flows.entered(work, user.user_id, len(jobs), Caps(), NOON, groups=groups)
        if "ANALYZE" in request.param:
            with closing(sqlite3.connect(tmp_path / "invoke.db")) as shell:
                shell.execute("ANALYZE")
        yield Watched(database)


def steps(path: Path, statement: str) -> Sequence[str]:
    """Return how SQLite goes about a statement, as a new connection sees it."""
    with closing(sqlite3.connect(path)) as shell:
        return [row[3] for row in shell.execute(f"EXPLAIN QUERY PLAN {statement}")]


@pytest.mark.parametrize("mode", QueueMode)
def test_a_claim_is_six_statements_and_each_looks_for_what_it_names(
    watched: Watched, mode: QueueMode, tmp_path: Path
) -> None:
    with watched.database.writing() as work:
        worker_id = a_worker(work).worker_id
    rules = DispatchRules(mode=mode)
    dispatcher = Dispatcher(watched.writing, FixedClock(), rules)  # type: ignore[arg-type]
    dispatcher.claim(worker_id, "cpu", WARM)  # what is prepared once is prepared
    watched.written.clear()

    assert len(dispatcher.claim(worker_id, "cpu", WARM)) == 1

    assert 5 <= len(watched.written) <= 6
    taken = [step for text in watched.written for step in steps(tmp_path / "invoke.db", text)]
    assert [step for step in taken if "TEMP B-TREE" in step] == []
    walked = {step.split()[1] for step in taken if step.startswith("SCAN")}
    # One row, and one a group; what has no name is what was found before, a row each.
    assert {name for name in walked if "anon" not in name} <= {
        "queue_state",
        "queue_groups",
        "CONSTANT",
    }
