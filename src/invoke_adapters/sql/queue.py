"""Flows, workers and what the queue remembers as a whole, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.jobs import SELECT_JOBS, job_of
from invoke_adapters.sql.mapping import KEY, Mapper, among, upsert
from invoke_core.domain.estimates import ALL_KINDS, Measured, RunTime
from invoke_core.domain.fairness import Flow, QueueMode, VirtualTime
from invoke_core.domain.identifiers import ModelKey, UserId, WorkerId
from invoke_core.domain.queue import DeviceMemory, Job, JobStatus, WorkerRecord
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.queue import Candidate, Contest

FLOWS = Mapper(Flow, schema.queue_flows, "user_id")
WORKERS = Mapper(WorkerRecord, schema.workers, "worker_id")
_flows = schema.queue_flows.c
_state = schema.queue_state.c
_jobs = schema.jobs.c

_ORDERS: Mapping[QueueMode, tuple[sa.Column[Any], ...]] = {
    QueueMode.FIFO: (_flows.oldest_or_zero, _flows.user_id),
    QueueMode.ROUND_ROBIN: (_flows.round_robin, _flows.oldest_or_zero, _flows.user_id),
    QueueMode.FAIR_SHARE: (_flows.fair_share, _flows.oldest_or_zero, _flows.user_id),
}
_ACTIVE = FLOWS.select.where(sa.or_(_flows.pending > 0, _flows.in_flight > 0)).order_by(
    _flows.user_id
)
_VIRTUAL_TIME = sa.select(_state.round_robin, _state.fair_share)
_PAUSED = sa.select(_state.paused)
_PUT_STATE = sa.update(schema.queue_state)
_RUNNING = sa.select(sa.func.count()).where(_jobs.status == JobStatus.IN_PROGRESS).scalar_subquery()
_MEAN = (
    sa.select(schema.run_seconds.c.mean)
    .where(schema.run_seconds.c.kind == ALL_KINDS)
    .scalar_subquery()
)
_EXPECTED = (
    sa.select(schema.run_seconds.c.mean)
    .where(schema.run_seconds.c.kind == _flows.head_kind)
    .scalar_subquery()
)
_BEAT = (
    sa.update(schema.workers)
    .where(schema.workers.c.worker_id == sa.bindparam(KEY))
    .values(
        beat=schema.workers.c.beat + 1,
        memory=sa.bindparam("seen_memory", type_=schema.workers.c.memory.type),
    )
)
_IN_PROGRESS = SELECT_JOBS.where(_jobs.status == JobStatus.IN_PROGRESS).order_by(_jobs.item_id)


_FACTS = 4  # columns of `queue_state` and of all kinds, at the beginning of each row of a contest
_COUNTERS = {
    QueueMode.ROUND_ROBIN: (_state.round_robin, _flows.round_robin),
    QueueMode.FAIR_SHARE: (_state.fair_share, _flows.fair_share),
}


@lru_cache(maxsize=64)
def _contest(mode: QueueMode, warm: int) -> sa.Select[Any]:
    """Return the query for the queue's facts beside the first flow, and the first of each warm model."""
    firsts = [_first_of(mode)]
    for place in range(warm):
        wants_it = _flows.head_model == sa.bindparam(f"model_{place}")
        firsts.append(_first_of(mode, wants_it))
    # SQLite takes no ORDER BY inside a UNION but in a query of its own.
    chosen = sa.union_all(*(sa.select(first.subquery().c.user_id) for first in firsts)).subquery()
    return sa.select(
        _state.paused,
        _state.fence,
        _RUNNING,
        _MEAN,
        schema.users.c.is_active,
        _EXPECTED,
        *FLOWS.columns,
        *SELECT_JOBS.selected_columns,
    ).select_from(
        schema.queue_state.outerjoin(chosen, sa.true())
        .outerjoin(schema.queue_flows, _flows.user_id == chosen.c.user_id)
        .outerjoin(schema.users, schema.users.c.user_id == chosen.c.user_id)
        .outerjoin(schema.jobs, _jobs.item_id == _flows.head_item_id)
    )


