"""Workers that die, race and come back, on one database (R2, R14, R15, C42, C43)."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import attrs

from invoke_apps.worker import Worker
from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.queue import MAX_KILLS, Job, JobQuery, JobStatus
from invoke_core.errors import Conflict
from invoke_core.services.leases import DEAD_AFTER_SECONDS, Watch
from invoke_core.services.sweeping import SweepService
from invoke_core.testing.runner import FakeRunner
from tests.chaos.databases import damage
from tests.chaos.worker import POISON
from tests.queue_world import World
from tests.worker_process import world_in

HERE = Path(__file__).parents[2]
PATIENCE = 120.0


@attrs.frozen
class Ground:
    """Where a scenario happens."""

    folder: Path
    url: str  # of the database; a SQLite file lies in the folder


@attrs.frozen
class Outcome:
    """What a scenario found."""

    figures: str
    wrong: tuple[str, ...]  # promises that were broken, in words


class WorkerProcess:
    """A worker that can be killed."""

    def __init__(self, ground: Ground, seed: int, milliseconds: float = 0.0) -> None:
        """Start it; it is not ready yet."""
        path = os.pathsep.join([str(HERE), str(HERE / "src")])
        where = [str(ground.folder), ground.url]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.worker", *where, str(seed), str(milliseconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def wait_until_ready(self) -> None:
        """Return when it waits to be let go."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def let_go(self) -> None:
        """Let it run jobs until none is waiting."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def begun(self) -> int | None:
        """Return how many jobs it ran, once it is idle; None where it died."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return int(line) if line else None

    def kill(self) -> None:
        """Kill it, and wait for its end."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)


def world_on(ground: Ground) -> AbstractContextManager[World]:
    """Open the world of a scenario in this process."""
    return world_in(ground.folder, url=ground.url)


@contextmanager
def fleet(ground: Ground, count: int, milliseconds: float = 0.0) -> Iterator[list[WorkerProcess]]:
    """Start workers that wait to be let go, and end them."""
    workers = [WorkerProcess(ground, 100 + seed, milliseconds) for seed in range(count)]
    try:
        for worker in workers:
            worker.wait_until_ready()
        yield workers
    finally:
        for worker in workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGCONT)
            worker.kill()


def jobs_of(world: World) -> Sequence[Job]:
    with world.database.reading() as work:
        return work.jobs.list(JobQuery(limit=None)).items


def claims_of(world: World) -> Counter[int]:
    """Return how often each job was claimed, as it was told."""
    claims: Counter[int] = Counter()
    last = 0
    while True:
        with world.database.reading() as work:
            items = work.news.since(last, limit=10_000)
        for item in items:
            if item.body.get("status") == JobStatus.IN_PROGRESS:
                claims[int(item.body["item_id"] or 0)] += 1
            last = item.news_id
        if not items:
            return claims


def wrong_in(world: World, ground: Ground, expected: Sequence[ItemId]) -> tuple[str, ...]:
    """Return what does not hold though every job has ended: one set of results each, no file too many."""
    SweepService(
        world.database.reading, world.database.writing, world.storage
    ).remove_doomed_files()
    jobs = {job.item_id: job for job in jobs_of(world)}
    with world.database.reading() as work:
        query = ImageQuery(scope=ImageScope.VISIBLE, limit=1_000_000)
        rows = [i.image_name for i in work.images.list_visible(world.administrator, query).items]
    results = [name for job in jobs.values() for name in job.image_names]
    found = []
    if missing := set(expected) - jobs.keys():
        found.append(f"{len(missing)} jobs are lost")
    if left := [job for job in jobs.values() if not job.status.is_final]:
        found.append(f"{len(left)} jobs have not ended")
    ends = Counter(job.error_type for job in jobs.values() if job.error_type is not None)
    for error in ends.keys() - {"WorkerLost"}:
        found.append(f"{ends[error]} jobs failed with {error}")
    if any(
        (job.status is JobStatus.COMPLETED) != (len(job.image_names) == 1) for job in jobs.values()
    ):
        found.append("a completed job has not one picture, or another has one")
    if sorted(rows) != sorted(results):
        found.append("the pictures are not those of the jobs")
    if extra := set(world.storage.names()) ^ set(rows):
        found.append(f"{len(extra)} files or rows have no partner")
    if (verdict := damage(ground.url)) is not None:
        found.append(f"the database says {verdict}")
    try:
        world.assert_flows_are_consistent()
    except AssertionError:
        found.append("the flows miscount their jobs")
    return tuple(found)


def finish(world: World) -> float:
    """Run what is left in this process; return the seconds."""
    began = time.monotonic()
    Worker(world.parts(), FakeRunner()).run_until_idle()
    return time.monotonic() - began


def killed_workers(ground: Ground, kills: int, *, seed: int = 1) -> Outcome:
    """Kill a worker at so many random moments of its work (R2)."""
    chance = random.Random(seed)
    longest = 0.5 if ground.url.startswith("sqlite") else 1.5  # s; PostgreSQL is connected to first
    with world_on(ground) as world:
        people = world.people(4)
        item_ids: list[ItemId] = []
        coming = WorkerProcess(ground, 1000, 4.0)
        held: Counter[JobStatus | str] = Counter()
        for number in range(kills):
            if sum(job.status is JobStatus.PENDING for job in jobs_of(world)) < 120:
                for person in people:
                    item_ids += world.enqueue(person, runs=15, steps=3)
            worker, coming = coming, WorkerProcess(ground, 1001 + number, 4.0)
            worker.wait_until_ready()
            worker.let_go()
            time.sleep(chance.uniform(0.02, longest))
            worker.kill()
            running = [job for job in jobs_of(world) if job.status is JobStatus.IN_PROGRESS]
            held[f"{len(running)} held"] += 1
        coming.wait_until_ready()
        coming.kill()
        seconds = finish(world)
        wrong = wrong_in(world, ground, item_ids)
        if seconds > 60 and kills <= 20:
            wrong = (*wrong, f"what was left took {seconds:.0f} s")
        ends = Counter(job.error_type or job.status.value for job in jobs_of(world))
        attempts = Counter(job.attempts for job in jobs_of(world))
    told = ", ".join(f"{count:,} {end}" for end, count in ends.most_common())
    stages = ", ".join(f"{count} × {stage}" for stage, count in sorted(held.items()))
    return Outcome(
        f"{kills} kills ({stages}); {told}; attempts {dict(sorted(attempts.items()))}", wrong
    )


def racing_workers(ground: Ground, workers: int, jobs: int) -> Outcome:
    """Let workers in processes of their own race for the same jobs (R14)."""
    with world_on(ground) as world:
        item_ids: list[ItemId] = []
        for person in world.people(10):
            item_ids += world.enqueue(person, runs=jobs // 10)
        with fleet(ground, workers) as crowd:
            began = time.monotonic()
            for worker in crowd:
                worker.let_go()
            begun = [worker.begun() or 0 for worker in crowd]
            seconds = time.monotonic() - began
        wrong = list(wrong_in(world, ground, item_ids))
        claims = claims_of(world)
        if sum(begun) != len(item_ids) or set(claims.values()) != {1}:
            wrong.append("a job was begun twice, or never")
        if any(job.status is not JobStatus.COMPLETED for job in jobs_of(world)):
            wrong.append("a job was not completed, though nothing died")
        ends = Counter(job.status.value for job in jobs_of(world))
    return Outcome(
        f"{dict(ends)}, begun {begun}, {len(item_ids) / seconds:.0f} a second", tuple(wrong)
    )


def zombies(ground: Ground, rounds: int) -> Outcome:
    """Stop a worker amid its work (SIGSTOP) past its lease, let others finish, and let it go on (R15).

    The observer's monotonic clock is moved by hand, so that nobody waits for half a minute; the stopped
    process is a real one, and finds out when it wakes.
    """
    late = amid = 0
    with world_on(ground) as world, fleet(ground, 1, 30.0) as (zombie,):
        (person,) = world.people(1)
        item_ids: list[ItemId] = []
        for _ in range(rounds):
            item_ids += world.enqueue(person, runs=4, steps=2)
            zombie.let_go()
            _wait_for_claim(world)
            amid += _stop_outside_transactions(zombie, ground)
            held = [job for job in jobs_of(world) if job.status is JobStatus.IN_PROGRESS]
            late += len(held)
            watch = Watch()
            world.leases.take_over(watch)
            world.clock.advance(DEAD_AFTER_SECONDS + 1)
            world.leases.take_over(watch)
            finish(world)
            zombie.process.send_signal(signal.SIGCONT)
            assert zombie.begun() is not None
        zombie.kill()
        wrong = list(wrong_in(world, ground, item_ids))
        ends = Counter(job.error_type or job.status.value for job in jobs_of(world))
    told = f"{rounds} stops ({amid} anew, outside a transaction), {late} late holders refused"
    return Outcome(f"{told}; {dict(ends)}", tuple(wrong))


def _stop_outside_transactions(worker: WorkerProcess, ground: Ground) -> int:
    """Stop the process where it does not hold the write lock; return how often it did.

    Whoever is stopped amid a transaction keeps every other writer waiting, and no lease can change that.
    """
    tries = 0
    while True:
        worker.process.send_signal(signal.SIGSTOP)
        os.waitpid(worker.process.pid, os.WUNTRACED)  # until it really stands still
        connection = sqlite3.connect(
            ground.folder / "invokeai.db", timeout=0.5, isolation_level=None
        )
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            tries += 1
            worker.process.send_signal(signal.SIGCONT)
            time.sleep(0.005)
        else:
            return tries
        finally:
            connection.close()


def _wait_for_claim(world: World) -> list[Job]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        running = [job for job in jobs_of(world) if job.status is JobStatus.IN_PROGRESS]
        if running:
            return running
        time.sleep(0.002)
    raise AssertionError("the worker never claimed a job")


def poison(ground: Ground, jobs: int, poisoned: int, *, seed: int = 1) -> Outcome:
    """Mix jobs that kill their worker among others (C42): those fail, the others are drawn."""
    chance = random.Random(seed)
    prompts = [POISON] * poisoned + ["a red circle"] * (jobs - poisoned)
    chance.shuffle(prompts)
    with world_on(ground) as world:
        people = world.people(5)
        bad: list[ItemId] = []
        item_ids: list[ItemId] = []
        for prompt in prompts:
            (item_id,) = world.enqueue(chance.choice(people), prompt=prompt)
            item_ids.append(item_id)
            if prompt == POISON:
                bad.append(item_id)
        deaths, seeds = 0, iter(range(2000, 3000))
        while True:
            worker = WorkerProcess(ground, next(seeds))
            worker.wait_until_ready()
            worker.let_go()
            begun = worker.begun()
            worker.kill()
            if begun is not None:
                break
            deaths += 1
        wrong = list(wrong_in(world, ground, item_ids))
        ends = {job.item_id: job.status for job in jobs_of(world)}
        if {i for i, status in ends.items() if status is JobStatus.FAILED} != set(bad):
            wrong.append("others than the poisoned jobs failed")
        if deaths > MAX_KILLS * poisoned:
            wrong.append(f"{deaths} workers died of {poisoned} jobs")
        counted = Counter(status.value for status in ends.values())
    return Outcome(f"{dict(counted)}, {deaths} workers died", tuple(wrong))


def cancels(ground: Ground, jobs: int, *, seed: int = 1) -> Outcome:
    """Cancel jobs at random moments while a worker runs them (C43): either they are canceled or done."""
    chance = random.Random(seed)
    refused = answered = 0
    with world_on(ground) as world, fleet(ground, 2, 3.0) as crowd:
        people = world.people(4)
        item_ids: list[ItemId] = []
        said: dict[ItemId, JobStatus] = {}
        while len(item_ids) < jobs:
            batch: list[ItemId] = []
            for person in people:
                batch += world.enqueue(person, runs=min(25, max(1, jobs // 4)), steps=2)
            item_ids += batch
            for worker in crowd:
                worker.let_go()
            threads = []
            lock = threading.Lock()

            def cancel(item_id: ItemId, lock: threading.Lock = lock) -> None:
                nonlocal refused, answered
                try:
                    seen = world.queue.cancel(world.administrator, item_id)
                except Conflict:
                    with lock:
                        refused += 1
                else:
                    with lock:
                        answered += 1
                        said[item_id] = seen.status

            for item_id in batch:
                thread = threading.Thread(target=cancel, args=(item_id,))
                threads.append(thread)
                time.sleep(0.02 * chance.random())
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
            for worker in crowd:
                assert worker.begun() is not None
        wrong = list(wrong_in(world, ground, item_ids))
        ends = {job.item_id: job.status for job in jobs_of(world)}
        if any(ends[item_id] is not JobStatus.CANCELED for item_id in said):
            wrong.append("a job was called canceled and was drawn all the same")
        if sum(status is JobStatus.CANCELED for status in ends.values()) != len(said):
            wrong.append("a job is canceled that nobody was told of")
    return Outcome(f"{answered:,} canceled, {refused:,} done before", tuple(wrong))
