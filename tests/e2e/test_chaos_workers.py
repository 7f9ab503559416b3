"""Workers that die, hang, race and come back; the full counts are run by `python -m benchmarks.chaos`."""

import pytest

from tests.chaos import workers
from tests.chaos.databases import NAMES
from tests.chaos.workers import Ground


@pytest.mark.parametrize("ground", NAMES, indirect=True)
def test_workers_killed_at_random_moments_lose_no_job_and_store_none_twice(ground: Ground) -> None:
    assert workers.killed_workers(ground, 4).wrong == ()


def test_workers_that_race_run_each_job_once(ground: Ground) -> None:
    assert workers.racing_workers(ground, workers=4, jobs=100).wrong == ()


def test_a_worker_that_was_stopped_past_its_lease_stores_nothing_when_it_goes_on(
    ground: Ground,
) -> None:
    assert workers.zombies(ground, rounds=3).wrong == ()


def test_jobs_that_kill_their_worker_fail_and_the_others_are_drawn(ground: Ground) -> None:
    assert workers.poison(ground, jobs=20, poisoned=1).wrong == ()


def test_a_job_is_canceled_or_done_and_never_both(ground: Ground) -> None:
    assert workers.cancels(ground, jobs=60).wrong == ()
