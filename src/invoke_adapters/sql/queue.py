"""Flows, workers and what the queue remembers as a whole, in SQL."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import INTEGRITY, attempt
from invoke_adapters.sql.jobs import (
    ARRIVED,
    SELECT_JOBS,
    SERVED,
    first_pending,
    job_of,
    merge_key_of,
)
from invoke_adapters.sql.mapping import (
    KEY,
    Change,
    HotQuery,
    Mapper,
    Prepared,
    among,
    upsert,
    upsert_of,
    upserting,
)
from invoke_core.domain.estimates import ALL_KINDS, Measured, RunTime
from invoke_core.domain.fairness import Flow, Group, QueueMode, VirtualTime
from invoke_core.domain.identifiers import ModelKey, UserId, WorkerId
from invoke_core.domain.queue import DeviceMemory, Job, JobStatus, WorkerRecord
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.queue import Candidate, Contest, Front

FLOWS = Mapper(Flow, schema.queue_flows, "user_id")
WORKERS = Mapper(WorkerRecord, schema.workers, "worker_id")
_flows = schema.queue_flows.c
_groups = schema.queue_groups.c
_state = schema.queue_state.c
_jobs = schema.jobs.c

_ACTIVE = FLOWS.select.where(sa.or_(_flows.pending > 0, _flows.in_flight > 0)).order_by(
    _flows.user_id
)
_HELD_BACK = FLOWS.select.where(
    _flows.pending > 0, sa.or_(_flows.suspended == sa.true(), _flows.is_spent == sa.true())
).order_by(_flows.user_id)
_VIRTUAL_TIME = Prepared(sa.select(_state.round_robin, _state.fair_share))
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


_COUNTERS = {QueueMode.ROUND_ROBIN: "round_robin", QueueMode.FAIR_SHARE: "fair_share"}


def _in_order(mode: QueueMode, flows: Any = _flows) -> Sequence[sa.ColumnElement[Any]]:
    """Return what the flows of one group are ordered by; for FIFO those of all."""
    counter = [flows[_COUNTERS[mode]]] if mode in _COUNTERS else []
    return [*counter, flows.oldest_or_zero, flows.user_id]


def _first_alone(mode: QueueMode, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query for the first contending flow that meets conditions, of those in no group.

    To FIFO groups are nothing.
    """
    query = sa.select(_flows.user_id).where(_flows.contends == sa.true(), *conditions)
    if mode in _COUNTERS:
        query = query.where(_flows.group_name == "")
    return query.order_by(*_in_order(mode)).limit(1)


