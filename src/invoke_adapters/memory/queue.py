"""Jobs, flows and workers in dictionaries."""

import heapq
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

import attrs

from invoke_adapters.memory.state import State, page
from invoke_core.domain.estimates import ALL_KINDS, Measured, RunTime, kind_of
from invoke_core.domain.fairness import Contender, Flow, Group, QueueMode, VirtualTime
from invoke_core.domain.identifiers import BatchId, ItemId, ModelKey, UserId, WorkerId
from invoke_core.domain.merging import merge_key
from invoke_core.domain.pages import Page
from invoke_core.domain.queue import (
    DeviceMemory,
    Job,
    JobQuery,
    JobState,
    JobStatus,
    QueueCounts,
    Upcoming,
    WorkerRecord,
)
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.queue import Candidate, Contest, Front, NewJob


@attrs.frozen
class MemoryJobRepository:
    """See `JobRepository`."""

    state: State

    def add_all(self, jobs: Sequence[NewJob]) -> Sequence[ItemId]:
        """Keep new pending jobs; return their numbers."""
        for new in jobs:
            if new.owner_id not in self.state.users:
                raise NotFound("user", new.owner_id)
        facts = self.state.facts[None]
        item_ids = [ItemId(facts.item_id + place) for place in range(1, len(jobs) + 1)]
        for item_id, new in zip(item_ids, jobs, strict=True):
            values = attrs.asdict(new, recurse=False)
            self.state.jobs[item_id] = Job(item_id=item_id, updated_at=new.created_at, **values)
        self.state.facts[None] = attrs.evolve(facts, item_id=facts.item_id + len(jobs))
        return item_ids

    def get(self, item_id: ItemId) -> Job:
        """Return the job."""
        if item_id not in self.state.jobs:
            raise NotFound("job", item_id)
        return self.state.jobs[item_id]

    def find_many(self, item_ids: Sequence[ItemId]) -> Sequence[Job]:
        """Return the known jobs among these, in the order asked for, each once."""
        known = [number for number in dict.fromkeys(item_ids) if number in self.state.jobs]
        return [self.state.jobs[item_id] for item_id in known]

    def states(self, item_ids: Sequence[ItemId]) -> Sequence[JobState]:
        """Return how the known ones of these jobs stand, by number."""
        found = self.find_many(sorted(item_ids))
        return [JobState(job.item_id, job.owner_id, job.status) for job in found]

    def cancel_pending(self, item_ids: Sequence[ItemId], now: datetime) -> None:
        """Let those of these jobs that are pending be canceled."""
        for job in self.find_many(item_ids):
            if job.status is JobStatus.PENDING:
                self.put(job.canceled(now))

    def put(self, job: Job) -> None:
        """Keep how the job of this number stands."""
        self.get(job.item_id)
        self.state.jobs[job.item_id] = job

    def put_all(self, jobs: Sequence[Job]) -> None:
        """Keep how known jobs stand, each once."""
        for job in jobs:
            self.put(job)

    def remove(self, item_ids: Sequence[ItemId]) -> None:
        """Forget jobs; unknown ones are passed over."""
        for item_id in item_ids:
            self.state.jobs.pop(item_id, None)

    def list(self, query: JobQuery) -> Page[Job]:
        """Return jobs as the query says."""
        return page(self._matching(query), query.offset, query.limit)

    def item_ids(self, query: JobQuery) -> Sequence[ItemId]:
        """Return the numbers of all jobs that match, ignoring offset and limit."""
        return [job.item_id for job in self._matching(query)]

    def _matching(self, query: JobQuery) -> Sequence[Job]:
        wanted = {
            name: value
            for name in ("status", "owner_id", "batch_id", "origin", "destination")
            if (value := getattr(query, name)) is not None
        }
        found = [
            job
            for job in self.state.jobs.values()
            if all(getattr(job, name) == value for name, value in wanted.items())
        ]
        return sorted(found, key=lambda job: job.item_id, reverse=query.descending)

    def counts(
        self,
        *,
        owner_id: UserId | None = None,
        batch_id: BatchId | None = None,
        destination: str | None = None,
    ) -> QueueCounts:
        """Return how many jobs stand in each state."""
        query = JobQuery(owner_id=owner_id, batch_id=batch_id, destination=destination)
        counted = Counter(job.status for job in self._matching(query))
        return QueueCounts(**{status.value: counted[status] for status in JobStatus})

    def gpu_seconds(self, owner_id: UserId) -> float:
        """Return the seconds that the owner's ended jobs ran."""
        return sum(
            (job.completed_at - job.started_at).total_seconds()
            for job in self.state.jobs.values()
            if job.owner_id == owner_id and job.started_at and job.completed_at
        )

    def oldest_ended(self, *, keep: int, limit: int) -> Sequence[Job]:
        """Return the ended jobs with the lowest numbers, but for the newest."""
        ended = [job for _, job in sorted(self.state.jobs.items()) if job.status.is_final]
        return ended[: max(0, len(ended) - keep)][:limit]

    def _pending(self, owner_id: UserId) -> Sequence[Job]:
        return _pending(self.state, owner_id)

    def front(self, owner_id: UserId) -> Front | None:
        """Return what the owner's pending jobs begin with."""
        return _front(self._pending(owner_id))

    def upcoming(self, owner_id: UserId, *, offset: int = 0, limit: int = 50) -> Sequence[Upcoming]:
        """Return the owner's pending jobs in the order in which they are served."""
        jobs = self._pending(owner_id)[offset : offset + limit]
        return [Upcoming(job.item_id, kind_of(job.generation), _merge_key_of(job)) for job in jobs]


