"""What administrators, and the server itself, do with the queue as a whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from invoke_core.domain.audit import QUEUE, AuditAction, Target, difference
from invoke_core.domain.estimates import ALL_KINDS, Measured
from invoke_core.domain.fairness import (
    Caps,
    Flow,
    Group,
    GroupRule,
    QueueMode,
    cost_of,
    group_of,
    slack_of,
)
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import INTERNAL, Principal, require_administrator
from invoke_core.domain.queue import JobQuery, JobStatus
from invoke_core.domain.shares import (
    GroupShare,
    Overview,
    Share,
    ShareChanges,
    Spread,
    fair_shares,
    levels,
    spread,
)
from invoke_core.domain.submissions import REMEMBERED
from invoke_core.ports.clock import Clock
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services import flows
from invoke_core.services._forecast import Forecasts, forecast
from invoke_core.services.flows import AT_ONCE, Move

_TOLD = ("weight", "max_pending", "max_running", "gpu_seconds_per_day")


@attrs.frozen(kw_only=True)
class QueueCareService:
    """What administrators, and the server itself, do with the queue as a whole."""

    reading: Reading
    writing: Writing
    clock: Clock
    mode: QueueMode
    slack_seconds: float
    caps: Caps = attrs.field(factory=Caps)  # the server's, for everybody without an own one
    groups: Sequence[GroupRule] = ()
    history: int | None = None  # ended jobs that are remembered; None: all
    forecasts: Forecasts = attrs.field(factory=Forecasts, repr=False)  # those that people are shown

    def overview(self, principal: Principal, *, user_id: UserId | None = None) -> Overview:
        """Return how the people stand to each other.

        Args:
            principal: who asks.
            user_id: whose place is shown, beside groups and bounds; None: everybody's.

        Raises:
            Forbidden: the principal is no administrator.
        """
        require_administrator(principal)
        now = self.clock.now()
        with self.reading() as work:
            active = work.flows.list_active()
            today = work.flows.used_on(now.date())
            shown = sorted({flow.user_id: flow for flow in [*today, *active]}.items())
            waits = self._waits(work, now)
            names = {
                user.user_id: user.display_name
                for user in work.users.get_many([user_id for user_id, _ in shown])
            }
            measured = work.queue.run_seconds()
            longest = self._longest(work, measured)
            groups = work.groups.list()
        everybodys = sum(flow.used_seconds for flow in today)
        due, due_to_groups = fair_shares(active, groups)
        every = measured.get(ALL_KINDS)
        slack = slack_of(self.mode, self.slack_seconds, every.mean if every else 0.0)
        spreads = {
            name: spread(standings, self.mode, slack=slack, longest=longest)
            for name, standings in levels(active, groups, self.mode).items()
        }
        shares = [
            _share(flow, names[user_id], now, everybodys, due.get(user_id), waits.get(user_id))
            for user_id, flow in shown
        ]
        whole = spreads.get("", Spread(0.0, 0.0))
        return Overview(
            shares=[share for share in shares if user_id in {None, share.user_id}],
            groups=[
                _group_share(group, members, due_to_groups, spreads)
                for group in groups
                if (members := [share for share in shares if share.group_name == group.name])
            ],
            fairness_gap=whole.gap,
            fairness_bound=whole.bound,
            wait_accuracy=self.forecasts.accuracy(),
        )

    def change_share(self, principal: Principal, user_id: UserId, changes: ShareChanges) -> Flow:
        """Change a person's weight or caps; return their place in the queue.

        What was charged stays charged: a new weight counts from the next job on.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: the account is unknown.
            Invalid: a weight or cap is out of range.
        """
        require_administrator(principal)
        now = self.clock.now()
        with self.writing() as work:
            work.users.get(user_id)
            before = work.flows.get(user_id)
            after = changes.applied(before).limited(self.caps)
            flows.reconsider(work, after, now)
            was, became = difference(before, after, _TOLD)
            if became:
                target = Target("user", user_id)
                work.audit.record(
                    principal, AuditAction.QUEUE_SHARE, target, at=now, before=was, after=became
                )
        return after

    def settle(self) -> None:
        """Let the server's caps and groups hold for whoever is in the queue; for a server that starts."""
        now = self.clock.now()
        with self.writing() as work:
            for rule in self.groups:
                flows.settle_group(work, rule)
            active = work.flows.list_active()
            owners = work.users.get_many([flow.user_id for flow in active])
            emails = {owner.user_id: owner.email for owner in owners}
            for flow in active:
                limited = flow.limited(self.caps).on(now.date())
                own_group = group_of(emails[flow.user_id], self.groups)
                settled = flows.joined(work, limited, own_group)
                if settled != flow:
                    flows.reconsider(work, settled, now)

    def clear_pending(self) -> int:
        """Cancel every pending job; for a server that starts and is told to; return how many."""
        canceled = 0
        with self.reading() as work:
            waiting = work.jobs.item_ids(JobQuery(status=JobStatus.PENDING))
        for start in range(0, len(waiting), AT_ONCE):
            now = self.clock.now()
            with self.writing() as work:
                found = work.jobs.states(waiting[start : start + AT_ONCE])
                jobs = [job for job in found if job.status is JobStatus.PENDING]
                flows.cancel(work, jobs, now)
                told = {"canceled": len(jobs)}
                work.audit.record(INTERNAL, AuditAction.QUEUE_CLEAR, QUEUE, at=now, after=told)
            canceled += len(jobs)
        return canceled

    def trim(self) -> int:
        """Forget the oldest ended jobs beyond the limit, and submissions of more than a day ago.

        Returns:
            How many jobs were forgotten.
        """
        now = self.clock.now()
        with self.writing() as work:
            work.submissions.remove_before(now - REMEMBERED)
        forgotten = 0
        while self.history is not None:
            with self.writing() as work:
                old = work.jobs.oldest_ended(keep=self.history, limit=AT_ONCE)
                flows.move(work, [Move(job, None) for job in old], now)
            forgotten += len(old)
            if len(old) < AT_ONCE:
                break
        return forgotten

    def _waits(self, work: Work, now: datetime) -> dict[UserId, float]:
        """Return, by user, the seconds until the next of their jobs is expected to start."""
        waits: dict[UserId, float] = {}
        for start in forecast(work, self.mode, self.slack_seconds, now):
            waits.setdefault(start.owner_id, start.wait.seconds)
        return waits

    def _longest(self, work: Work, measured: Measured) -> float:
        """Return the largest cost of a job, as far as the queue knows it now."""
        running = work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS, limit=None)).items
        charged = [job.charged for job in running if job.charged_policy is self.mode]
        known = [cost_of(self.mode, kind.mean) for kind in measured.values()]
        return max([*charged, *known, cost_of(self.mode, 0.0)])


