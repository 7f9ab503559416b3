"""The one home of every move of a job: the job, its owner's flow, the virtual time, and the news of it.

Whatever enqueues, claims, completes, cancels, gives back or forgets a job goes through here, so that four
things always hold. A flow's counts and head are those of its jobs. Its counter is the sum of what its jobs
are charged. It is lifted to the virtual time whenever it begins to contend again, and the virtual time has
seen every least counter (see `domain.fairness`). The same holds of groups, whose flows are their members'.
A run that ends without a picture leaves no file: its holder may have died when it had stored one, so the name
is written down for the sweep.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import attrs

from invoke_core.domain.fairness import (
    Caps,
    Flow,
    Group,
    GroupRule,
    QueueMode,
    VirtualTime,
    group_of,
)
from invoke_core.domain.identifiers import SYSTEM, ItemId, UserId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.queue import Job, JobQuery, JobState, JobStatus, result_name
from invoke_core.domain.users import User
from invoke_core.errors import TooMany
from invoke_core.ports.queue import Candidate, Front
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
    work.jobs.put_all([each.after for each in moves if each.after is not None])
    unwanted = [result_name(each.before) for each in moves if _ends_without_picture(each)]
    if unwanted:
        work.doomed_files.add(unwanted, now)
    forgotten = [each.before.item_id for each in moves if each.after is None]
    if forgotten:
        work.jobs.remove(forgotten)
    for owner_id, own in by_owner.items():
        flow = work.flows.get(owner_id)
        after = _reshaped(flow, own, now)
        _put(work, flow, after, _front(work, after), now, services=_services(own))
        _tell(work, own, now)
    work.queue.advance(COUNTED)


def cancel(work: Work, unfinished: Sequence[JobState], now: datetime) -> None:
    """Cancel jobs that have not ended, with all that follows, and tell of it.

    Args:
        work: a writing unit of work, in which they were read.
        unfinished: pending or running ones.
        now: the present.
    """
    waiting = [each for each in unfinished if each.status is JobStatus.PENDING]
    running = [each.item_id for each in unfinished if each.status is JobStatus.IN_PROGRESS]
    work.jobs.cancel_pending([each.item_id for each in waiting], now)
    for owner_id, count in Counter(each.owner_id for each in waiting).items():
        flow = work.flows.get(owner_id)
        after = attrs.evolve(flow, pending=flow.pending - count)
        _put(work, flow, after, _front(work, after), now)
    _tell_canceled(work, waiting, now)
    move(work, [Move(job, job.canceled(now)) for job in work.jobs.find_many(running)], now)


def forget(work: Work, jobs: Sequence[JobState], now: datetime) -> None:
    """Forget jobs, canceling first what has not ended, and tell of it; what they were charged stays."""
    cancel(work, [each for each in jobs if not each.status.is_final], now)
    if jobs:
        work.jobs.remove([each.item_id for each in jobs])
        work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)


def claimed(
    work: Work, chosen: Candidate, job: Job, now: datetime, *, mode: QueueMode, fence: int
) -> None:
    """Keep a job as it was claimed under this fencing number, with all that follows, and tell of it.

    As `move` does, in few statements: what is read was read with the candidate, whose head the job is, and
    no other mode's virtual time can change.
    """
    work.jobs.put(job)
    moves = [Move(chosen.head, job)]
    after = _reshaped(chosen.flow, moves, now)
    _put(work, chosen.flow, after, chosen.rest, now, services=_services(moves), group=chosen.group)
    _tell(work, moves, now)
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


def entered(
    work: Work,
    owner_id: UserId,
    count: int,
    server: Caps,
    now: datetime,
    *,
    groups: Sequence[GroupRule] = (),
) -> None:
    """Bring the owner's flow up to date after so many new jobs were added in this unit of work."""
    flow, owner = work.flows.get(owner_id), work.users.get(owner_id)
    after = attrs.evolve(
        flow.limited(server), pending=flow.pending + count, suspended=not may_run(owner)
    )
    after = joined(work, after, group_of(owner.email, groups))
    _put(work, flow, after, _front(work, after), now)
    work.queue.advance(COUNTED)


def settle_group(work: Work, rule: GroupRule) -> None:
    """Keep the weight that a group is to have from now on."""
    group = work.groups.get(rule.name)
    if group.weight != rule.weight:
        work.groups.put(attrs.evolve(group, weight=rule.weight))


def joined(work: Work, flow: Flow, rule: GroupRule | None) -> Flow:
    """Return the flow as it stands in the group of this rule, whose weight is kept; None: in none."""
    name = rule.name if rule else ""
    if rule is not None:
        settle_group(work, rule)
    if flow.group_name == name:
        return flow
    return flow.regrouped(name, _time_among(work, flow.group_name), _time_among(work, name))


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
    forget(work, work.jobs.states(work.jobs.item_ids(JobQuery(owner_id=user_id))), now)


