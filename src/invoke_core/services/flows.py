"""The one home of every move of a job: the job, its owner's flow, the virtual time, and the news of it.

Whatever enqueues, claims, completes, cancels, gives back or forgets a job goes through here, so that four
things always hold. A flow's counts and head are those of its jobs. Its counter is the sum of what its jobs
are charged. It is lifted to the virtual time whenever it begins to contend again, and the virtual time has
seen every least counter (see `domain.fairness`). A run that ends without a picture leaves no file: its holder
may have died when it had stored one, so the name is written down for the sweep.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import attrs

from invoke_core.domain.estimates import kind_of
from invoke_core.domain.fairness import Caps, Flow, QueueMode
from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.queue import Job, JobQuery, JobStatus, result_name
from invoke_core.domain.users import User
from invoke_core.errors import TooMany
from invoke_core.ports.queue import Candidate
from invoke_core.ports.unit_of_work import Work

COUNTED = (QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE)  # the modes that have a counter
AT_ONCE = 500  # jobs that one writing unit changes: a long one would hold up everybody else
TOLD_ONE_BY_ONE = 20  # moves of one owner in one unit; more are told as "many"


@attrs.frozen
class Move:
    """A job before and after; None: it is forgotten."""

    before: Job
    after: Job | None
    gpu_seconds: float = 0.0  # that the move ends: they count for the owner's day


def move(work: Work, moves: Sequence[Move], now: datetime) -> None:
    """Keep the jobs as they are after the moves, with all that follows, and tell of it.

    Args:
        work: a writing unit of work, in which every `before` was read.
        moves: at most one for each job.
        now: the present.
    """
    by_owner: dict[UserId, list[Move]] = defaultdict(list)
    for each in moves:
        by_owner[each.before.owner_id].append(each)
        if each.after is not None:
            work.jobs.put(each.after)
    unwanted = [result_name(each.before) for each in moves if _ends_without_picture(each)]
    if unwanted:
        work.doomed_files.add(unwanted, now)
    forgotten = [each.before.item_id for each in moves if each.after is None]
    if forgotten:
        work.jobs.remove(forgotten)
    for owner_id, own in by_owner.items():
        _reshape(work, work.flows.get(owner_id), own, now)
        _tell(work, own, now)
    work.queue.advance(COUNTED)


def claimed(
    work: Work, flow: Flow, move: Move, now: datetime, *, mode: QueueMode, fence: int
) -> None:
    """Keep a job as it was claimed under this fencing number, with all that follows, and tell of it.

    As `move` does, in few statements: the flow is known, and no other mode's virtual time can change.
    """
    if move.after is not None:
        work.jobs.put(move.after)
    _reshape(work, flow, [move], now)
    _tell(work, [move], now)
    work.queue.advance([mode], fence=fence)


def require_room(flow: Flow, server: Caps, wanted: int, now: datetime) -> None:
    """Raise TooMany where the flow's caps leave no room for so many more jobs."""
    most = flow.pending_cap(server)
    if most is not None and flow.pending + wanted > most:
        raise TooMany(
            f"You may have {most:,} jobs waiting and {flow.pending:,} are: {wanted:,} more do not fit."
        )
    if flow.limited(server).on(now.date()).is_spent:
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=UTC)
        raise TooMany(
            "Your GPU time of today is used up: try again tomorrow (UTC).",
            retry_after=math.ceil((midnight - now).total_seconds()),
        )


def entered(work: Work, owner_id: UserId, count: int, server: Caps, now: datetime) -> None:
    """Bring the owner's flow up to date after so many new jobs were added in this unit of work."""
    flow = work.flows.get(owner_id)
    suspended = not may_run(work.users.get(owner_id))
    after = attrs.evolve(flow.limited(server), pending=flow.pending + count, suspended=suspended)
    _put(work, flow, after, now)
    work.queue.advance(COUNTED)


def suspend(work: Work, user_id: UserId, now: datetime) -> None:
    """Let the account's pending jobs wait, and cancel its running ones; the account was deactivated."""
    running = work.jobs.list(
        JobQuery(owner_id=user_id, status=JobStatus.IN_PROGRESS, limit=None)
    ).items
    move(work, [Move(job, job.canceled(now)) for job in running], now)
    _set_suspended(work, user_id, now, suspended=True)


