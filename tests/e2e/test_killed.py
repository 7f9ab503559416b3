"""Whatever is killed at whatever stage: after a restart the job finishes, its picture is there once."""

import os
import re
import select
import signal
from pathlib import Path

import pytest

from tests.e2e.held.sitecustomize import STAGES
from tests.e2e.running import (
    RunningServer,
    first_administrator,
    multiuser_root,
    person,
    running,
    until_finished,
)

MOST_SECONDS = 120.0
HELD = Path(__file__).parent / "held"


def reach(pipes: Path) -> None:
    """Wait until the worker is held, and let it not be held again."""
    pipe = os.open(pipes / "reached", os.O_RDONLY | os.O_NONBLOCK)
    try:
        heard, _, _ = select.select([pipe], [], [], MOST_SECONDS)
    finally:
        os.close(pipe)
    assert heard, "the worker never came to the stage"
    (pipes / "reached").unlink()


def kill_worker(server: RunningServer) -> None:
    said = server.output.wait_for(r"The worker on \S+ starts as process (\d+)")
    os.kill(int(said[1]), signal.SIGKILL)


def files(root: Path) -> list[str]:
    return sorted(p.suffix for p in (root / "outputs" / "images").rglob("*") if p.is_file())


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("victim", ["worker", "server"])
def test_a_job_survives(tmp_path: Path, victim: str, stage: str) -> None:
    root = multiuser_root(tmp_path / "root")
    for pipe in ("reached", "go"):
        os.mkfifo(tmp_path / pipe)
    held = {
        "INVOKE_TEST_STAGE": stage,
        "INVOKE_TEST_PIPES": str(tmp_path),
        "PYTHONPATH": str(HELD),
    }

    with running(root, **held) as server:
        ada = first_administrator(server)
        generation = {"model": "demo-shapes", "prompt": "a red circle", "steps": 8}
        answer = ada.post(
            "/api/v1/queue/default/enqueue_batch", json={"batch": {"generation": generation}}
        )
        (item_id,) = answer.json()["item_ids"]
        reach(tmp_path)
        if victim == "worker":
            kill_worker(server)
            job = until_finished(ada, item_id)
        else:
            server.kill()
            (tmp_path / "go").write_text("")  # its worker finds the pipe closed, and ends
            with running(root) as again:
                job = until_finished(person(again, "admin@example.com"), item_id)

    assert job["status"] == "completed"
    with running(root) as last:
        images = person(last, "admin@example.com").get("/api/v1/images/").json()
        assert [image["image_name"] for image in images["items"]] == job["image_names"]
        assert re.fullmatch(r"[0-9a-f-]{36}\.png", job["image_names"][0])
    assert files(root) == [".png", ".webp"]