def _pending(state: State, owner_id: UserId) -> Sequence[Job]:
    found = [
        job
        for job in state.jobs.values()
        if job.owner_id == owner_id and job.status is JobStatus.PENDING
    ]
    return sorted(found, key=lambda job: (-job.priority, job.item_id))


def _merge_key_of(job: Job) -> str | None:
    return None if job.attempts else merge_key(job.generation)


def _front(pending: Sequence[Job]) -> Front | None:
    """Return what ordered pending jobs begin with; None where there are none."""
    if not pending:
        return None
    head = pending[0]
    return Front(
        item_id=head.item_id,
        priority=head.priority,
        model=head.generation.model,
        kind=kind_of(head.generation),
        merge_key=_merge_key_of(head),
        oldest_item_id=min(job.item_id for job in pending),
    )


@attrs.frozen
class MemoryFlowRepository:
    """See `FlowRepository`."""

    state: State

    def get(self, user_id: UserId) -> Flow:
        """Return the user's flow; a new one, all zero, where none was kept."""
        return self.state.flows.get(user_id, Flow(user_id=user_id))

    def put(self, flow: Flow) -> None:
        """Keep the flow."""
        if flow.user_id not in self.state.users:
            raise NotFound("user", flow.user_id)
        self.state.flows[flow.user_id] = flow

    def list_active(self) -> Sequence[Flow]:
        """Return the flows with pending or running jobs, ordered by user id."""
        active = [f for f in self.state.flows.values() if f.pending > 0 or f.in_flight > 0]
        return sorted(active, key=lambda flow: flow.user_id)

    def held_back(self) -> Sequence[Flow]:
        """Return the flows whose pending jobs wait for an account or for a day, ordered by user id."""
        return [
            flow
            for flow in self.list_active()
            if flow.pending and (flow.suspended or flow.is_spent)
        ]

    def contending(self, mode: QueueMode, *, limit: int) -> Sequence[Flow]:
        """Return the contending flows that are first in their group, ordered by user id."""
        groups: dict[str, list[Flow]] = {}
        for flow in self.state.flows.values():
            if flow.contends:
                name = "" if mode is QueueMode.FIFO else flow.group_name
                groups.setdefault(name, []).append(flow)
        firsts = [
            flow
            for members in groups.values()
            for flow in heapq.nsmallest(
                limit, members, key=lambda each: Contender(flow=each).order(mode)
            )
        ]
        return sorted(firsts, key=lambda flow: flow.user_id)

    def pending(self, *, is_suspended: bool | None = None) -> int:
        """Return how many jobs are pending."""
        return sum(
            flow.pending
            for flow in self.state.flows.values()
            if is_suspended in {None, flow.suspended}
        )

    def used_on(self, day: date) -> Sequence[Flow]:
        """Return the flows that used GPU-seconds on this day and on none after it."""
        used = [flow for flow in self.state.flows.values() if flow.used_on == day]
        return sorted(used, key=lambda flow: flow.user_id)


@attrs.frozen
class MemoryGroupRepository:
    """See `GroupRepository`."""

    state: State

    def get(self, name: str) -> Group:
        """Return the group; a new one, all zero, where none was kept."""
        return self.state.groups.get(name, Group(name=name))

    def list(self) -> Sequence[Group]:
        """Return the groups, ordered by name."""
        return [group for _, group in sorted(self.state.groups.items())]

    def contends(self, name: str) -> bool:
        """Return whether the flow of a member contends."""
        return bool(_members(self.state, name))

    def put(self, group: Group) -> None:
        """Keep the group after a change of it, or of a member's flow."""
        contending = _members(self.state, group.name)
        virtual = group.members
        for mode in (QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE) if contending else ():
            virtual = virtual.advanced(mode, min(flow.counter(mode) for flow in contending))
        self.state.groups[group.name] = attrs.evolve(group, members=virtual)


def _members(state: State, name: str) -> Sequence[Flow]:
    """Return the flows of a group that contend."""
    return [flow for flow in state.flows.values() if flow.group_name == name and flow.contends]


def _contending(state: State, mode: QueueMode) -> Sequence[Contender]:
    found = [_contender(state, mode, flow) for flow in state.flows.values() if flow.contends]
    return sorted(found, key=lambda each: each.order(mode))


def _contender(state: State, mode: QueueMode, flow: Flow) -> Contender:
    if not flow.group_name:
        return Contender(flow=flow)
    group = MemoryGroupRepository(state).get(flow.group_name)
    if mode is QueueMode.FIFO:
        return Contender(flow=flow, group=group)
    least = min(each.counter(mode) for each in _members(state, flow.group_name))
    return Contender(flow=flow, group=group, least=least)


