"""When the pending jobs are expected to start: played forward once, and kept for a second."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import attrs

from invoke_core.domain.estimates import Expectation, expectation
from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.forecast import HORIZON, Start, left, starts
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.queue import Job, JobQuery, JobStatus
from invoke_core.ports.unit_of_work import Work

KEPT_SECONDS = 1.0
STRETCH = 50  # jobs of one flow that a forecast reads at once


@attrs.frozen
class Place:
    """Where a pending job stands."""

    position: int  # 1 = next
    wait: Expectation  # until it starts


class Forecasts:
    """The latest forecast of a process: many people look at their jobs at once. Thread-safe."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.Lock()
        self._at: float | None = None
        self._places: Mapping[ItemId, Place] = {}

    def places(
        self, work: Work, mode: QueueMode, now: datetime, monotonic: float, wanted: Iterable[Job]
    ) -> Mapping[ItemId, Place]:
        """Return the places of pending jobs, among them the wanted ones unless they are too far behind.

        A job that the kept forecast does not know came after it: then it is made anew.

        Args:
            work: a unit of work.
            mode: the policy.
            now: the present.
            monotonic: the present on the monotonic clock, in seconds.
            wanted: pending jobs.
        """
        unknown = {job.item_id for job in wanted} - self._places.keys()
        is_fresh = self._at is not None and monotonic - self._at < KEPT_SECONDS
        if is_fresh and (not unknown or len(self._places) >= HORIZON):
            return self._places
        with self._lock:
            played = forecast(work, mode, now)
            self._places = {
                start.job.item_id: Place(position, start.wait)
                for position, start in enumerate(played, start=1)
            }
            self._at = monotonic
            return self._places


def forecast(work: Work, mode: QueueMode, now: datetime) -> Iterator[Start]:
    """Yield the next starts of the queue."""
    measured = work.queue.run_seconds()
    devices = sum(len(worker.devices) for worker in work.workers.list()) or 1
    running = work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS, limit=None)).items
    busy = [
        left(expectation(job.generation, measured), (now - job.started_at).total_seconds())
        for job in running
        if job.started_at is not None
    ]
    return starts(
        work.flows.list_active(),
        work.groups.list(),
        mode,
        lambda user_id: _upcoming(work, user_id),
        lambda job: expectation(job.generation, measured),
        [*busy, *[Expectation(0.0)] * (devices - len(busy))],
    )


def _upcoming(work: Work, user_id: UserId) -> Iterator[Job]:
    for offset in range(0, HORIZON, STRETCH):
        jobs = work.jobs.upcoming(user_id, offset=offset, limit=STRETCH)
        yield from jobs
        if len(jobs) < STRETCH:
            return
