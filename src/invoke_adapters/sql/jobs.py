"""Jobs in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import INTEGRITY, attempt
from invoke_adapters.sql.mapping import KEY, Change, Prepared, among, page
from invoke_core.domain.estimates import kind_of
from invoke_core.domain.identifiers import BatchId, ItemId, UserId
from invoke_core.domain.merging import merge_key
from invoke_core.domain.pages import Page
from invoke_core.domain.queue import (
    Job,
    JobQuery,
    JobState,
    JobStatus,
    Lease,
    QueueCounts,
    Upcoming,
)
from invoke_core.errors import NotFound
from invoke_core.ports.queue import Front, NewJob

_jobs = schema.jobs.c
_NAMES = [field.name for field in attrs.fields(Job) if field.name != "lease"]
SELECT_JOBS = sa.select(_jobs.lease_worker_id, _jobs.lease_fence, *(_jobs[n] for n in _NAMES))

_NUMBERS = sa.select(_jobs.item_id)
_STATES = sa.select(_jobs.item_id, _jobs.owner_id, _jobs.status).order_by(_jobs.item_id)
_COUNTED = sa.select(_jobs.status, sa.func.count()).group_by(_jobs.status)
_FILTERS = ("status", "owner_id", "batch_id", "origin", "destination")

_has_key = _jobs.item_id == sa.bindparam(KEY)
_BY_KEY = SELECT_JOBS.where(_has_key)
_INSERT = sa.insert(schema.jobs).returning(_jobs.item_id, sort_by_parameter_order=True)
_INSERT_NUMBERED = Change(
    sa.insert(schema.jobs).values({c.name: sa.bindparam(c.name, type_=c.type) for c in _jobs})
)
_sequences = sa.table("sqlite_sequence", sa.column("name", sa.Text), sa.column("seq", sa.Integer))
_LAST_NUMBER = Prepared(sa.select(_sequences.c.seq).where(_sequences.c.name == schema.jobs.name))

_enqueued_with = {"item_id", *(field.name for field in attrs.fields(NewJob))}
_CHANGING = [name for name in _NAMES if name not in _enqueued_with]
_changing = [_jobs[name] for name in (*_CHANGING, "lease_worker_id", "lease_fence")]
_UPDATE = Change(
    sa.update(schema.jobs)
    .where(_has_key)
    .values({c.name: sa.bindparam(c.name, type_=c.type) for c in _changing})
)

_pending = (_jobs.owner_id == sa.bindparam("owner_id"), _jobs.status == JobStatus.PENDING)


def first_pending(
    owner_id: sa.ColumnElement[str], order: Sequence[str], but: sa.ColumnElement[int] | None = None
) -> sa.ScalarSelect[int]:
    """Return the number of the first of an owner's pending jobs, but for one, in the order of columns."""
    jobs = schema.jobs.alias()
    query = sa.select(jobs.c.item_id).where(
        jobs.c.owner_id == owner_id, jobs.c.status == JobStatus.PENDING
    )
    if but is not None:
        query = query.where(jobs.c.item_id != but)
    return query.order_by(*(jobs.c[name] for name in order)).limit(1).scalar_subquery()


SERVED = ("precedence", "item_id")  # the order in which an owner's pending jobs are served
ARRIVED = ("item_id",)

_owner = sa.bindparam("owner_id", type_=_jobs.owner_id.type)


def merge_key_of(jobs: Any) -> sa.ColumnElement[str | None]:
    """Return the merge key of jobs, or null for those that were begun before; see `Front`."""
    return sa.case((jobs.attempts == 0, jobs.merge_key), else_=None)


_UPCOMING = Prepared(
    sa.select(_jobs.item_id, _jobs.kind, merge_key_of(_jobs))
    .where(*_pending)
    .order_by(_jobs.precedence, _jobs.item_id)
    .offset(sa.bindparam("offset"))
    .limit(sa.bindparam("limit"))
)
_FRONT = Prepared(
    sa.select(
        _jobs.item_id,
        _jobs.priority,
        _jobs.model,
        _jobs.kind,
        merge_key_of(_jobs),
        first_pending(_owner, ARRIVED),
    )
    .where(*_pending)
    .order_by(*(_jobs[name] for name in SERVED))
    .limit(1)
)


