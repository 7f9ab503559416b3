"""A job: one run of a generation in the queue, its states and the moves between them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import attrs

from invoke_core.domain.fairness import QueueMode, cost_of
from invoke_core.domain.generation import Generation, GenerationWish
from invoke_core.domain.identifiers import BatchId, ImageName, ItemId, RunId, UserId, WorkerId
from invoke_core.domain.principals import Principal, require_usable
from invoke_core.domain.progress import Progress
from invoke_core.errors import Conflict, Forbidden, Invalid, LeaseLost

QUEUE_ID = "default"  # the only queue
MAX_ATTEMPTS = 3
MAX_KILLS = 2  # attempts of a job that was the only one that its worker can have died of
_RESULTS = uuid.UUID("6a0d2f3e-5b1c-4c8e-9f0a-3d9b7c1e2a44")  # names of results live in it
MAX_PRIORITY = 1_000_000
MAX_RUNS = 10_000  # of one submission
MAX_LABEL_CHARACTERS = 1000  # of `origin` and `destination`
MAX_NAMED = 1000  # jobs or batches in one call


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
    charged_policy: QueueMode | None = None  # the policy that charged; None: nothing is charged
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

    def claimed(
        self, lease: Lease, device: str, now: datetime, *, policy: QueueMode, cost: float
    ) -> "Job":
        """Return the job as the holder of the lease begins it, charged with the expected cost."""
        return self._moved(
            JobStatus.IN_PROGRESS,
            now,
            lease=lease,
            device=device,
            attempts=self.attempts + 1,
            started_at=now,
            charged=cost,
            charged_policy=policy,
        )

    def settled(self, gpu_seconds: float) -> "Job":
        """Return the job charged with what it really took, in the unit of the policy that charged."""
        if self.charged_policy is None:
            return self
        return attrs.evolve(self, charged=cost_of(self.charged_policy, gpu_seconds))

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
        """Return the job as it waits again, charged with nothing: what it took was not its owner's fault.

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
            charged=0.0,
            charged_policy=None,
            attempts=self.attempts if counts_as_attempt else self.attempts - 1,
        )


@attrs.frozen
class JobState:
    """What decides who may end a job, and how: enough where there are thousands of them."""

    item_id: ItemId
    owner_id: UserId
    status: JobStatus


@attrs.frozen
class Upcoming:
    """What a forecast looks at of a pending job."""

    item_id: ItemId
    kind: str  # see `domain.estimates`
    merge_key: str | None = None  # see `domain.merging`; None also where it was begun before


def require_lease(job: Job, fence: int) -> None:
    """Raise LeaseLost unless the job is in progress under this fencing number."""
    if job.status is not JobStatus.IN_PROGRESS or job.lease is None or job.lease.fence != fence:
        raise LeaseLost(f"Job {job.item_id} is not held by this worker any more.")


def result_name(job: Job) -> ImageName:
    """Return the name under which the holder of the job's lease stores the picture.

    It follows from run and fence alone, so that whoever takes a job back from a dead holder knows what
    that one may have left on the disk, and no two holders ever write the same file.
    """
    fence = job.lease.fence if job.lease else 0
    return ImageName(f"{uuid.uuid5(_RESULTS, f'{job.run_id}/{fence}')}.png")


def suspects(held: Sequence[Job], progress: Mapping[ItemId, Progress]) -> frozenset[ItemId]:
    """Return which jobs of a worker that died may have been what killed it.

    Those that it was drawing, as far as it told; else those of which it told nothing. What was drawn
    already and only being stored, or only claimed, died with it and is not to blame.
    """
    every = {job.item_id for job in held}
    told = {item_id: progress[item_id] for item_id in every & progress.keys()}
    drawn = {item_id for item_id, known in told.items() if known.step < known.steps}
    return frozenset(drawn or every - told.keys() or every)


def may_manage(job: Job | JobState, principal: Principal) -> bool:
    """Return whether the principal may see all of the job and end it: its owner and administrators."""
    return principal.is_admin or job.owner_id == principal.user_id


def require_manager(job: Job, principal: Principal) -> None:
    """Raise Forbidden unless the job is the principal's or the principal an administrator."""
    require_usable(principal)
    if not may_manage(job, principal):
        raise Forbidden("This job belongs to somebody else.")