def _first_grouped(mode: QueueMode, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query for the first contending flow that meets conditions, of those in groups.

    It goes from group to group in their order until one has such a member. A join would say the same, and
    SQLite would sort all flows for it.
    """
    member = (
        sa.select(_flows.user_id)
        .where(_flows.contends == sa.true(), _flows.group_name == _groups.name, *conditions)
        .order_by(*_in_order(mode))
        .limit(1)
        .correlate(schema.queue_groups)
        .scalar_subquery()
    )
    counter = _groups[_COUNTERS[mode]]
    query = sa.select(member.label("user_id"), counter.label("counter"))
    return query.where(member.is_not(None)).order_by(counter, _groups.name).limit(1)


def _firsts(mode: QueueMode, *conditions: sa.ColumnElement[bool]) -> Sequence[sa.Select[Any]]:
    alone = _first_alone(mode, *conditions)
    return [alone, _first_grouped(mode, *conditions)] if mode in _COUNTERS else [alone]


def _least_member(mode: QueueMode, group_name: sa.ColumnElement[str]) -> sa.ScalarSelect[float]:
    """Return the least counter of a group's contending members."""
    members = schema.queue_flows.alias()
    return (
        sa.select(members.c[_COUNTERS[mode]])
        .where(members.c.group_name == group_name, members.c.contends == sa.true())
        .order_by(*_in_order(mode, members.c))
        .limit(1)
        .scalar_subquery()
    )


_FACTS = 4  # columns of `queue_state` and of all kinds, at the beginning of each row of a contest
_rest = schema.jobs.alias("rest")


@lru_cache(maxsize=64)
def _contest(mode: QueueMode, warm: int, *, is_ridden: bool = False) -> Prepared:
    """Return the query for the queue's facts beside the first flows.

    The first of each warm model are among them, and the first that may ride.
    """
    firsts = list(_firsts(mode))
    for place in range(warm):
        firsts += _firsts(mode, _flows.head_model == sa.bindparam(f"model_{place}"))
    if is_ridden:
        firsts += _firsts(mode, _flows.head_merge_key == sa.bindparam("merge_key"))
    chosen = _all_of(firsts, "user_id")
    least = _least_member(mode, _flows.group_name) if mode in _COUNTERS else sa.null()
    return Prepared(
        sa.select(
            _state.paused,
            _state.fence,
            _RUNNING,
            _MEAN,
            schema.users.c.is_active,
            _EXPECTED,
            *_groups,
            least,
            _rest.c.item_id,
            _rest.c.priority,
            _rest.c.model,
            _rest.c.kind,
            merge_key_of(_rest.c),
            first_pending(_flows.user_id, ARRIVED, but=_flows.head_item_id),
            *FLOWS.columns,
            *SELECT_JOBS.selected_columns,
        ).select_from(
            schema.queue_state.outerjoin(chosen, sa.true())
            .outerjoin(schema.queue_flows, _flows.user_id == chosen.c.user_id)
            .outerjoin(schema.users, schema.users.c.user_id == chosen.c.user_id)
            .outerjoin(schema.queue_groups, _groups.name == _flows.group_name)
            .outerjoin(schema.jobs, _jobs.item_id == _flows.head_item_id)
            .outerjoin(
                _rest,
                _rest.c.item_id == first_pending(_flows.user_id, SERVED, but=_flows.head_item_id),
            )
        )
    )


def _candidate(row: Sequence[Any]) -> Candidate:
    values = iter(row[_FACTS:])
    is_active, expected = _take(values, 2)
    group = _take(values, len(_groups))
    (least,) = _take(values, 1)
    rest = _take(values, len(attrs.fields(Front)))
    is_grouped = group[0] is not None
    return Candidate(
        owner_is_active=is_active,
        expected=expected,
        group=_group(group) if is_grouped else None,
        least=least if is_grouped else None,
        rest=None if rest[0] is None else Front(*rest),
        flow=FLOWS.value(_take(values, len(FLOWS.names))),
        head=job_of(list(values)),
    )


def _take(values: Iterator[Any], count: int) -> Sequence[Any]:
    return list(itertools.islice(values, count))


def _group(row: Sequence[Any]) -> Group:
    name, weight, round_robin, fair_share, *members = row
    return Group(
        name=name,
        weight=weight,
        round_robin=round_robin,
        fair_share=fair_share,
        members=VirtualTime(round_robin=members[0], fair_share=members[1]),
    )


def _all_of(queries: Sequence[sa.Select[Any]], column: str) -> sa.Subquery:
    """Return a column of all queries, which may be ordered and limited."""
    # SQLite takes no ORDER BY inside a UNION but in a query of its own.
    return sa.union_all(*(sa.select(query.subquery().c[column]) for query in queries)).subquery()


def _largest(*values: sa.ColumnElement[Any] | sa.ScalarSelect[Any]) -> sa.ScalarSelect[Any]:
    """Return the largest of some values, nulls passed over.

    Not the function of many arguments, which the databases call by different names.
    """
    found = sa.union_all(*(sa.select(value.label("value")) for value in values)).subquery()
    return sa.select(sa.func.max(found.c.value)).scalar_subquery()


@lru_cache(maxsize=16)
def _advance(modes: tuple[QueueMode, ...], *, keeps: bool) -> Change:
    """Return the statement that lifts the virtual time to the least contending counters."""
    values: dict[Any, Any] = {}
    for mode in modes:
        name = _COUNTERS[mode]
        alone = _first_alone(mode).with_only_columns(_flows[name].label("counter"))
        of_both = _all_of([alone, _first_grouped(mode)], "counter")
        least = sa.select(sa.func.min(of_both.c.counter)).scalar_subquery()
        known = sa.select(_state[name]).correlate(None).scalar_subquery()
        values[name] = _largest(least, known)
    if keeps:
        values["fence"] = sa.bindparam("given")
    return Change(sa.update(schema.queue_state).values(values))


@cache  # one a dialect
def _put_group(dialect: str) -> Change:
    """Return the statement that keeps a group, and lets its members' virtual time follow them."""
    values: dict[str, Any] = {}
    for mode, name in _COUNTERS.items():
        given: Any = sa.bindparam(f"members_{name}", type_=sa.Double())
        own_name = sa.bindparam("name", type_=_groups.name.type)
        values[f"members_{name}"] = _largest(_least_member(mode, own_name), given)
    return Change(upsert_of(dialect, schema.queue_groups, values))


_GROUPS = sa.select(schema.queue_groups).order_by(_groups.name)
_GROUP = HotQuery(sa.select(schema.queue_groups).where(_groups.name == sa.bindparam(KEY)), _group)
_CONTENDS = Prepared(
    sa.select(_flows.user_id)
    .where(_flows.group_name == sa.bindparam("name"), _flows.contends == sa.true())
    .order_by(*_in_order(QueueMode.ROUND_ROBIN))  # so that an index answers, and no walk
    .limit(1)
)


@lru_cache(maxsize=16)
def _contending(mode: QueueMode) -> sa.Select[Any]:
    """Return the query for the first contending flows of one group; for FIFO those of all."""
    query = FLOWS.select.where(_flows.contends == sa.true())
    if mode in _COUNTERS:
        query = query.where(_flows.group_name == sa.bindparam("name"))
    return query.order_by(*_in_order(mode)).limit(sa.bindparam("most"))


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
                upserting(self.connection.dialect.name, schema.queue_flows).run(
                    self.connection, row
                )
        except INTEGRITY as error:
            raise NotFound("user", flow.user_id) from error

    def list_active(self) -> Sequence[Flow]:
        """Return the flows with pending or running jobs, ordered by user id."""
        return FLOWS.all(self.connection, _ACTIVE)

    def held_back(self) -> Sequence[Flow]:
        """Return the flows whose pending jobs wait for an account or for a day, ordered by user id."""
        return FLOWS.all(self.connection, _HELD_BACK)

    def contending(self, mode: QueueMode, *, limit: int) -> Sequence[Flow]:
        """Return the contending flows that are first in their group, ordered by user id."""
        query, names = _contending(mode), [""]
        if (
            mode in _COUNTERS
        ):  # one seek for each: a window over all flows would read every one of them
            names += self.connection.execute(sa.select(_groups.name)).scalars()
        rows = [
            row
            for name in names
            for row in self.connection.execute(query, {"name": name, "most": limit})
        ]
        return sorted(map(FLOWS.value, rows), key=lambda flow: flow.user_id)

    def pending(self, *, is_suspended: bool | None = None) -> int:
        """Return how many jobs are pending."""
        query = sa.select(sa.func.coalesce(sa.func.sum(_flows.pending), 0)).where(
            _flows.pending > 0
        )
        if is_suspended is not None:
            query = query.where(_flows.suspended == is_suspended)
        return int(self.connection.execute(query).scalar_one())

    def used_on(self, day: date) -> Sequence[Flow]:
        """Return the flows that used GPU-seconds on this day and on none after it."""
        query = FLOWS.select.where(_flows.used_on == day).order_by(_flows.user_id)
        return FLOWS.all(self.connection, query)


@attrs.frozen
class SqlGroupRepository:
    """See `GroupRepository`."""

    connection: sa.Connection

    def get(self, name: str) -> Group:
        """Return the group; a new one, all zero, where none was kept."""
        return _GROUP.find(self.connection, name) or Group(name=name)

    def list(self) -> Sequence[Group]:
        """Return the groups, ordered by name."""
        return [_group(row) for row in self.connection.execute(_GROUPS)]

    def contends(self, name: str) -> bool:
        """Return whether the flow of a member contends."""
        return bool(_CONTENDS.rows(self.connection, {"name": name}))

    def put(self, group: Group) -> None:
        """Keep the group after a change of it, or of a member's flow."""
        row = {
            "name": group.name,
            "weight": group.weight,
            "round_robin": group.round_robin,
            "fair_share": group.fair_share,
            "members_round_robin": group.members.round_robin,
            "members_fair_share": group.members.fair_share,
        }
        _put_group(self.connection.dialect.name).run(self.connection, row)


@attrs.frozen
class SqlQueueStateRepository:
    """See `QueueStateRepository`."""

    connection: sa.Connection

    def contest(
        self,
        mode: QueueMode,
        *,
        warm: frozenset[ModelKey] = frozenset(),
        riding: str | None = None,
    ) -> Contest:
        """Return what a decision looks at: one statement, two seeks, and two more a warm model or ride."""
        models = sorted(warm)
        bound: dict[str, Any] = {f"model_{place}": model for place, model in enumerate(models)}
        is_ridden = riding is not None and mode in _COUNTERS
        if is_ridden:
            bound["merge_key"] = riding
        query = _contest(mode, len(models), is_ridden=is_ridden)
        rows = query.rows(self.connection, bound)
        paused, fence, running, mean = rows[0][:_FACTS]
        found = [_candidate(row) for row in rows if row[_FACTS] is not None]
        known = {each.flow.user_id: each for each in found}
        candidates = sorted(known.values(), key=lambda each: each.order(mode))
        return Contest(
            paused=paused, fence=fence, running=running, mean=mean, candidates=candidates
        )

    def virtual_time(self) -> VirtualTime:
        """Return the virtual time; zero at first."""
        ((round_robin, fair_share),) = _VIRTUAL_TIME.rows(self.connection, {})
        return VirtualTime(round_robin=round_robin, fair_share=fair_share)

    def advance(self, modes: Sequence[QueueMode], *, fence: int | None = None) -> None:
        """Let the virtual time of these modes be at least their least contending counter."""
        counted = tuple(mode for mode in modes if mode in _COUNTERS)
        if counted or fence is not None:
            bound = {} if fence is None else {"given": fence}
            _advance(counted, keeps=fence is not None).run(self.connection, bound)

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
        values = attrs.asdict(known, recurse=False)
        upsert(self.connection, schema.run_seconds, {"kind": kind, **values})


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