def job_of(row: Sequence[Any]) -> Job:
    """Return the job of a row of `SELECT_JOBS`."""
    worker_id, fence, *values = row
    lease = None if worker_id is None else Lease(worker_id=worker_id, fence=fence)
    return Job(lease=lease, **dict(zip(_NAMES, values, strict=True)))


def _change(job: Job) -> dict[str, Any]:
    row = {name: getattr(job, name) for name in _CHANGING}
    row["lease_worker_id"] = job.lease.worker_id if job.lease else None
    row["lease_fence"] = job.lease.fence if job.lease else None
    row[KEY] = job.item_id
    return row


_FRESH: Mapping[str, Any] = {  # what no job has before it is claimed
    "status": JobStatus.PENDING,
    "attempts": 0,
    "charged": 0.0,
    "image_names": (),
    "charged_policy": None,
    "lease_worker_id": None,
    "lease_fence": None,
    "device": None,
    "error_type": None,
    "error_message": None,
    "started_at": None,
    "completed_at": None,
}


def _new_row(new: NewJob) -> dict[str, Any]:
    return {
        **_FRESH,
        "batch_id": new.batch_id,
        "run_id": new.run_id,
        "owner_id": new.owner_id,
        "priority": new.priority,
        "precedence": -new.priority,
        "origin": new.origin,
        "destination": new.destination,
        "generation": new.generation,
        "model": new.generation.model,
        "kind": kind_of(new.generation),
        "merge_key": merge_key(new.generation),
        "created_at": new.created_at,
        "updated_at": new.created_at,
    }


