"""What people do with the queue."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from invoke_core.domain.audit import QUEUE, AuditAction, Target, is_private_look
from invoke_core.domain.fairness import SLACK_SECONDS, Caps, GroupRule, QueueMode
from invoke_core.domain.generation import MAX_SEED, Generation, GenerationLimits, require_within
from invoke_core.domain.identifiers import BatchId, ItemId, RunId, UserId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal, require_administrator, require_usable
from invoke_core.domain.queue import (
    BatchWish,
    EnqueuedBatch,
    Job,
    JobQuery,
    JobState,
    JobStatus,
    QueueCounts,
    QueueStatus,
    SeenJob,
    may_manage,
    require_few,
    require_manager,
    require_sensible,
)
from invoke_core.domain.submissions import Submission, checked_key, remembered, wish_digest
from invoke_core.errors import Forbidden, NotFound, TooMany
from invoke_core.ports.clock import Clock
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.queue import NewJob
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services import _seen, _wishes, flows
from invoke_core.services._forecast import Forecasts, Place, forecast
from invoke_core.services._looks import Hourly, image_looks, job_looks
from invoke_core.services._quota import require_storage
from invoke_core.services.flows import AT_ONCE, Move


@attrs.frozen(kw_only=True)
class QueueRules:
    """The administrator's choices about the queue."""

    mode: QueueMode = QueueMode.ROUND_ROBIN
    slack_seconds: float = SLACK_SECONDS  # as `DispatchRules` have it, for forecasts
    max_queue_size: int | None = 10_000  # pending jobs of all people together
    caps: Caps = attrs.field(factory=Caps)  # of whoever has no own ones
    groups: Sequence[GroupRule] = ()
    limits: GenerationLimits = attrs.field(factory=GenerationLimits)
    storage_quota: int | None = None  # bytes, of accounts that have none of their own


