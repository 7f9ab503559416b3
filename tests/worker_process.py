"""A worker in a process of its own, with the fake runner, on SQLite; it may be held at a stage of a job.

    python -m tests.worker_process FOLDER SEED [STAGE]

It says "ready", waits for a line, runs jobs until none is waiting, and says how many. At its stage it says
"reached" and waits for what never comes, so that it can be killed there.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from invoke_adapters.files import FileImageStorage
from invoke_adapters.sql import open_database, open_progress_store
from invoke_adapters.system import HostProcesses
from invoke_apps.worker import Worker
from invoke_core.domain.fairness import QueueMode
from invoke_core.ports.storage import Rendition
from invoke_core.ports.unit_of_work import Work
from invoke_core.testing.fakes import FakeRandomness
from invoke_core.testing.runner import FakeRunner
from tests.queue_world import World

STAGES = ("claimed", "denoising", "file written", "before the commit")


@contextmanager
def world_in(folder: Path, seed: int = 0, url: str | None = None) -> Iterator[World]:
    """Open the world that several processes share; its database is a file in the folder unless named."""
    url = url or f"sqlite:///{folder}/invokeai.db"
    run = folder / "run"
    with (
        open_database(url, busy_timeout=60.0, run_folder=run) as database,
        open_progress_store(url, run_folder=run) as progress,
    ):
        world = World(
            QueueMode.ROUND_ROBIN,
            database=database,
            storage=FileImageStorage(folder / "images"),
            processes=HostProcesses(),
            randomness=FakeRandomness(seed),
            progress=progress,
        )
        try:
            yield world
        finally:
            world.news.stop()


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def stay() -> None:
    say("reached")
    sys.stdin.read()


class HeldStorage:
    """Holds the process after a picture and its thumbnail were written."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def put(self, image_name: Any, rendition: Rendition, content: bytes) -> None:
        self._storage.put(image_name, rendition, content)
        if rendition is Rendition.THUMBNAIL:
            stay()


def held_writing(writing: Callable[[], Any]) -> Callable[[], Any]:
    """Hold the process when everything is written and nothing is committed."""

    @contextmanager
    def held() -> Iterator[Work]:
        with writing() as work:
            yield work
            stay()

    return held


class HeldRequests:
    """Holds the process when a job is claimed and nothing else has happened."""

    def prepare(self, job: Any) -> Any:
        stay()


def worker_of(world: World, stage: str) -> Worker:
    """Return a worker that stays at the stage."""
    parts, runner = world.parts(), FakeRunner()
    match stage:
        case "claimed":
            parts = attrs.evolve(parts, requests=HeldRequests())
        case "denoising":
            runner = FakeRunner(before_step=lambda request, step: stay() if step == 2 else None)
        case "file written":
            files = attrs.evolve(parts.results.files, storage=HeldStorage(world.storage))
            parts = attrs.evolve(parts, results=attrs.evolve(parts.results, files=files))
        case "before the commit":
            writing = held_writing(world.database.writing)
            parts = attrs.evolve(parts, results=attrs.evolve(parts.results, writing=writing))
    return Worker(parts, runner)


def main() -> None:
    folder, seed, *stage = sys.argv[1:]
    with world_in(Path(folder), int(seed)) as world:
        worker = worker_of(world, stage[0] if stage else "")
        say("ready")
        sys.stdin.readline()
        say(str(worker.run_until_idle()))


if __name__ == "__main__":
    main()
