"""Controls C34 and C37 over the whole application; the full counts: `benchmarks.surface`."""

import socket

import pytest

from benchmarks.surface import allowed_tricks, fuzz, lacking_headers
from invoke_apps.cli.web import SLOW_SECONDS, _bound
from tests.unit.whole_app import open_site


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_answer_has_its_headers(tmp_path, scheme):
    with open_site(tmp_path, scheme=scheme) as site:
        answers, lacking = lacking_headers(site)

    assert answers > 100
    assert lacking == []


@pytest.mark.parametrize("multiuser", [True, False])
def test_no_trick_with_host_or_origin_gets_through(tmp_path, multiuser):
    with open_site(tmp_path, multiuser=multiuser) as site:
        tricks, allowed = allowed_tricks(site)
        own = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]
        if not multiuser:
            assert site.raw("POST", "/api/v1/boards/", b"board_name=x", own) == 201

    assert tricks >= 30
    assert allowed == []


def test_hostile_texts_make_one_line_each_and_no_fault(tmp_path):
    with open_site(tmp_path) as site:
        fuzzed = fuzz(site, 600)

    assert fuzzed.lines == fuzzed.records
    assert fuzzed.access_lines == fuzzed.requests
    assert (fuzzed.broken_lines, fuzzed.unsafe_console_lines, fuzzed.traces) == (0, 0, 0)
    assert fuzzed.faults == []


def test_a_connection_whose_client_takes_nothing_ends():
    with _bound("127.0.0.1", 0) as listener:
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
        with accepted:
            waits = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert waits == SLOW_SECONDS * 1000
