"""Workers in processes of their own on one SQLite database: none runs a job twice, none loses one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from invoke_apps.worker import Worker
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.queue import JobQuery, JobStatus
from invoke_core.testing.runner import FakeRunner
from tests.queue_world import World
from tests.worker_process import STAGES, world_in

HERE = Path(__file__).parents[2]
PATIENCE = 120.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as world:
        yield world


def started(folder: Path, seed: int, *stage: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join([str(HERE), str(HERE / "src")])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.worker_process", str(folder), str(seed), *stage],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert process.stdout.readline() == "ready\n"
    return process


def let_go(process: "subprocess.Popen[str]") -> None:
    process.stdin.write("go\n")
    process.stdin.flush()


def pictures(world: World) -> list[Any]:
    with world.database.reading() as work:
        query = ImageQuery(scope=ImageScope.VISIBLE, limit=1000)
        return list(work.images.list_visible(world.administrator, query).items)


def test_two_workers_on_one_root_never_run_a_job_twice(tmp_path: Path, world: World) -> None:
    item_ids = [item_id for person in world.people(4) for item_id in world.enqueue(person, runs=50)]
    processes = [started(tmp_path, seed) for seed in (1, 2, 3)]
    for process in processes:
        let_go(process)

    begun = [int(process.communicate(timeout=PATIENCE)[0]) for process in processes]

    assert sum(begun) == len(item_ids) == 200
    with world.database.reading() as work:
        jobs = work.jobs.list(JobQuery(limit=None)).items
        told = [item.body for item in work.news.since(0, limit=100_000) if "status" in item.body]
    claims = [body["item_id"] for body in told if body["status"] == "in_progress"]
    assert sorted(claims) == sorted(item_ids)
    assert {(job.status, job.attempts) for job in jobs} == {(JobStatus.COMPLETED, 1)}
    names = {image.image_name for image in pictures(world)}
    assert len(names) == 200
    assert names == set(world.storage.names()) == {job.image_names[0] for job in jobs}
    world.assert_flows_are_consistent()


@pytest.mark.parametrize("stage", STAGES)
def test_a_job_whose_worker_is_killed_finishes_after_the_restart(
    tmp_path: Path, world: World, stage: str
) -> None:
    person = world.person()
    (item_id,) = world.enqueue(person, steps=3)
    process = started(tmp_path, 1, stage)
    let_go(process)
    assert process.stdout.readline() == "reached\n"
    process.kill()
    process.communicate(timeout=PATIENCE)
    assert world.job(item_id).status is JobStatus.IN_PROGRESS

    assert Worker(world.parts(), FakeRunner()).run_until_idle() == 1

    job = world.job(item_id)
    assert (job.status, job.attempts) == (JobStatus.COMPLETED, 2)
    assert [image.image_name for image in pictures(world)] == list(job.image_names)
    assert list(world.storage.names()) == list(job.image_names)
    left = [path.name for path in (tmp_path / "images").rglob("*") if path.is_file()]
    assert len(left) == 2  # the picture and its thumbnail
    assert world.flow(person).round_robin == 1.0  # the lost run is not charged
    world.assert_flows_are_consistent()
