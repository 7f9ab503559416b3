"""The whole queue under 200 seeds of everything that goes wrong; and what the simulation must notice.

A seed that fails says by which command it is played again.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest import mock

import attrs
import pytest

from invoke_core.domain import fairness, queue
from invoke_core.services import flows, leases, results
from invoke_core.services import queue as queue_service
from invoke_core.services.leases import LeaseService, Watch
from invoke_core.services.results import ResultService
from tests.simulation.run import STEPS, SeedFailed, Simulation

GROUPS, SEEDS_A_GROUP = 20, 10
ENOUGH = 60  # seeds, of which one at least must notice what is broken


@pytest.mark.parametrize("group", range(GROUPS))
def test_nothing_that_goes_wrong_breaks_a_promise(group: int) -> None:
    for seed in range(group * SEEDS_A_GROUP, (group + 1) * SEEDS_A_GROUP):
        Simulation(seed).play(STEPS)


def test_a_seed_is_played_the_same_way_each_time() -> None:
    first, second, other = Simulation(11), Simulation(11), Simulation(12)
    for simulation in (first, second, other):
        simulation.play(200)

    assert first.told == second.told
    assert first.digest() != other.digest()


def test_a_failure_names_the_command_that_plays_it_again() -> None:
    with broken("leases are not looked at"), pytest.raises(SeedFailed) as failure:
        for seed in range(ENOUGH):
            Simulation(seed).play(300)

    assert f"python -m benchmarks.simulation --seed {seed} --steps 300" in str(failure.value)


def replaced(owner: Any, name: str, value: Any) -> AbstractContextManager[Any]:
    return mock.patch.object(owner, name, value)


def changed(owner: Any, name: str, change: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Give `change` what the method returns, and what it was called on."""
    original = getattr(owner, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return change(self, original(self, *args, **kwargs))

    return mock.patch.object(owner, name, method)


def keeps_no_files_back(self: ResultService, job: Any, pixels: Any, gpu_seconds: float) -> Any:
    """Record the picture first, and store its files afterwards."""
    made = self.files.made_of_pixels(pixels, {})
    name = queue.result_name(job)
    stored = results.StoredFiles(
        image_name=name, size_bytes=made.size_bytes, width=8, height=8, texts={}
    )
    image = self._record(job, stored, {}, gpu_seconds)
    self.files.store(made, name)
    return image


def ever_the_same(self: Any, *args: Any, **kwargs: Any) -> Any:
    return self


def contends_beyond_its_cap(flow: fairness.Flow) -> bool:
    return flow.pending > 0 and not (flow.suspended or flow.is_spent)


def silent_by_the_clock(self: Watch, beats: Any, now: float) -> frozenset[Any]:
    return frozenset()


def complete_twice(self: ResultService, job: Any, pixels: Any, gpu_seconds: float) -> Any:
    """Complete the job under another name for every try."""
    made = self.files.made_of_pixels(pixels, {})
    return self._record(job, self.files.store(made), {}, gpu_seconds)


def idle_beside_work(choose: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(candidates: Any, *args: Any, **kwargs: Any) -> Any:
        first = choose(candidates, *args, **kwargs)
        return None if first is not None and first.flow.user_id == "person-0" else first

    return chosen


def last_first(self: fairness.Contender, mode: Any) -> tuple[Any, ...]:
    oldest = self.flow.oldest_item_id or 0
    return (-self.standing(mode), self.flow.group_name, -self.flow.counter(mode), -oldest)


MUTANTS: dict[str, Callable[[], list[AbstractContextManager[Any]]]] = {
    "the fencing number is not looked at": lambda: [
        replaced(results, "require_lease", lambda job, fence: None),
    ],
    "leases are not looked at": lambda: [replaced(Watch, "silent", silent_by_the_clock)],
    "a lost job is forgotten": lambda: [
        changed(queue.Job, "given_back", lambda job, after: attrs.evolve(job, lease=None))
    ],
    "a job that kills its worker is tried for ever": lambda: [
        replaced(leases, "MAX_ATTEMPTS", 1_000_000)
    ],
    "files come after the row": lambda: [replaced(ResultService, "complete", keeps_no_files_back)],
    "results have new names": lambda: [replaced(ResultService, "complete", complete_twice)],
    "files of the dead stay": lambda: [
        replaced(flows, "_ends_without_picture", lambda move: False),
        replaced(LeaseService, "_discard", lambda self, jobs: None),
    ],
    "keys are forgotten": lambda: [
        replaced(queue_service, "remembered", lambda found, digest, now: None)
    ],
    "caps are not looked at": lambda: [
        replaced(fairness.Flow, "contends", property(contends_beyond_its_cap))
    ],
    "nobody is lifted": lambda: [replaced(fairness.Flow, "lifted", ever_the_same)],
    "nothing is charged": lambda: [
        replaced(fairness.Flow, "charged", lambda self, mode, cost: self)
    ],
    "a lost run stays charged": lambda: [
        changed(
            queue.Job,
            "given_back",
            lambda job, after: attrs.evolve(
                after, charged=job.charged, charged_policy=job.charged_policy
            ),
        )
    ],
    "weights count twice": lambda: [replaced(fairness.Flow, "charged", _charged_without_weight)],
    "the last is served first": lambda: [replaced(fairness.Contender, "order", last_first)],
    "counts are not kept": lambda: [replaced(flows, "_change", lambda move, status: 0)],
    "somebody is never chosen": lambda: [
        replaced(_dispatcher(), "choose", idle_beside_work(_dispatcher().choose))
    ],
}


def _dispatcher() -> Any:
    from invoke_core.services import dispatcher

    return dispatcher


def _charged_without_weight(self: fairness.Flow, mode: Any, cost: float) -> fairness.Flow:
    grown = attrs.evolve(self, weight=self.weight**-1)
    counted = _CHARGED(grown, mode, cost)
    return attrs.evolve(counted, weight=self.weight)


_CHARGED = fairness.Flow.charged


def broken(name: str) -> ExitStack:
    stack = ExitStack()
    for patch in MUTANTS[name]():
        stack.enter_context(patch)
    return stack


def findings(name: str) -> Iterator[str]:
    with broken(name):
        for seed in range(ENOUGH):
            try:
                Simulation(seed).play(STEPS)
            except SeedFailed as failure:
                yield str(failure)
                return


@pytest.mark.parametrize("name", MUTANTS)
def test_what_is_broken_on_purpose_is_noticed(name: str) -> None:
    assert list(findings(name)), f"no seed noticed that {name}"
