"""Whatever a crash left between rows and files, the doctor finds and mends (R18)."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tests.picture_process as pictures
from tests.e2e.running import (
    BIN,
    PATIENCE,
    environment,
    first_administrator,
    multiuser_root,
    running,
)
from tests.picture_process import STAGES


def doctor(root: Path, *options: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [BIN / "invoke-admin", "doctor", "--root", str(root), "--json", *options],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def names(root: Path) -> list[str]:
    folder = root / "outputs" / "images"
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("stage", STAGES)
def test_a_crash_between_file_and_row_is_mended(tmp_path: Path, stage: str) -> None:
    root = multiuser_root(tmp_path / "root")
    project = Path(pictures.__file__).parents[1]
    killed = subprocess.run(
        [sys.executable, pictures.__file__, str(root), stage],
        env=environment(PYTHONPATH=f"{project}:{project / 'src'}"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    before = names(root)

    code, report = doctor(root)
    assert code == 1, report
    assert names(root) == before  # a look changes nothing
    assert sum(finding["count"] for finding in report["findings"]) == 1

    code, report = doctor(root, "--repair")
    assert (code, report["ok"]) == (0, True), report

    assert doctor(root)[0] == 0
    left = 2 if "goes" in stage or stage == "amid its files" else 3
    assert report["pictures"] == left
    assert len(names(root)) == 2 * left


def test_beside_a_running_server_the_doctor_keeps_off_what_is_young(tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root")
    with running(root) as server:
        first_administrator(server)
        name = "11111111-1111-4111-8111-111111111111.png"
        folder = root / "outputs" / "images" / name[:3]
        folder.mkdir()
        (folder / name).write_bytes(b"being stored")

        code, report = doctor(root, "--repair")
        assert (code, report["too_young"], report["findings"]) == (0, 1, [])
        assert server.stop() == 0

    code, report = doctor(root)
    assert (code, report["too_young"]) == (1, 0)
