"""What has to be kept of jobs, flows and workers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

import attrs

from invoke_core.domain.estimates import Measured, RunTime
from invoke_core.domain.fairness import Contender, Flow, Group, QueueMode, VirtualTime
from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import BatchId, ItemId, ModelKey, RunId, UserId, WorkerId
from invoke_core.domain.pages import Page
from invoke_core.domain.queue import (
    DeviceMemory,
    Job,
    JobQuery,
    JobState,
    QueueCounts,
    Upcoming,
    WorkerRecord,
)


@attrs.frozen(kw_only=True)
class NewJob:
    """A job before it has a number."""

    batch_id: BatchId
    run_id: RunId
    owner_id: UserId
    priority: int
    origin: str | None
    destination: str | None
    generation: Generation
    created_at: datetime


@attrs.frozen
class Front:
    """What an owner's pending jobs begin with."""

    item_id: ItemId  # of the head: the one with the highest priority, then the lowest number
    priority: int  # this and the next three: the head's
    model: ModelKey
    kind: str  # see `domain.estimates`
    merge_key: str | None  # see `domain.merging`; None also where the head was begun before
    oldest_item_id: ItemId  # the lowest number among them


@attrs.frozen(kw_only=True)
class Candidate(Contender):
    """A contending flow, with all that a decision about it looks at."""

    head: Job  # its first pending job
    rest: Front | None  # what its pending jobs begin with without that one; None: it is the last
    owner_is_active: bool
    expected: float | None  # mean GPU-seconds of the head's kind; None: none was ever measured


@attrs.frozen(kw_only=True)
class Contest:
    """The queue as somebody sees it who decides whose turn it is."""

    paused: bool
    fence: int  # the last fencing number that was given
    running: int  # jobs of all people
    mean: float | None  # GPU-seconds of a job of any kind; None: none was ever measured
    candidates: Sequence[Candidate]  # in the order of `Contender`


class JobRepository(Protocol):
    """Jobs, inside one unit of work."""

    def add_all(self, jobs: Sequence[NewJob]) -> Sequence[ItemId]:
        """Keep new pending jobs; return their numbers, ascending, above every number ever given."""

    def get(self, item_id: ItemId) -> Job:
        """Return the job; raise NotFound where no job has this number."""

    def find_many(self, item_ids: Sequence[ItemId]) -> Sequence[Job]:
        """Return the known jobs among these, in the order asked for, each once."""

    def states(self, item_ids: Sequence[ItemId]) -> Sequence[JobState]:
        """Return how the known ones of these jobs stand, by number."""

    def cancel_pending(self, item_ids: Sequence[ItemId], now: datetime) -> None:
        """Let those of these jobs that are pending be `Job.canceled`; pass over all others."""

    def put(self, job: Job) -> None:
        """Keep how the job of this number stands; raise NotFound where there is none.

        What it was enqueued with never changes: see `NewJob`.
        """

    def put_all(self, jobs: Sequence[Job]) -> None:
        """Keep how known jobs stand, each once; as `put`, in one go."""

    def remove(self, item_ids: Sequence[ItemId]) -> None:
        """Forget jobs; unknown ones are passed over."""

    def list(self, query: JobQuery) -> Page[Job]:
        """Return jobs as the query says."""

    def item_ids(self, query: JobQuery) -> Sequence[ItemId]:
        """Return the numbers of all jobs that match, ignoring offset and limit."""

    def counts(
        self,
        *,
        owner_id: UserId | None = None,
        batch_id: BatchId | None = None,
        destination: str | None = None,
    ) -> QueueCounts:
        """Return how many jobs stand in each state."""

    def gpu_seconds(self, owner_id: UserId) -> float:
        """Return the seconds that the owner's ended jobs ran, from their last start to their end."""

    def oldest_ended(self, *, keep: int, limit: int) -> Sequence[Job]:
        """Return the ended jobs with the lowest numbers, but for the `keep` with the highest."""

    def front(self, owner_id: UserId) -> Front | None:
        """Return what the owner's pending jobs begin with; None where there are none."""

    def upcoming(self, owner_id: UserId, *, offset: int = 0, limit: int = 50) -> Sequence[Upcoming]:
        """Return the owner's pending jobs in the order in which they are served (see `Front`)."""


