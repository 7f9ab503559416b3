"""Flows, workers and what the queue remembers as a whole, in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.jobs import SELECT_JOBS, job_of
from invoke_adapters.sql.mapping import KEY, Mapper, upsert
from invoke_core.domain.fairness import Flow, QueueMode, VirtualTime
from invoke_core.domain.identifiers import ModelKey, UserId, WorkerId
from invoke_core.domain.queue import Job, JobStatus, WorkerRecord
from invoke_core.errors import Conflict, NotFound

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
_FIRST = {
    mode: FLOWS.select.where(_flows.contends == sa.true())
    .order_by(*order)
    .limit(sa.bindparam("limit"))
    for mode, order in _ORDERS.items()
}
_FIRST_OF_MODEL = {
    mode: FLOWS.select.where(
        _flows.contends == sa.true(), _flows.head_model == sa.bindparam("model")
    )
    .order_by(*order)
    .limit(1)
    for mode, order in _ORDERS.items()
}
_ACTIVE = FLOWS.select.where(sa.or_(_flows.pending > 0, _flows.in_flight > 0)).order_by(
    _flows.user_id
)
_VIRTUAL_TIME = sa.select(_state.round_robin, _state.fair_share)
_PAUSED = sa.select(_state.paused)
_PUT_STATE = sa.update(schema.queue_state)
_NEXT_FENCE = sa.update(schema.queue_state).values(fence=_state.fence + 1).returning(_state.fence)
_BEAT = (
    sa.update(schema.workers)
    .where(schema.workers.c.worker_id == sa.bindparam(KEY))
    .values(beat=schema.workers.c.beat + 1)
)
_IN_PROGRESS = SELECT_JOBS.where(_jobs.status == JobStatus.IN_PROGRESS).order_by(_jobs.item_id)


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

    def contending(
        self, mode: QueueMode, *, warm: frozenset[ModelKey] = frozenset(), limit: int = 1
    ) -> Sequence[Flow]:
        """Return contending flows in the policy's order; one seek, and one a warm model."""
        rows = list(self.connection.execute(_FIRST[mode], {"limit": limit}))
        for model in warm:
            rows += self.connection.execute(_FIRST_OF_MODEL[mode], {"model": model})
        flows = {flow.user_id: flow for flow in map(FLOWS.value, rows)}
        return sorted(
            flows.values(), key=lambda f: (f.counter(mode), f.oldest_item_id or 0, f.user_id)
        )

    def list_active(self) -> Sequence[Flow]:
        """Return the flows with pending or running jobs, ordered by user id."""
        return FLOWS.all(self.connection, _ACTIVE)


@attrs.frozen
class SqlQueueStateRepository:
    """See `QueueStateRepository`."""

    connection: sa.Connection

    def virtual_time(self) -> VirtualTime:
        """Return the virtual time; zero at first."""
        round_robin, fair_share = self.connection.execute(_VIRTUAL_TIME).one()
        return VirtualTime(round_robin=round_robin, fair_share=fair_share)

    def put_virtual_time(self, virtual: VirtualTime) -> None:
        """Keep the virtual time."""
        self.connection.execute(_PUT_STATE, attrs.asdict(virtual))

    def next_fence(self) -> int:
        """Return a fencing number above every one given before."""
        fence: int = self.connection.execute(_NEXT_FENCE).scalar_one()
        return fence

    def paused(self) -> bool:
        """Return whether no job may be dispatched; False at first."""
        paused: bool = self.connection.execute(_PAUSED).scalar_one()
        return paused

    def put_paused(self, paused: bool) -> None:
        """Keep whether no job may be dispatched."""
        self.connection.execute(_PUT_STATE, {"paused": paused})

    def run_seconds(self) -> Mapping[str, tuple[float, int]]:
        """Return the measured run times of kinds of jobs."""
        rows = self.connection.execute(sa.select(schema.run_seconds))
        return {kind: (mean, measured) for kind, mean, measured in rows}

    def put_run_seconds(self, kind: str, mean: float, measured: int) -> None:
        """Keep the measured run time of a kind of job."""
        row = {"kind": kind, "mean": mean, "measured": measured}
        upsert(self.connection, schema.run_seconds, row)


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

    def beat(self, worker_id: WorkerId) -> bool:
        """Add one to the worker's beat; return False where others have given it up."""
        return self.connection.execute(_BEAT, {KEY: worker_id}).rowcount == 1

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