@attrs.frozen
class QueueService:
    """What people do with the queue."""

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness
    progress: ProgressStore
    rules: QueueRules
    looks: Hourly = attrs.field(factory=Hourly, repr=False)
    forecasts: Forecasts = attrs.field(factory=Forecasts, repr=False)

    def enqueue(
        self, principal: Principal, wish: BatchWish, *, key: str | None = None
    ) -> EnqueuedBatch:
        """Put a generation into the queue, once for each run, with seeds that count up.

        Args:
            principal: who asks.
            wish: what is asked for.
            key: one's own word for this submission; sent again with it within a day, nothing more is
                enqueued, and the answer is that of the first time.

        Raises:
            NotFound: a model, LoRA, board or image is unknown, or hidden from the principal.
            Forbidden: the principal may see the board, but not add to it.
            Invalid: a value is out of range.
            TooMany: the queue is full, a cap of one's own is reached, or one's storage quota is used up;
                nothing was enqueued.
            Conflict: the key came before with another wish.
        """
        require_usable(principal)
        require_sensible(wish)
        digest = "" if key is None else wish_digest(wish)
        if key is not None:
            checked_key(key)
        batch_id = BatchId(self.randomness.identifier())
        seed = self.randomness.seed()
        now = self.clock.now()
        with self.writing() as work:
            if key is not None:
                found = work.submissions.find(principal.user_id, key)
                before = remembered(found, digest, now)
                if before is not None:
                    return before
            generation = _wishes.settle(work, principal, wish.generation, seed)
            require_within(self.rules.limits, generation)
            if generation.init_image is not None:
                used = work.images.find_many([generation.init_image.image_name])
                for action, target in image_looks(work, principal, used):
                    work.audit.record(principal, action, target, at=now)
            self._require_room(work, principal.user_id, wish.runs, now)
            require_storage(work, principal.user_id, 0, self.rules.storage_quota)
            front = work.jobs.front(principal.user_id) if wish.prepend else None
            priority = max(wish.priority, front.priority + 1) if front else wish.priority
            jobs = [
                NewJob(
                    batch_id=batch_id,
                    run_id=RunId(self.randomness.identifier()),
                    owner_id=principal.user_id,
                    priority=priority,
                    origin=wish.origin,
                    destination=wish.destination,
                    generation=_run(generation, run),
                    created_at=now,
                )
                for run in range(wish.runs)
            ]
            item_ids = work.jobs.add_all(jobs)
            self._entered(work, principal.user_id, len(jobs), now)
            self._tell_enqueued(work, principal, batch_id, len(jobs))
            batch = EnqueuedBatch(
                batch_id=batch_id,
                requested=wish.runs,
                priority=priority,
                generation=generation,
                origin=wish.origin,
                destination=wish.destination,
                item_ids=item_ids,
            )
            if key is not None:
                work.submissions.put(
                    Submission(
                        user_id=principal.user_id,
                        key=key,
                        wish_digest=digest,
                        batch=batch,
                        at=now,
                    )
                )
        return batch

    def status(self, principal: Principal) -> QueueStatus:
        """Return how many jobs stand in each state, and the current job where one may know it."""
        require_usable(principal)
        with self.reading() as work:
            running = work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS, limit=1)).items
            return QueueStatus(
                counts=work.jobs.counts(),
                waiting=work.flows.pending(is_suspended=True),
                own=work.jobs.counts(owner_id=principal.user_id),
                current=next((job for job in running if may_manage(job, principal)), None),
                paused=work.queue.paused(),
            )

    def list_all(self, principal: Principal, query: JobQuery) -> Page[SeenJob]:
        """Return jobs of everybody as the principal may see them.

        Raises:
            Forbidden: somebody else's jobs are asked for, and the principal is no administrator.
        """
        query = _allowed(principal, query)
        with self.reading() as work:
            page = work.jobs.list(query)
            seen = self._seen(work, principal, page.items)
        self._write_down(principal, seen)
        return Page(items=seen, offset=page.offset, limit=page.limit, total=page.total)

    def item_ids(self, principal: Principal, query: JobQuery) -> Sequence[ItemId]:
        """Return the numbers of the jobs that `list_all` would page through."""
        with self.reading() as work:
            return work.jobs.item_ids(_allowed(principal, query))

    def items_by_ids(self, principal: Principal, item_ids: Sequence[ItemId]) -> Sequence[SeenJob]:
        """Return the known jobs among these, in the order asked for; raise Invalid over 1,000."""
        require_usable(principal)
        require_few(item_ids, "item_ids")
        with self.reading() as work:
            seen = self._seen(work, principal, work.jobs.find_many(item_ids))
        self._write_down(principal, seen)
        return seen

    def item(self, principal: Principal, item_id: ItemId) -> SeenJob:
        """Return one job; raise NotFound where there is none."""
        require_usable(principal)
        with self.reading() as work:
            seen = self._seen(work, principal, [work.jobs.get(item_id)])
        self._write_down(principal, seen)
        return seen[0]

    def current(self, principal: Principal) -> SeenJob | None:
        """Return the oldest job in progress, or None."""
        require_usable(principal)
        with self.reading() as work:
            running = work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS, limit=1)).items
            seen = self._seen(work, principal, running)
        self._write_down(principal, seen)
        return next(iter(seen), None)

    def next(self, principal: Principal) -> SeenJob | None:
        """Return the job that would be served next, or None."""
        require_usable(principal)
        with self.reading() as work:
            rules, now = self.rules, self.clock.now()
            first = next(forecast(work, rules.mode, rules.slack_seconds, now), None)
            seen = self._seen(work, principal, [work.jobs.get(first.item_id)] if first else [])
        self._write_down(principal, seen)
        return next(iter(seen), None)

    def batch_counts(self, principal: Principal, batch_id: BatchId) -> tuple[Job, QueueCounts]:
        """Return a job of the batch, which names its origin, and how its jobs stand.

        Raises:
            NotFound: there is no such batch, or it is somebody else's.
        """
        require_usable(principal)
        # Looked for among one's own: finding another's first would take longer than finding none.
        owner_id = None if principal.is_admin else principal.user_id
        query = JobQuery(batch_id=batch_id, owner_id=owner_id, limit=1)
        with self.reading() as work:
            jobs = work.jobs.list(query).items
            if not jobs or not may_manage(jobs[0], principal):
                raise NotFound("batch", batch_id)
            return jobs[0], work.jobs.counts(batch_id=batch_id)

    def counts_by_destination(self, principal: Principal, destination: str) -> QueueCounts:
        """Return how many of one's own jobs for a destination stand in each state; administrators: all."""
        require_usable(principal)
        owner_id = None if principal.is_admin else principal.user_id
        with self.reading() as work:
            return work.jobs.counts(owner_id=owner_id, destination=destination)

    def cancel(self, principal: Principal, item_id: ItemId) -> SeenJob:
        """Cancel a job; a running one stops within one denoising step.

        Raises:
            NotFound: there is no such job.
            Forbidden: it is somebody else's.
            Conflict: it has ended.
        """
        require_usable(principal)
        now = self.clock.now()
        with self.writing() as work:
            job = work.jobs.get(item_id)
            require_manager(job, principal)
            canceled = job.canceled(now)
            flows.move(work, [Move(job, canceled)], now)
            _audit(work, principal, AuditAction.JOB_CANCEL, [job], now)
            return self._seen(work, principal, [canceled])[0]

    def cancel_batches(self, principal: Principal, batch_ids: Sequence[BatchId]) -> int:
        """Cancel what is left of batches, one's own; return how many jobs were canceled.

        Raises:
            Invalid: over 1,000 batches are named.
        """
        require_few(batch_ids, "batch_ids")
        queries = [JobQuery(batch_id=batch_id) for batch_id in dict.fromkeys(batch_ids)]
        return self._cancel_unfinished(principal, queries)

    def cancel_destination(self, principal: Principal, destination: str) -> int:
        """Cancel one's own unfinished jobs for a destination; return how many."""
        return self._cancel_unfinished(principal, [JobQuery(destination=destination)])

    def cancel_all_except_current(
        self, principal: Principal, *, owner_id: UserId | None = None
    ) -> int:
        """Cancel one's own pending jobs; administrators: everybody's, or one person's; return how many.

        Raises:
            Forbidden: somebody else's jobs are meant, and the principal is no administrator.
        """
        return self._cancel(principal, [JobQuery(status=JobStatus.PENDING, owner_id=owner_id)])

    def clear(self, principal: Principal, *, owner_id: UserId | None = None) -> int:
        """Cancel and forget jobs, whose as in `cancel_all_except_current`; return how many went."""
        every = [JobQuery(owner_id=owner_id)]
        return sum(self._forget(principal, item_ids) for item_ids in self._own(principal, every))

    def prune(self, principal: Principal, *, owner_id: UserId | None = None) -> int:
        """Forget jobs that have ended, whose as in `cancel_all_except_current`; return how many went."""
        ended = [
            JobQuery(status=status, owner_id=owner_id) for status in JobStatus if status.is_final
        ]
        return sum(
            self._forget(principal, item_ids, only_ended=True)
            for item_ids in self._own(principal, ended)
        )

    def delete(self, principal: Principal, item_id: ItemId) -> None:
        """Forget a job, canceling it first; its pictures stay.

        Raises:
            NotFound: there is no such job.
            Forbidden: it is somebody else's.
        """
        require_usable(principal)
        with self.reading() as work:
            require_manager(work.jobs.get(item_id), principal)
        self._forget(principal, [item_id])

    def retry(self, principal: Principal, item_ids: Sequence[ItemId]) -> Sequence[ItemId]:
        """Enqueue failed and canceled jobs again, as new ones with the same seed.

        Returns:
            The numbers of the jobs that were tried again: what is somebody else's or did not end in
            failure is passed over.

        Raises:
            Invalid: over 1,000 jobs are named.
            TooMany: the queue is full; nothing was enqueued.
        """
        require_usable(principal)
        require_few(item_ids, "")
        now = self.clock.now()
        with self.writing() as work:
            jobs = [
                job
                for job in work.jobs.find_many(item_ids)
                if job.status in {JobStatus.FAILED, JobStatus.CANCELED}
                and may_manage(job, principal)
            ]
            _audit(work, principal, AuditAction.JOB_RETRY, jobs, now)
            for owner_id in sorted({job.owner_id for job in jobs}):
                own = [self._again(job, now) for job in jobs if job.owner_id == owner_id]
                self._require_room(work, owner_id, len(own), now)
                work.jobs.add_all(own)
                self._entered(work, owner_id, len(own), now)
            if jobs:
                work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)
        return [job.item_id for job in jobs]

    def pause(self, principal: Principal) -> QueueStatus:
        """Dispatch no more jobs until `resume`, also after a restart; running ones finish."""
        return self._set_paused(principal, paused=True)

    def resume(self, principal: Principal) -> QueueStatus:
        """Dispatch jobs again."""
        return self._set_paused(principal, paused=False)

    def _set_paused(self, principal: Principal, *, paused: bool) -> QueueStatus:
        require_administrator(principal)
        now = self.clock.now()
        action = AuditAction.QUEUE_PAUSE if paused else AuditAction.QUEUE_RESUME
        with self.writing() as work:
            was = {"paused": work.queue.paused()}
            work.queue.put_paused(paused)
            body = {"paused": paused}
            work.audit.record(principal, action, QUEUE, at=now, before=was, after=body)
            work.news.tell(NewsKind.QUEUE_PAUSED, Audience.everybody(), body, now)
        return self.status(principal)

    def _tell_enqueued(
        self, work: Work, principal: Principal, batch_id: BatchId, enqueued: int
    ) -> None:
        now = self.clock.now()
        work.news.tell(
            NewsKind.BATCH_ENQUEUED,
            Audience.of_user(principal.user_id),
            {"batch_id": batch_id, "owner_id": principal.user_id, "enqueued": enqueued},
            now,
        )
        work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)

    def _entered(self, work: Work, owner_id: UserId, count: int, now: datetime) -> None:
        flows.entered(work, owner_id, count, self.rules.caps, now, groups=self.rules.groups)

    def _require_room(self, work: Work, owner_id: UserId, wanted: int, now: datetime) -> None:
        flows.require_room(work.flows.get(owner_id), self.rules.caps, wanted, now)
        most = self.rules.max_queue_size
        if most is None:
            return
        pending = work.flows.pending()
        if pending + wanted > most:
            raise TooMany(
                f"The queue takes {most:,} pending jobs and {pending:,} are waiting:"
                f" {wanted:,} more do not fit."
            )

    def _again(self, job: Job, now: datetime) -> NewJob:
        return NewJob(
            batch_id=job.batch_id,
            run_id=RunId(self.randomness.identifier()),
            owner_id=job.owner_id,
            priority=job.priority,
            origin=job.origin,
            destination=job.destination,
            generation=job.generation,
            created_at=now,
        )

    def _seen(self, work: Work, principal: Principal, jobs: Sequence[Job]) -> Sequence[SeenJob]:
        own = [job for job in jobs if may_manage(job, principal)]
        waiting = [job for job in own if job.status is JobStatus.PENDING]
        places: Mapping[ItemId, Place] = {}
        if waiting:
            now, monotonic = self.clock.now(), self.clock.monotonic()
            places = self.forecasts.places(
                work, self.rules.mode, self.rules.slack_seconds, now, monotonic, waiting
            )
        return _seen.seen_jobs(work, principal, jobs, self.progress, places)

    def _write_down(self, principal: Principal, jobs: Sequence[SeenJob]) -> None:
        looks = job_looks(principal, jobs)
        self.looks.write_down(self.writing, principal, looks, self.clock.now())

    def _own(self, principal: Principal, queries: Sequence[JobQuery]) -> Iterator[Sequence[ItemId]]:
        """Yield the numbers of what the queries match among the jobs that one may end, in stretches."""
        allowed = [_allowed(principal, query) for query in queries]
        if not principal.is_admin:
            allowed = [attrs.evolve(query, owner_id=principal.user_id) for query in allowed]
        with self.reading() as work:
            item_ids = [item_id for query in allowed for item_id in work.jobs.item_ids(query)]
        for start in range(0, len(item_ids), AT_ONCE):
            yield item_ids[start : start + AT_ONCE]

    def _cancel_unfinished(self, principal: Principal, queries: Sequence[JobQuery]) -> int:
        unfinished = [status for status in JobStatus if not status.is_final]
        return self._cancel(
            principal,
            [attrs.evolve(query, status=status) for query in queries for status in unfinished],
        )

    def _cancel(self, principal: Principal, queries: Sequence[JobQuery]) -> int:
        canceled = 0
        for item_ids in self._own(principal, queries):
            now = self.clock.now()
            with self.writing() as work:
                # A job may have begun or ended since its number was read.
                wanted = {query.status for query in queries}
                jobs = [job for job in work.jobs.states(item_ids) if job.status in wanted]
                flows.cancel(work, jobs, now)
                _audit(work, principal, AuditAction.JOB_CANCEL, jobs, now)
            canceled += len(jobs)
        return canceled

    def _forget(
        self, principal: Principal, item_ids: Sequence[ItemId], *, only_ended: bool = False
    ) -> int:
        now = self.clock.now()
        with self.writing() as work:
            jobs = [job for job in work.jobs.states(item_ids) if may_manage(job, principal)]
            if only_ended:
                jobs = [job for job in jobs if job.status.is_final]
            flows.forget(work, jobs, now)
            _audit(work, principal, AuditAction.JOB_DELETE, jobs, now)
        return len(jobs)


