"""What ends a sign-in ends it at the next request, and its event stream at once (C14, C35)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.streams import Stream
from benchmarks.tokens import ENDING_CAUSES, endings
from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    person,
    running,
)


@pytest.mark.parametrize(
    ("by_command", "causes"), [(False, ENDING_CAUSES), (True, ("deactivation", "deletion"))]
)
def test_a_sign_in_is_over_at_once(
    server: RunningServer, by_command: bool, causes: Sequence[str]
) -> None:
    first_administrator(server)

    found = list(endings(server, causes, by_command=by_command))

    assert [ending.cause for ending in found] == list(causes)
    assert [ending.cause for ending in found if ending.stale] == []


def test_a_stream_ends_with_its_token(tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root", jwt_token_expiry_hours=4 / 3600)
    with running(root) as server:
        ada = first_administrator(server)
        with Stream(server.url, ada.headers["authorization"]) as stream:
            stream.wait_for("session_ended")
            stream.wait_for_end()


def test_a_person_has_twenty_streams_and_others_have_theirs(server: RunningServer) -> None:
    ada = first_administrator(server)
    lee = add_person(ada, server, "lee@example.com")
    streams = [Stream(server.url, ada.headers["authorization"]) for _ in range(20)]
    for stream in streams:
        stream.__enter__()
        stream.wait_for("welcome")
    try:
        refused = ada.get("/api/v1/queue/default/events")
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) == 5
        again = person(server, "admin@example.com")
        assert again.get("/api/v1/queue/default/events").status_code == 429
        with Stream(server.url, lee.headers["authorization"]) as other:
            other.wait_for("welcome")
    finally:
        for stream in streams:
            stream.__exit__(None, None, None)
    with Stream(server.url, ada.headers["authorization"]) as stream:
        stream.wait_for("welcome")