def reconsider(work: Work, flow: Flow, now: datetime) -> None:
    """Keep the flow after its weight or caps were changed, or the day."""
    _put(work, work.flows.get(flow.user_id), flow, _front(work, flow), now)
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
        after = attrs.evolve(flow, suspended=suspended)
        _put(work, flow, after, _front(work, after), now)
        work.queue.advance(COUNTED)
        work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)


def _reshaped(flow: Flow, moves: Sequence[Move], now: datetime) -> Flow:
    """Return the owner's flow after the moves: what it is charged, what it used, what it has."""
    for policy, cost in _services(moves):
        flow = flow.charged(policy, cost)
    for each in moves:
        if each.gpu_seconds:
            flow = flow.used(each.gpu_seconds, now.date())
    return attrs.evolve(
        flow,
        pending=flow.pending + sum(_change(each, JobStatus.PENDING) for each in moves),
        in_flight=flow.in_flight + sum(_change(each, JobStatus.IN_PROGRESS) for each in moves),
    )


def _change(move: Move, status: JobStatus) -> int:
    is_there = move.after is not None and move.after.status is status
    return int(is_there) - int(move.before.status is status)


def _services(moves: Sequence[Move]) -> Sequence[tuple[QueueMode, float]]:
    """Return what the moves charge, in the units of the policies that charge it; refunds are negative."""
    services = []
    for each in moves:
        if each.after is None:  # what was charged stays charged
            continue
        policy = each.after.charged_policy or each.before.charged_policy
        difference = each.after.charged - each.before.charged
        if policy and difference:
            services.append((policy, difference))
    return services


def _front(work: Work, flow: Flow) -> Front | None:
    return work.jobs.front(flow.user_id) if flow.pending else None


def _time_among(work: Work, group_name: str) -> VirtualTime:
    """Return the virtual time among the members of a group, or among all who are in none."""
    return work.groups.get(group_name).members if group_name else work.queue.virtual_time()


def _ends_without_picture(move: Move) -> bool:
    stays = {JobStatus.IN_PROGRESS, JobStatus.COMPLETED}
    is_over = move.after is None or move.after.status not in stays
    return move.before.status is JobStatus.IN_PROGRESS and is_over


def _put(
    work: Work,
    before: Flow,
    after: Flow,
    front: Front | None,
    now: datetime,
    *,
    services: Sequence[tuple[QueueMode, float]] = (),
    group: Group | None = None,
) -> None:
    """Keep a flow after a change of it, and its group.

    Args:
        work: the writing unit of work in which the change happens.
        before: the flow as it is kept.
        after: as it becomes, charged with the services already.
        front: what the owner's pending jobs begin with now.
        now: the present.
        services: what its group is charged too.
        group: as it is kept; None: it is read, where there is one.
    """
    after = attrs.evolve(
        after.on(now.date()),
        oldest_item_id=front.oldest_item_id if front else None,
        head_item_id=front.item_id if front else None,
        head_model=front.model if front else None,
        head_kind=front.kind if front else None,
        head_merge_key=front.merge_key if front else None,
    )
    moved = after.group_name != before.group_name
    enters = after.contends and (moved or not before.contends)
    if enters or after.head_item_id != before.head_item_id:
        after = attrs.evolve(after, head_since=now if front else None)
    if after.group_name:
        _put_in_group(work, after, group, services, enters=enters)
    else:
        work.flows.put(after.lifted(work.queue.virtual_time()) if enters else after)
    if moved and before.group_name:
        work.groups.put(work.groups.get(before.group_name))


def _put_in_group(
    work: Work,
    flow: Flow,
    group: Group | None,
    services: Sequence[tuple[QueueMode, float]],
    *,
    enters: bool,
) -> None:
    group = group or work.groups.get(flow.group_name)
    for policy, cost in services:
        group = group.charged(policy, cost)
    if enters:
        flow = flow.lifted(group.members)
        if not work.groups.contends(group.name):
            group = group.lifted(work.queue.virtual_time())
    work.flows.put(flow)
    work.groups.put(group)


def _tell_canceled(work: Work, waiting: Sequence[JobState], now: datetime) -> None:
    """Tell of jobs that wait no more: of each, or of many at once; no worker has to hear of them."""
    if len(waiting) > TOLD_ONE_BY_ONE:
        work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)
        return
    for each in waiting:
        _tell_one(work, each.item_id, JobStatus.CANCELED, now)


def _tell_one(work: Work, item_id: ItemId, status: JobStatus, now: datetime) -> None:
    body: dict[str, str | int | float | bool | None] = {"item_id": item_id, "status": status.value}
    work.news.tell(NewsKind.JOB_CHANGED, Audience.everybody(), body, now)


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
        _tell_one(work, each.before.item_id, each.after.status, now)
    if told_at_once or any(each.after is None for each in moves):
        work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)