def _audit(
    work: Work,
    principal: Principal,
    action: AuditAction,
    jobs: Sequence[Job] | Sequence[JobState],
    now: datetime,
) -> None:
    """Record what an administrator did to other people's jobs, in one entry."""
    others = [job for job in jobs if job.owner_id != principal.user_id]
    if not others or not is_private_look(principal):
        return
    one = str(others[0].item_id) if len(others) == 1 else None
    before: dict[str, object] = {"owners": sorted({job.owner_id for job in others})}
    if one is None:
        before["item_ids"] = [job.item_id for job in others]
    work.audit.record(principal, action, Target("job", one), at=now, before=before)


def _run(generation: Generation, run: int) -> Generation:
    return attrs.evolve(generation, seed=(generation.seed + run) % (MAX_SEED + 1))


def _allowed(principal: Principal, query: JobQuery) -> JobQuery:
    """Return the query as far as the principal may ask it."""
    require_usable(principal)
    if principal.is_admin:
        return query
    if query.owner_id not in {None, principal.user_id}:
        raise Forbidden("Only administrators may ask for another person's jobs.")
    if query.batch_id or query.origin or query.destination:
        # What one may not see of others' jobs, one may not find them by.
        return attrs.evolve(query, owner_id=principal.user_id)
    return query
