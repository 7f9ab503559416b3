"""A job: one run of a generation in the queue, its states and the moves between them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import BatchId, ImageName, ItemId, RunId, UserId, WorkerId
from invoke_core.errors import Conflict, LeaseLost

QUEUE_ID = "default"  # the only queue
MAX_ATTEMPTS = 3


class JobStatus(StrEnum):
    """Where a job stands, by InvokeAI's names."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED}


MOVES: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.IN_PROGRESS, JobStatus.CANCELED}),
    JobStatus.IN_PROGRESS: frozenset(
        {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED, JobStatus.PENDING}
    ),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELED: frozenset(),
}


@attrs.frozen(kw_only=True)
class Lease:
    """A claim on a job by a worker; only its holder may complete the job."""

    worker_id: WorkerId
    fence: int  # grows with every claim of any job, so that a late holder is told apart


@attrs.frozen(kw_only=True)
class Job:
    """One run of a generation in the queue."""

    item_id: ItemId
    batch_id: BatchId
    run_id: RunId
    owner_id: UserId
    status: JobStatus = JobStatus.PENDING
    priority: int = 0  # orders the owner's own jobs, highest first
    origin: str | None = None  # the client's own words, stored and given back
    destination: str | None = None
    generation: Generation
    attempts: int = 0  # runs that were begun
    charged: float = 0.0  # in the policy's unit, at the last dispatch
    charged_policy: str | None = None  # the policy that charged
    lease: Lease | None = None  # only in progress
    device: str | None = None
    image_names: tuple[ImageName, ...] = ()
    error_type: str | None = None
    error_message: str | None = None
    created_at: datetime  # aware, UTC
    updated_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None

    def _moved(self, status: JobStatus, now: datetime, **changes: Any) -> "Job":
        if status not in MOVES[self.status]:
            raise Conflict(f"Job {self.item_id} is {self.status.replace('_', ' ')} already.")
        return attrs.evolve(self, status=status, updated_at=now, **changes)

    def claimed(self, lease: Lease, device: str, now: datetime) -> "Job":
        """Return the job as the holder of the lease begins it."""
        return self._moved(
            JobStatus.IN_PROGRESS,
            now,
            lease=lease,
            device=device,
            attempts=self.attempts + 1,
            started_at=now,
        )

    def completed(self, image_names: tuple[ImageName, ...], now: datetime) -> "Job":
        """Return the job with its pictures."""
        return self._moved(
            JobStatus.COMPLETED, now, lease=None, image_names=image_names, completed_at=now
        )

    def failed(self, error_type: str, error_message: str, now: datetime) -> "Job":
        """Return the job as it failed; the message is for its owner."""
        return self._moved(
            JobStatus.FAILED,
            now,
            lease=None,
            error_type=error_type,
            error_message=error_message,
            completed_at=now,
        )

    def canceled(self, now: datetime) -> "Job":
        """Return the job as it was canceled; raise Conflict where it has ended."""
        return self._moved(JobStatus.CANCELED, now, lease=None, completed_at=now)

    def given_back(self, now: datetime, *, counts_as_attempt: bool) -> "Job":
        """Return the job as it waits again.

        Args:
            now: the present.
            counts_as_attempt: False after a graceful stop, which says nothing about the job.
        """
        return self._moved(
            JobStatus.PENDING,
            now,
            lease=None,
            device=None,
            started_at=None,
            attempts=self.attempts if counts_as_attempt else self.attempts - 1,
        )


def require_lease(job: Job, fence: int) -> None:
    """Raise LeaseLost unless the job is in progress under this fencing number."""
    if job.status is not JobStatus.IN_PROGRESS or job.lease is None or job.lease.fence != fence:
        raise LeaseLost(f"Job {job.item_id} is not held by this worker any more.")


@attrs.frozen(kw_only=True)
class WorkerRecord:
    """A worker as others see it: alive while its beat grows or its process is there."""

    worker_id: WorkerId
    host: str
    process_id: int
    process_started: float  # seconds since boot, as the operating system counts them; 0: unknown
    devices: tuple[str, ...]
    beat: int = 0


@attrs.frozen(kw_only=True)
class JobQuery:
    """Which jobs, in ascending order of `item_id` unless `descending`."""

    status: JobStatus | None = None
    owner_id: UserId | None = None
    batch_id: BatchId | None = None
    origin: str | None = None
    destination: str | None = None
    descending: bool = False
    offset: int = 0
    limit: int | None = 50  # None: all of them


@attrs.frozen(kw_only=True)
class QueueCounts:
    """How many jobs stand in each state."""

    pending: int = 0
    in_progress: int = 0
    completed: int = 0
    failed: int = 0
    canceled: int = 0

    @property
    def total(self) -> int:
        """Return the number of all jobs."""
        return self.pending + self.in_progress + self.completed + self.failed + self.canceled
