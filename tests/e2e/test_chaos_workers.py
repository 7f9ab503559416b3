"""Workers that die, hang, race and come back; the full counts are run by `python -m benchmarks.chaos`."""

from pathlib import Path

from tests.chaos import workers


def test_workers_killed_at_random_moments_lose_no_job_and_store_none_twice(tmp_path: Path) -> None:
    assert workers.killed_workers(tmp_path, 4).wrong == ()


def test_workers_that_race_run_each_job_once(tmp_path: Path) -> None:
    assert workers.racing_workers(tmp_path, workers=4, jobs=100).wrong == ()


def test_a_worker_that_was_stopped_past_its_lease_stores_nothing_when_it_goes_on(
    tmp_path: Path,
) -> None:
    assert workers.zombies(tmp_path, rounds=3).wrong == ()


def test_jobs_that_kill_their_worker_fail_and_the_others_are_drawn(tmp_path: Path) -> None:
    assert workers.poison(tmp_path, jobs=20, poisoned=1).wrong == ()


def test_a_job_is_canceled_or_done_and_never_both(tmp_path: Path) -> None:
    assert workers.cancels(tmp_path, jobs=60).wrong == ()