@attrs.frozen(kw_only=True)
class BatchWish:
    """A submission: one generation, run with as many seeds as wished."""

    generation: GenerationWish
    runs: int = 1
    origin: str | None = None  # the client's own words, stored and given back
    destination: str | None = None
    prepend: bool = False  # before one's own pending jobs
    priority: int = 0  # among one's own jobs, highest first


def require_sensible(wish: BatchWish) -> None:
    """Raise Invalid, naming the field, where a value is out of range."""
    if not 1 <= wish.runs <= MAX_RUNS:
        raise Invalid(f"The number of runs goes from 1 to {MAX_RUNS:,}.", field="batch.runs")
    if abs(wish.priority) > MAX_PRIORITY:
        raise Invalid(f"A priority goes from -{MAX_PRIORITY} to {MAX_PRIORITY}.", field="priority")
    for field in ("origin", "destination"):
        if len(getattr(wish, field) or "") > MAX_LABEL_CHARACTERS:
            raise Invalid(
                f"The {field} has at most {MAX_LABEL_CHARACTERS} characters.",
                field=f"batch.{field}",
            )


def require_few(named: Sequence[object], field: str) -> None:
    """Raise Invalid, naming the field, over 1,000 jobs or batches in one call."""
    if len(named) > MAX_NAMED:
        raise Invalid(f"Name at most {MAX_NAMED:,} of them in one call.", field=field)


@attrs.frozen(kw_only=True)
class EnqueuedBatch:
    """What became of a submission."""

    batch_id: BatchId
    requested: int
    priority: int  # what `prepend` made of it
    generation: Generation  # of the first run; the others count the seed up
    origin: str | None
    destination: str | None
    item_ids: tuple[ItemId, ...] = attrs.field(converter=tuple[ItemId, ...])  # ascending


@attrs.frozen(kw_only=True)
class JobDetails:
    """What only the owner of a job and administrators see of it."""

    job: Job
    owner_name: str
    owner_email: str
    progress: Progress | None = None  # None until it runs
    position: int | None = None  # 1 = next; None unless pending and among the first 1,000
    expected_wait: timedelta | None = None  # until it starts
    expected_wait_p90: timedelta | None = None  # at most, in nine cases of ten


@attrs.frozen(kw_only=True)
class SeenJob:
    """A job as one principal sees it: of other people's, only that it is there."""

    item_id: ItemId
    status: JobStatus
    device: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    details: JobDetails | None  # None: somebody else's


def seen(details: JobDetails, principal: Principal) -> SeenJob:
    """Return the job as the principal may see it."""
    job = details.job
    return SeenJob(
        item_id=job.item_id,
        status=job.status,
        device=job.device,
        created_at=job.created_at,
        updated_at=job.updated_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        details=details if may_manage(job, principal) else None,
    )


@attrs.frozen(kw_only=True)
class Process:
    """One process of one host, told apart from a later one with the same number."""

    host: str
    process_id: int
    started: float  # seconds since the host booted, as the operating system counts; 0: unknown


@attrs.frozen(kw_only=True)
class DeviceMemory:
    """The memory of one device, whoever uses it."""

    device: str  # such as `cuda:0`
    total_bytes: int
    free_bytes: int


@attrs.frozen(kw_only=True)
class WorkerRecord:
    """A worker as others see it: alive while its beat grows or its process is there."""

    worker_id: WorkerId
    host: str
    process_id: int
    process_started: float  # seconds since boot, as the operating system counts them; 0: unknown
    devices: tuple[str, ...]
    memory: tuple[DeviceMemory, ...] = ()  # of devices with one of their own, at the last beat
    beat: int = 0

    @property
    def process(self) -> Process:
        """Return the process that the worker lives in."""
        return Process(host=self.host, process_id=self.process_id, started=self.process_started)


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


@attrs.frozen(kw_only=True)
class QueueStatus:
    """The queue at one moment, as one principal sees it."""

    counts: QueueCounts  # everybody's
    waiting: int  # pending jobs of deactivated accounts: they wait for their owner's return
    own: QueueCounts
    current: Job | None  # the oldest job in progress, where the principal may see it
    paused: bool