def _first_of(mode: QueueMode, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    query = sa.select(_flows.user_id).where(_flows.contends == sa.true(), *conditions)
    return query.order_by(*_ORDERS[mode]).limit(1)


def _candidate(row: Sequence[Any]) -> Candidate:
    is_active, expected, *values = row[_FACTS:]
    width = len(FLOWS.names)
    return Candidate(
        flow=FLOWS.value(values[:width]),
        head=job_of(values[width:]),
        owner_is_active=is_active,
        expected=expected,
    )


@lru_cache(maxsize=16)
def _advance(modes: tuple[QueueMode, ...], *, keeps: bool) -> sa.Update:
    """Return the statement that lifts the virtual time to the least contending counters."""
    values: dict[Any, Any] = {}
    for mode in modes:
        virtual, counter = _COUNTERS[mode]
        least = (
            sa.select(counter)
            .where(_flows.contends == sa.true())
            .order_by(*_ORDERS[mode])
            .limit(1)
            .scalar_subquery()
        )
        # Not the function of two arguments, which the databases call by different names.
        values[virtual.name] = sa.case((least > virtual, least), else_=virtual)
    if keeps:
        values["fence"] = sa.bindparam("given")
    return sa.update(schema.queue_state).values(values)


@attrs.frozen
class SqlFlowRepository:
    """See `FlowRepository`."""

    connection: sa.Connection

    def get(self, user_id: UserId) -> Flow:
        """Return the user's flow; a new one, all zero, where none was kept."""
        return FLOWS.find(self.connection, user_id) or Flow(user_id=user_id)

    def put(self, flow: Flow) -> None:
        """Keep the flow."""
        row = FLOWS.row(flow)
        row["contends"] = flow.contends
        row["oldest_or_zero"] = flow.oldest_item_id or 0
        try:
            with attempt(self.connection):
                upsert(self.connection, schema.queue_flows, row)
        except sa.exc.IntegrityError as error:
            raise NotFound("user", flow.user_id) from error

    def list_active(self) -> Sequence[Flow]:
        """Return the flows with pending or running jobs, ordered by user id."""
        return FLOWS.all(self.connection, _ACTIVE)

    def used_on(self, day: date) -> Sequence[Flow]:
        """Return the flows that used GPU-seconds on this day and on none after it."""
        query = FLOWS.select.where(_flows.used_on == day).order_by(_flows.user_id)
        return FLOWS.all(self.connection, query)


@attrs.frozen
class SqlQueueStateRepository:
    """See `QueueStateRepository`."""

    connection: sa.Connection

    def contest(self, mode: QueueMode, *, warm: frozenset[ModelKey] = frozenset()) -> Contest:
        """Return what a decision looks at: one statement, one seek, and one more a warm model."""
        models = sorted(warm)
        bound = {f"model_{place}": model for place, model in enumerate(models)}
        rows = self.connection.execute(_contest(mode, len(models)), bound).all()
        paused, fence, running, mean = rows[0][:_FACTS]
        found = {row[_FACTS + 2]: row for row in rows if row[_FACTS + 2] is not None}
        candidates = [_candidate(row) for row in found.values()]
        candidates.sort(
            key=lambda each: (
                each.flow.counter(mode),
                each.flow.oldest_item_id or 0,
                each.flow.user_id,
            )
        )
        return Contest(
            paused=paused, fence=fence, running=running, mean=mean, candidates=candidates
        )

    def virtual_time(self) -> VirtualTime:
        """Return the virtual time; zero at first."""
        round_robin, fair_share = self.connection.execute(_VIRTUAL_TIME).one()
        return VirtualTime(round_robin=round_robin, fair_share=fair_share)

    def advance(self, modes: Sequence[QueueMode], *, fence: int | None = None) -> None:
        """Let the virtual time of these modes be at least their least contending counter."""
        counted = tuple(mode for mode in modes if mode in _COUNTERS)
        if counted or fence is not None:
            bound = {} if fence is None else {"given": fence}
            self.connection.execute(_advance(counted, keeps=fence is not None), bound)

    def paused(self) -> bool:
        """Return whether no job may be dispatched; False at first."""
        paused: bool = self.connection.execute(_PAUSED).scalar_one()
        return paused

    def put_paused(self, paused: bool) -> None:
        """Keep whether no job may be dispatched."""
        self.connection.execute(_PUT_STATE, {"paused": paused})

    def run_seconds(self, kinds: Sequence[str] | None = None) -> Measured:
        """Return the measured run times of kinds of jobs."""
        query = sa.select(schema.run_seconds)
        if kinds is not None:
            query = query.where(among(self.connection, schema.run_seconds.c.kind, kinds))
        rows = self.connection.execute(query)
        return {kind: RunTime(*values) for kind, *values in rows}

    def put_run_seconds(self, kind: str, known: RunTime) -> None:
        """Keep what is known of the run times of a kind of job."""
        upsert(self.connection, schema.run_seconds, {"kind": kind, **attrs.asdict(known)})


@attrs.frozen
class SqlWorkerRepository:
    """See `WorkerRepository`."""

    connection: sa.Connection

    def add(self, worker: WorkerRecord) -> None:
        """Keep a new worker."""
        try:
            with attempt(self.connection):
                self.connection.execute(WORKERS.insert, WORKERS.row(worker))
        except sa.exc.IntegrityError as error:
            raise Conflict(f"There is a worker {worker.worker_id!r} already.") from error

    def beat(self, worker_id: WorkerId, memory: Sequence[DeviceMemory] = ()) -> bool:
        """Add one to the worker's beat; return False where others have given it up."""
        bound = {KEY: worker_id, "seen_memory": tuple(memory)}
        return self.connection.execute(_BEAT, bound).rowcount == 1

    def list(self) -> Sequence[WorkerRecord]:
        """Return the workers, ordered by id."""
        query = WORKERS.select.order_by(schema.workers.c.worker_id)
        return WORKERS.all(self.connection, query)

    def remove(self, worker_id: WorkerId) -> None:
        """Forget the worker."""
        self.connection.execute(WORKERS.delete, {KEY: worker_id})

    def leased_jobs(self, worker_id: WorkerId) -> Sequence[Job]:
        """Return the jobs in progress that the worker holds, ordered by number."""
        query = _IN_PROGRESS.where(_jobs.lease_worker_id == worker_id)
        return [job_of(row) for row in self.connection.execute(query)]

    def orphaned_jobs(self) -> Sequence[Job]:
        """Return the jobs in progress whose lease names no kept worker, ordered by number."""
        kept = sa.select(schema.workers.c.worker_id)
        query = _IN_PROGRESS.where(_jobs.lease_worker_id.not_in(kept))
        return [job_of(row) for row in self.connection.execute(query)]
