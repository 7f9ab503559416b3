"""The server killed, stopped, kept waiting and crowded; full counts: `python -m benchmarks.chaos`."""

import pytest

from tests.chaos import servers
from tests.chaos.databases import NAMES
from tests.chaos.workers import Ground


def test_fifty_submissions_at_once_with_one_key_are_one_job(ground: Ground) -> None:
    assert servers.same_key(ground, 50).wrong == ()


@pytest.mark.parametrize("ground", NAMES, indirect=True)
def test_a_server_that_is_killed_loses_nothing_that_it_acknowledged(ground: Ground) -> None:
    assert servers.killed_server(ground, 2, clients=8).wrong == ()


def test_a_server_that_is_told_to_stop_amid_work_gives_it_back(ground: Ground) -> None:
    assert servers.stopped_server(ground, 1).wrong == ()


def test_a_runner_that_hangs_is_ended_and_its_job_runs_again(ground: Ground) -> None:
    assert servers.hung_workers(ground, 2).wrong == ()


def test_a_database_that_is_busy_for_a_moment_is_no_error(ground: Ground) -> None:
    assert servers.busy_database(ground, 1).wrong == ()


def test_event_connections_that_drop_leave_no_hole(ground: Ground) -> None:
    assert servers.dropped_streams(ground, 10).wrong == ()
