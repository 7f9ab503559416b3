"""Uploads of many people at once, and bodies without end, at the real server; the benchmark counts more."""

from pathlib import Path

from benchmarks.uploads import drip, flood, upload_at_once
from tests.e2e.running import first_administrator, multiuser_root, running


def test_nothing_is_lost_of_what_many_send_at_once(tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root", workers="external", max_upload_bytes=2_000_000)
    with running(root) as server:
        administrator = first_administrator(server)

        done = upload_at_once(server, administrator, people=5, pictures=40, asks=20)
        assert (done.sent, done.stored, done.refused) == (40, 40, 0)
        assert done.bytes_in_statistics == done.bytes_on_disk

        flooded = flood(server, administrator, gibibytes=0.5)
        assert flooded.status == 413
        assert flooded.grown_megabytes < 64

        assert drip(server, administrator, sockets=50, asks=20) > 0
        assert "ERROR" not in "\n".join(server.output.lines)