class FlowRepository(Protocol):
    """Users' places in the queue, inside one unit of work."""

    def get(self, user_id: UserId) -> Flow:
        """Return the user's flow; a new one, all zero, where none was kept."""

    def put(self, flow: Flow) -> None:
        """Keep the flow; raise NotFound for an unknown user."""

    def list_active(self) -> Sequence[Flow]:
        """Return the flows with pending or running jobs, ordered by user id."""

    def held_back(self) -> Sequence[Flow]:
        """Return the flows whose pending jobs wait for an account or for a day, ordered by user id.

        They are suspended, or their GPU-seconds of a day are spent.
        """

    def contending(self, mode: QueueMode, *, limit: int) -> Sequence[Flow]:
        """Return the contending flows that are first in their group: so many of each, ordered by user id.

        Groups are those that are kept, and whoever is in none; to FIFO all are one.
        """

    def pending(self, *, is_suspended: bool | None = None) -> int:
        """Return how many jobs are pending; of flows that are suspended, or are not, if that is given."""

    def used_on(self, day: date) -> Sequence[Flow]:
        """Return the flows that used GPU-seconds on this day and on none after it, by user id."""


class GroupRepository(Protocol):
    """Groups of people in the queue, inside one unit of work."""

    def get(self, name: str) -> Group:
        """Return the group; a new one, all zero, where none was kept."""

    def list(self) -> Sequence[Group]:
        """Return the groups, ordered by name."""

    def contends(self, name: str) -> bool:
        """Return whether the flow of a member contends."""

    def put(self, group: Group) -> None:
        """Keep the group after a change of it, or of a member's flow.

        Its members' virtual time becomes at least the least counter of its contending members.
        """


class QueueStateRepository(Protocol):
    """What the queue remembers as a whole, inside one unit of work."""

    def contest(
        self,
        mode: QueueMode,
        *,
        warm: frozenset[ModelKey] = frozenset(),
        riding: str | None = None,
    ) -> Contest:
        """Return what a decision looks at: the first contending flow, in the order of `Contender`.

        For each of the warm models the first contending flow whose head wants it is returned too, among
        those in no group and among those in groups; and so are the first flows whose head has the merge key
        `riding`, but to FIFO, where no flow goes before the first.
        """

    def virtual_time(self) -> VirtualTime:
        """Return the virtual time; zero at first."""

    def advance(self, modes: Sequence[QueueMode], *, fence: int | None = None) -> None:
        """Let the virtual time of these modes be at least their least contending counter.

        It is the time among groups, and flows that stand for themselves; see `GroupRepository.put`.

        Args:
            modes: see `VirtualTime.advanced`.
            fence: a fencing number that was given in this unit of work, to be kept as the last one.
        """

    def paused(self) -> bool:
        """Return whether no job may be dispatched; False at first."""

    def put_paused(self, paused: bool) -> None:
        """Keep whether no job may be dispatched."""

    def run_seconds(self, kinds: Sequence[str] | None = None) -> Measured:
        """Return what is known of the run times of kinds of jobs.

        Args:
            kinds: of which; unknown ones are passed over; None: of all.
        """

    def put_run_seconds(self, kind: str, known: RunTime) -> None:
        """Keep what is known of the run times of a kind of job."""


class WorkerRepository(Protocol):
    """Workers that have not said goodbye, inside one unit of work."""

    def add(self, worker: WorkerRecord) -> None:
        """Keep a new worker; raise Conflict where its id is taken."""

    def beat(self, worker_id: WorkerId, memory: Sequence[DeviceMemory] = ()) -> bool:
        """Add one to the worker's beat; return False where others have given it up.

        Args:
            worker_id: who shows that it is alive.
            memory: of its devices, as far as they have one of their own.
        """

    def list(self) -> Sequence[WorkerRecord]:
        """Return the workers, ordered by id."""

    def remove(self, worker_id: WorkerId) -> None:
        """Forget the worker; nothing happens where it is gone already."""

    def leased_jobs(self, worker_id: WorkerId) -> Sequence[Job]:
        """Return the jobs in progress that the worker holds, ordered by number."""

    def orphaned_jobs(self) -> Sequence[Job]:
        """Return the jobs in progress whose lease names no kept worker, ordered by number."""