def _share(
    flow: Flow,
    name: str,
    now: datetime,
    everybodys: float,
    due: float | None,
    wait: float | None,
) -> Share:
    used = flow.used_seconds if flow.used_on == now.date() else 0.0
    return Share(
        user_id=flow.user_id,
        display_name=name,
        group_name=flow.group_name,
        weight=flow.weight,
        max_pending=flow.max_pending,
        max_running=flow.max_running,
        gpu_seconds_per_day=flow.gpu_seconds_per_day,
        pending=flow.pending,
        in_progress=flow.in_flight,
        gpu_seconds=used,
        share=used / everybodys if everybodys else 0.0,
        fair_share=due or 0.0,
        expected_wait=wait,
    )


def _group_share(
    group: Group,
    members: Sequence[Share],
    due: Mapping[str, float],
    spreads: Mapping[str, Spread],
) -> GroupShare:
    own = spreads.get(group.name, Spread(0.0, 0.0))
    return GroupShare(
        name=group.name,
        weight=group.weight,
        members=len(members),
        pending=sum(member.pending for member in members),
        in_progress=sum(member.in_progress for member in members),
        gpu_seconds=sum(member.gpu_seconds for member in members),
        share=sum(member.share for member in members),
        fair_share=due.get(group.name, 0.0),
        fairness_gap=own.gap,
        fairness_bound=own.bound,
    )