def resume(work: Work, user_id: UserId, now: datetime) -> None:
    """Let the account's pending jobs run again, without credit for the time that they waited."""
    _set_suspended(work, user_id, now, suspended=False)


def remove_jobs(work: Work, user_id: UserId, now: datetime) -> None:
    """Cancel and forget every job of an account that is about to be removed."""
    suspend(work, user_id, now)
    jobs = work.jobs.list(JobQuery(owner_id=user_id, limit=None)).items
    move(work, [Move(job, None) for job in jobs], now)


def reconsider(work: Work, flow: Flow, now: datetime) -> None:
    """Keep the flow after its weight or caps were changed, or the day."""
    _put(work, work.flows.get(flow.user_id), flow, now)
    work.queue.advance(COUNTED)
    work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)


def may_run(owner: User) -> bool:
    """Return whether the owner's jobs may be served; those of `system`, who never signs in, always."""
    return _is_served(owner.user_id, is_active=owner.is_active)


def may_be_served(candidate: Candidate) -> bool:
    """Return whether the candidate's jobs may be served: see `may_run`."""
    return _is_served(candidate.flow.user_id, is_active=candidate.owner_is_active)


def _is_served(user_id: UserId, *, is_active: bool) -> bool:
    return is_active or user_id == SYSTEM


def _set_suspended(work: Work, user_id: UserId, now: datetime, *, suspended: bool) -> None:
    flow = work.flows.get(user_id)
    if flow.suspended != suspended:
        _put(work, flow, attrs.evolve(flow, suspended=suspended), now)
        work.queue.advance(COUNTED)
        work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)


def _reshape(work: Work, flow: Flow, moves: Sequence[Move], now: datetime) -> None:
    after = flow
    for each in moves:
        after = _charged(after, each)
        if each.gpu_seconds:
            after = after.used(each.gpu_seconds, now.date())
        after = attrs.evolve(
            after,
            pending=after.pending + _change(each, JobStatus.PENDING),
            in_flight=after.in_flight + _change(each, JobStatus.IN_PROGRESS),
        )
    _put(work, flow, after, now)


def _change(move: Move, status: JobStatus) -> int:
    is_there = move.after is not None and move.after.status is status
    return int(is_there) - int(move.before.status is status)


def _ends_without_picture(move: Move) -> bool:
    stays = {JobStatus.IN_PROGRESS, JobStatus.COMPLETED}
    is_over = move.after is None or move.after.status not in stays
    return move.before.status is JobStatus.IN_PROGRESS and is_over


def _charged(flow: Flow, move: Move) -> Flow:
    if move.after is None:  # what was charged stays charged
        return flow
    policy = move.after.charged_policy or move.before.charged_policy
    difference = move.after.charged - move.before.charged
    return flow.charged(policy, difference) if policy and difference else flow


def _put(work: Work, before: Flow, after: Flow, now: datetime) -> None:
    front = work.jobs.front(after.user_id) if after.pending else None
    after = attrs.evolve(
        after.on(now.date()),
        oldest_item_id=front.oldest_item_id if front else None,
        head_item_id=front.head.item_id if front else None,
        head_model=front.head.generation.model if front else None,
        head_kind=kind_of(front.head.generation) if front else None,
    )
    if after.contends and not before.contends:
        after = after.lifted(work.queue.virtual_time())
    work.flows.put(after)


def _tell(work: Work, moves: Sequence[Move], now: datetime) -> None:
    """Tell of each move that a worker must hear of, and of many others at once.

    Everybody hears: others may know that a job is there and how it stands, and of nothing more.
    """
    told_at_once = len(moves) > TOLD_ONE_BY_ONE
    for each in moves:
        if each.after is None or each.after.status is each.before.status:
            continue
        if told_at_once and each.before.status is not JobStatus.IN_PROGRESS:
            continue
        body = {"item_id": each.before.item_id, "status": each.after.status.value}
        work.news.tell(NewsKind.JOB_CHANGED, Audience.everybody(), body, now)
    if told_at_once or any(each.after is None for each in moves):
        work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)