@attrs.frozen
class SqlJobRepository:
    """See `JobRepository`."""

    connection: sa.Connection

    def add_all(self, jobs: Sequence[NewJob]) -> Sequence[ItemId]:
        """Keep new pending jobs; return their numbers."""
        if not jobs:
            return []
        rows = [_new_row(new) for new in jobs]
        try:
            with attempt(self.connection):
                if self.connection.dialect.name != "sqlite":
                    return list(self.connection.execute(_INSERT, rows).scalars())
                return self._add_numbered(rows)
        except INTEGRITY as error:  # the one key that a caller chooses is the owner
            raise NotFound("user", jobs[0].owner_id) from error

    def _add_numbered(self, rows: Sequence[dict[str, Any]]) -> Sequence[ItemId]:
        """Keep rows under numbers of our own choice.

        SQLite gives no numbers back for many rows at once, and there is no other writer to give them to.
        """
        known = _LAST_NUMBER.rows(self.connection, {})
        first = (known[0][0] if known else 0) + 1
        for number, row in enumerate(rows, start=first):
            row["item_id"] = number
        _INSERT_NUMBERED.run_all(self.connection, rows)
        return [ItemId(number) for number in range(first, first + len(rows))]

    def get(self, item_id: ItemId) -> Job:
        """Return the job."""
        row = self.connection.execute(_BY_KEY, {KEY: item_id}).first()
        if row is None:
            raise NotFound("job", item_id)
        return job_of(row)

    def find_many(self, item_ids: Sequence[ItemId]) -> Sequence[Job]:
        """Return the known jobs among these, in the order asked for, each once."""
        query = SELECT_JOBS.where(among(self.connection, _jobs.item_id, item_ids))
        found = {job.item_id: job for job in map(job_of, self.connection.execute(query))}
        return [found[number] for number in dict.fromkeys(item_ids) if number in found]

    def states(self, item_ids: Sequence[ItemId]) -> Sequence[JobState]:
        """Return how the known ones of these jobs stand, by number."""
        query = _STATES.where(among(self.connection, _jobs.item_id, item_ids))
        return [JobState(*row) for row in self.connection.execute(query)]

    def cancel_pending(self, item_ids: Sequence[ItemId], now: datetime) -> None:
        """Let those of these jobs that are pending be canceled."""
        named = among(self.connection, _jobs.item_id, item_ids)
        change = sa.update(schema.jobs).where(named, _jobs.status == JobStatus.PENDING)
        canceled = {"status": JobStatus.CANCELED, "updated_at": now, "completed_at": now}
        self.connection.execute(change.values(canceled))

    def put(self, job: Job) -> None:
        """Keep how the job of this number stands."""
        if not _UPDATE.run(self.connection, _change(job)):
            raise NotFound("job", job.item_id)

    def put_all(self, jobs: Sequence[Job]) -> None:
        """Keep how known jobs stand, each once."""
        if _UPDATE.run_all(self.connection, [_change(job) for job in jobs]) < len(jobs):
            raise NotFound("job", jobs[0].item_id)

    def remove(self, item_ids: Sequence[ItemId]) -> None:
        """Forget jobs; unknown ones are passed over."""
        gone = among(self.connection, _jobs.item_id, item_ids)
        self.connection.execute(sa.delete(schema.jobs).where(gone))

    def list(self, query: JobQuery) -> Page[Job]:
        """Return jobs as the query says."""
        values = _values(query)
        return page(
            self.connection,
            _matching(SELECT_JOBS, tuple(values), descending=query.descending),
            job_of,
            offset=query.offset,
            limit=query.limit,
            parameters=values,
        )

    def item_ids(self, query: JobQuery) -> Sequence[ItemId]:
        """Return the numbers of all jobs that match, ignoring offset and limit."""
        values = _values(query)
        selected = _matching(_NUMBERS, tuple(values), descending=query.descending)
        return list(self.connection.execute(selected, values).scalars())

    def counts(
        self,
        *,
        owner_id: UserId | None = None,
        batch_id: BatchId | None = None,
        destination: str | None = None,
    ) -> QueueCounts:
        """Return how many jobs stand in each state."""
        query = JobQuery(owner_id=owner_id, batch_id=batch_id, destination=destination)
        values = _values(query)
        rows = self.connection.execute(_matching(_COUNTED, tuple(values)), values)
        return QueueCounts(**{status.value: count for status, count in rows})

    def gpu_seconds(self, owner_id: UserId) -> float:
        """Return the seconds that the owner's ended jobs ran."""
        began, ended = _jobs.started_at, _jobs.completed_at
        if self.connection.dialect.name == "sqlite":
            ran: Any = (sa.func.julianday(ended) - sa.func.julianday(began)) * 86_400.0
        else:
            ran = sa.extract("epoch", sa.cast(ended, sa.DateTime()) - sa.cast(began, sa.DateTime()))
        # A job without one of the two times adds nothing: its difference is null.
        query = sa.select(sa.func.sum(ran)).where(_jobs.owner_id == owner_id)
        return float(self.connection.execute(query).scalar() or 0.0)

    def oldest_ended(self, *, keep: int, limit: int) -> Sequence[Job]:
        """Return the ended jobs with the lowest numbers, but for the newest."""
        ended = [status for status in JobStatus if status.is_final]
        first_kept = (
            sa.select(_jobs.item_id)
            .where(_jobs.status.in_(ended))
            .order_by(_jobs.item_id.desc())
            .offset(keep)
            .limit(1)
            .scalar_subquery()
        )
        query = SELECT_JOBS.where(_jobs.status.in_(ended), _jobs.item_id <= first_kept)
        query = query.order_by(_jobs.item_id).limit(limit)
        return [job_of(row) for row in self.connection.execute(query)]

    def front(self, owner_id: UserId) -> Front | None:
        """Return what the owner's pending jobs begin with."""
        rows = _FRONT.rows(self.connection, {"owner_id": owner_id})
        return Front(*rows[0]) if rows else None

    def upcoming(self, owner_id: UserId, *, offset: int = 0, limit: int = 50) -> Sequence[Upcoming]:
        """Return the owner's pending jobs in the order in which they are served."""
        wanted = {"owner_id": owner_id, "offset": offset, "limit": limit}
        return [Upcoming(*row) for row in _UPCOMING.rows(self.connection, wanted)]


def _values(query: JobQuery) -> dict[str, Any]:
    """Return what the jobs of a query have, by column."""
    values = {name: getattr(query, name) for name in _FILTERS}
    return {name: value for name, value in values.items() if value is not None}


@lru_cache(maxsize=256)  # there are few kinds of them, and building one costs more than running it
def _matching(
    selected: sa.Select[Any], columns: tuple[str, ...], *, descending: bool | None = None
) -> sa.Select[Any]:
    """Return the query for jobs that have what is bound to these columns; None: in no order."""
    selected = selected.where(*(_jobs[name] == sa.bindparam(name) for name in columns))
    if descending is None:
        return selected
    return selected.order_by(_jobs.item_id.desc() if descending else _jobs.item_id)
