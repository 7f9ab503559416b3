"""The server killed, stopped, kept waiting and crowded; full counts: `python -m benchmarks.chaos`."""

from pathlib import Path

from tests.chaos import servers


def test_fifty_submissions_at_once_with_one_key_are_one_job(tmp_path: Path) -> None:
    assert servers.same_key(tmp_path, 50).wrong == ()


def test_a_server_that_is_killed_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    assert servers.killed_server(tmp_path, 2, clients=8).wrong == ()


def test_a_server_that_is_told_to_stop_amid_work_gives_it_back(tmp_path: Path) -> None:
    assert servers.stopped_server(tmp_path, 1).wrong == ()


def test_a_runner_that_hangs_is_ended_and_its_job_runs_again(tmp_path: Path) -> None:
    assert servers.hung_workers(tmp_path, 2).wrong == ()


def test_a_database_that_is_busy_for_a_moment_is_no_error(tmp_path: Path) -> None:
    assert servers.busy_database(tmp_path, 1).wrong == ()


def test_event_connections_that_drop_leave_no_hole(tmp_path: Path) -> None:
    assert servers.dropped_streams(tmp_path, 10).wrong == ()
