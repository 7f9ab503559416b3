"""Who runs a job now, and what becomes of the jobs of a worker that is gone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import attrs

from invoke_core.domain.fairness import Flow
from invoke_core.domain.identifiers import ItemId, UserId, WorkerId
from invoke_core.domain.queue import (
    MAX_ATTEMPTS,
    MAX_KILLS,
    DeviceMemory,
    Job,
    WorkerRecord,
    result_name,
    suspects,
)
from invoke_core.errors import Unavailable
from invoke_core.ports.clock import Clock
from invoke_core.ports.processes import Processes
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.storage import ImageStorage
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services import flows
from invoke_core.services.flows import Move

BEAT_SECONDS = 5.0  # how often a worker shows that it is alive
DEAD_AFTER_SECONDS = 30.0  # without a beat, on the observer's monotonic clock


@attrs.frozen
class LeaseService:
    """Keeps the list of living workers, and takes jobs back from the dead."""

    reading: Reading
    writing: Writing
    clock: Clock
    storage: ImageStorage
    processes: Processes
    progress: ProgressStore

    def register(self, worker: WorkerRecord) -> None:
        """Keep a new worker; raise Conflict where its id is taken."""
        with self.writing() as work:
            work.workers.add(worker)

    def beat(self, worker_id: WorkerId, memory: Sequence[DeviceMemory] = ()) -> bool:
        """Show that the worker is alive; return False where others have given it up.

        Args:
            worker_id: the worker.
            memory: of its devices.
        """
        with self.writing() as work:
            return work.workers.beat(worker_id, memory)

    def leave(self, worker_id: WorkerId) -> None:
        """Forget a worker that stops as it should; the jobs that it still holds wait again.

        The attempt does not count, and what was charged is refunded.
        """
        now = self.clock.now()
        with self.writing() as work:
            held = work.workers.leased_jobs(worker_id)
            returned = [Move(job, job.given_back(now, counts_as_attempt=False)) for job in held]
            flows.move(work, returned, now)
            work.workers.remove(worker_id)
        self._discard(held)

    def bury(self, worker_ids: Sequence[WorkerId]) -> Sequence[Job]:
        """Forget workers that are dead, and take back every job that nobody holds any more.

        A job waits again, refunded, until its attempts are used up; then it fails: after two deaths of which
        nothing else can be the cause. Those that cannot have killed their worker lose no attempt, so that a
        job that does takes no others with it.

        Returns:
            The jobs as they were.
        """
        now = self.clock.now()
        with self.writing() as work:
            for worker_id in worker_ids:
                work.workers.remove(worker_id)
            orphans = work.workers.orphaned_jobs()
            blamed = self._blamed(orphans)
            moves = [Move(job, _after_loss(job, blamed.get(job.item_id), now)) for job in orphans]
            flows.move(work, moves, now)
            for user_id in _returned(work, work.flows.held_back()):
                flows.resume(work, user_id, now)
            for flow in _spent_before(work.flows.held_back(), now):
                flows.reconsider(work, flow, now)
        self._discard(orphans)
        return orphans

    def take_over(self, watch: "Watch") -> Sequence[Job]:
        """Look for dead workers and bury them; return the jobs that were taken back, as they were.

        Cheap where nobody died: every worker does it after each beat.
        """
        with self.reading() as work:
            workers = work.workers.list()
            held_back = work.flows.held_back()
            is_due = bool(
                work.workers.orphaned_jobs()
                or _returned(work, held_back)
                or _spent_before(held_back, self.clock.now())
            )
        beats = {worker.worker_id: worker.beat for worker in workers}
        silent = watch.silent(beats, self.clock.monotonic())
        dead = [
            worker.worker_id
            for worker in workers
            if worker.worker_id in silent or self.processes.is_gone(worker.process)
        ]
        return self.bury(dead) if dead or is_due else []

    def _blamed(self, orphans: Sequence[Job]) -> Mapping[ItemId, int]:
        """Return how many attempts each job has that may have killed its worker."""
        by_worker: dict[WorkerId, list[Job]] = defaultdict(list)
        for job in orphans:
            if job.lease is not None:
                by_worker[job.lease.worker_id].append(job)
        progress = self.progress.get([job.item_id for job in orphans])
        blamed: dict[ItemId, int] = {}
        for held in by_worker.values():
            found = suspects(held, progress)
            most = MAX_ATTEMPTS if len(found) > 1 else MAX_KILLS
            blamed.update(dict.fromkeys(found, most))
        return blamed

    def _discard(self, jobs: Sequence[Job]) -> None:
        """Remove what a dead holder may have stored and told before it could complete the job."""
        for job in jobs:
            self.storage.remove(result_name(job))
        # A process that was stopped amid a report may hold the store of progress: then the next holder's
        # first word takes the place of this one's last.
        with suppress(Unavailable):
            for job in jobs:
                self.progress.remove(job.item_id)


class Watch:
    """What one observer has seen of the beats of others. Not thread-safe."""

    def __init__(self) -> None:
        self._moved: dict[WorkerId, tuple[int, float]] = {}

    def silent(self, beats: Mapping[WorkerId, int], now: float) -> frozenset[WorkerId]:
        """Return the workers whose beat has not moved for too long.

        Args:
            beats: of the workers that are kept.
            now: seconds on the observer's monotonic clock.
        """
        for worker_id, beat in beats.items():
            if self._moved.get(worker_id, (None, 0.0))[0] != beat:
                self._moved[worker_id] = (beat, now)
        self._moved = {worker_id: self._moved[worker_id] for worker_id in beats}
        return frozenset(
            worker_id
            for worker_id, (_, moved) in self._moved.items()
            if now - moved > DEAD_AFTER_SECONDS
        )


def _after_loss(job: Job, most: int | None, now: datetime) -> Job:
    """Return a job whose worker died; `most` is how many attempts it has, None: it cannot be the cause."""
    if most is None or job.attempts < most:
        return job.given_back(now, counts_as_attempt=most is not None)
    return job.failed(
        "WorkerLost",
        f"The worker ended {job.attempts} times while it ran this job: ask the administrator to look"
        " into the log, or try a smaller picture.",
        now,
    )


def _spent_before(held_back: Sequence[Flow], now: datetime) -> Sequence[Flow]:
    """Return the flows that wait for a day that has begun."""
    return [flow for flow in held_back if flow.is_spent and flow != flow.on(now.date())]


def _returned(work: Work, held_back: Sequence[Flow]) -> Sequence[UserId]:
    """Return whose flow is suspended though the account is active.

    An account can be reactivated without this program, by hand in the database.
    """
    suspended = [flow.user_id for flow in held_back if flow.suspended]
    if not suspended:
        return []
    return [user.user_id for user in work.users.get_many(suspended) if flows.may_run(user)]