@attrs.frozen
class MemoryQueueStateRepository:
    """See `QueueStateRepository`."""

    state: State

    def contest(
        self,
        mode: QueueMode,
        *,
        warm: frozenset[ModelKey] = frozenset(),
        riding: str | None = None,
    ) -> Contest:
        """Return what a decision looks at."""
        ordered = _contending(self.state, mode)
        wanted = {each.flow.user_id for each in ordered[:1]}
        preferred = [[each for each in ordered if each.flow.head_model == model] for model in warm]
        if riding is not None and mode is not QueueMode.FIFO:
            preferred.append([each for each in ordered if each.flow.head_merge_key == riding])
        for matching in preferred:
            for is_grouped in (False, True):
                among = [each for each in matching if (each.least is not None) is is_grouped]
                wanted.update(each.flow.user_id for each in among[:1])
        facts = self.state.facts[None]
        known = self.state.run_seconds.get(ALL_KINDS)
        return Contest(
            paused=facts.paused,
            fence=facts.fence,
            running=sum(job.status is JobStatus.IN_PROGRESS for job in self.state.jobs.values()),
            mean=known.mean if known else None,
            candidates=[self._candidate(each) for each in ordered if each.flow.user_id in wanted],
        )

    def _candidate(self, contender: Contender) -> Candidate:
        flow = contender.flow
        if flow.head_item_id is None:
            raise TypeError("a contending flow has a head")
        known = self.state.run_seconds.get(flow.head_kind or "")
        pending = _pending(self.state, flow.user_id)
        return Candidate(
            flow=flow,
            group=contender.group,
            least=contender.least,
            head=self.state.jobs[flow.head_item_id],
            rest=_front([job for job in pending if job.item_id != flow.head_item_id]),
            owner_is_active=self.state.users[flow.user_id].is_active,
            expected=known.mean if known else None,
        )

    def virtual_time(self) -> VirtualTime:
        """Return the virtual time; zero at first."""
        return self.state.facts[None].virtual

    def advance(self, modes: Sequence[QueueMode], *, fence: int | None = None) -> None:
        """Let the virtual time of these modes be at least their least contending counter."""
        facts = self.state.facts[None]
        virtual = facts.virtual
        for mode in modes:
            first = _contending(self.state, mode)[:1]
            virtual = virtual.advanced(mode, first[0].standing(mode) if first else None)
        fence = facts.fence if fence is None else fence
        self.state.facts[None] = attrs.evolve(facts, virtual=virtual, fence=fence)

    def paused(self) -> bool:
        """Return whether no job may be dispatched; False at first."""
        return self.state.facts[None].paused

    def put_paused(self, paused: bool) -> None:
        """Keep whether no job may be dispatched."""
        self.state.facts[None] = attrs.evolve(self.state.facts[None], paused=paused)

    def run_seconds(self, kinds: Sequence[str] | None = None) -> Measured:
        """Return the measured run times of kinds of jobs."""
        kept = self.state.run_seconds
        wanted = kept if kinds is None else [kind for kind in kinds if kind in kept]
        return {kind: kept[kind] for kind in wanted}

    def put_run_seconds(self, kind: str, known: RunTime) -> None:
        """Keep what is known of the run times of a kind of job."""
        self.state.run_seconds[kind] = known


@attrs.frozen
class MemoryWorkerRepository:
    """See `WorkerRepository`."""

    state: State

    def add(self, worker: WorkerRecord) -> None:
        """Keep a new worker."""
        if worker.worker_id in self.state.workers:
            raise Conflict(f"There is a worker {worker.worker_id!r} already.")
        self.state.workers[worker.worker_id] = worker

    def beat(self, worker_id: WorkerId, memory: Sequence[DeviceMemory] = ()) -> bool:
        """Add one to the worker's beat; return False where others have given it up."""
        worker = self.state.workers.get(worker_id)
        if worker is None:
            return False
        self.state.workers[worker_id] = attrs.evolve(
            worker, beat=worker.beat + 1, memory=tuple(memory)
        )
        return True

    def list(self) -> Sequence[WorkerRecord]:
        """Return the workers, ordered by id."""
        return sorted(self.state.workers.values(), key=lambda worker: worker.worker_id)

    def remove(self, worker_id: WorkerId) -> None:
        """Forget the worker."""
        self.state.workers.pop(worker_id, None)

    def leased_jobs(self, worker_id: WorkerId) -> Sequence[Job]:
        """Return the jobs in progress that the worker holds, ordered by number."""
        return [job for job, holder in self._leased() if holder == worker_id]

    def orphaned_jobs(self) -> Sequence[Job]:
        """Return the jobs in progress whose lease names no kept worker, ordered by number."""
        return [job for job, holder in self._leased() if holder not in self.state.workers]

    def _leased(self) -> Sequence[tuple[Job, WorkerId]]:
        leased = [
            (job, job.lease.worker_id)
            for job in self.state.jobs.values()
            if job.status is JobStatus.IN_PROGRESS and job.lease is not None
        ]
        return sorted(leased, key=lambda pair: pair[0].item_id)
