"""Whose turn it is: one mechanism, three policies.

Every user has a flow, the word of start-time fair queueing (Goyal, Vin, Cheng 1996), with a counter:
the service charged so far, in the policy's unit, divided by the flow's weight. Charging at dispatch and
lifting on re-entry follow SFQ(D) (Jin, Chase, Kaur 2004) and the virtual token counter (Sheng et al.,
OSDI 2024).
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Self, TypeVar

import attrs

from invoke_core.domain.identifiers import ItemId, ModelKey, UserId
from invoke_core.domain.users import email_identity

SLACK_SECONDS = 60.0  # unless somebody settles it; see `slack_of`


class QueueMode(StrEnum):
    """How contending flows are ordered, and what a job costs."""

    FIFO = "FIFO"  # by the oldest job; free
    ROUND_ROBIN = "round_robin"  # by the counter; one a job
    FAIR_SHARE = "fair_share"  # by the counter; GPU-seconds


@attrs.frozen(kw_only=True)
class Caps:
    """What one person may have at most; None: no limit of this kind."""

    max_pending: int | None = None  # jobs
    max_running: int | None = None  # jobs at once
    gpu_seconds_per_day: float | None = None  # a day in UTC


@attrs.frozen(kw_only=True)
class Counted:
    """Whatever is charged for service: a flow, or a group of them."""

    weight: float = 1.0
    round_robin: float = 0.0  # counter: jobs / weight
    fair_share: float = 0.0  # counter: GPU-seconds / weight

    def counter(self, mode: QueueMode) -> float:
        """Return the number by which those who contend are ordered, least first; FIFO counts nothing."""
        match mode:
            case QueueMode.FIFO:
                return 0.0
            case QueueMode.ROUND_ROBIN:
                return self.round_robin
            case QueueMode.FAIR_SHARE:
                return self.fair_share

    def charged(self, mode: QueueMode, cost: float) -> Self:
        """Return it after a service of this cost; a negative cost is a refund."""
        match mode:
            case QueueMode.FIFO:
                return self
            case QueueMode.ROUND_ROBIN:
                return attrs.evolve(self, round_robin=self.round_robin + cost / self.weight)
            case QueueMode.FAIR_SHARE:
                return attrs.evolve(self, fair_share=self.fair_share + cost / self.weight)

    def lifted(self, virtual: "VirtualTime") -> Self:
        """Return it as it re-enters contention: no credit for the time that it was away."""
        return attrs.evolve(
            self,
            round_robin=max(self.round_robin, virtual.round_robin),
            fair_share=max(self.fair_share, virtual.fair_share),
        )


@attrs.frozen(kw_only=True)
class Flow(Counted):
    """A user's place in the queue."""

    user_id: UserId
    group_name: str = ""  # of the group that they stand in; "": for themselves
    pending: int = 0
    in_flight: int = 0
    suspended: bool = False  # the account is deactivated: its jobs wait
    max_pending: int | None = None  # this and the next two: the user's own caps; None: the server's
    max_running: int | None = None
    gpu_seconds_per_day: float | None = None
    running_cap: int | None = None  # this and the next: what is in force, see `limited`
    seconds_cap: float | None = None
    used_on: date | None = None  # the day, in UTC, of `used_seconds`
    used_seconds: float = 0.0  # GPU-seconds of that day
    is_spent: bool = False  # they reached the cap: no job is served before the next day
    oldest_item_id: ItemId | None = None  # of the pending jobs
    head_item_id: ItemId | None = None  # the pending job with the highest priority, then the oldest
    head_model: ModelKey | None = None
    head_kind: str | None = None  # see `domain.estimates`
    head_merge_key: str | None = None  # see `domain.merging`
    head_since: datetime | None = (
        None  # when the head began to wait for nothing but the flow's turn
    )

    @property
    def contends(self) -> bool:
        """Whether the flow can be served now."""
        is_below = self.running_cap is None or self.in_flight < self.running_cap
        return self.pending > 0 and is_below and not (self.suspended or self.is_spent)

    def limited(self, server: Caps) -> "Flow":
        """Return the flow with the caps in force: its own, and the server's where it has none."""
        own_running, own_seconds = self.max_running, self.gpu_seconds_per_day
        return attrs.evolve(
            self,
            running_cap=server.max_running if own_running is None else own_running,
            seconds_cap=server.gpu_seconds_per_day if own_seconds is None else own_seconds,
        )

    def pending_cap(self, server: Caps) -> int | None:
        """Return how many jobs may wait; None: no limit."""
        return server.max_pending if self.max_pending is None else self.max_pending

    def used(self, gpu_seconds: float, day: date) -> "Flow":
        """Return the flow after so many GPU-seconds on a day."""
        before = self.used_seconds if self.used_on == day else 0.0
        return attrs.evolve(self, used_on=day, used_seconds=before + gpu_seconds)

    def on(self, day: date) -> "Flow":
        """Return the flow as it stands on a day: whether that day's GPU-seconds are spent."""
        used = self.used_seconds if self.used_on == day else 0.0
        return attrs.evolve(
            self, is_spent=self.seconds_cap is not None and used >= self.seconds_cap
        )

    def counter(self, mode: QueueMode) -> float:
        """Return the number by which contending flows are ordered, least first."""
        return float(self.oldest_item_id or 0) if mode is QueueMode.FIFO else super().counter(mode)

    def regrouped(self, name: str, before: "VirtualTime", after: "VirtualTime") -> "Flow":
        """Return the flow as it stands in another group.

        Counters of one group say nothing in another. What goes along is how far the flow was ahead.

        Args:
            name: of the group; "": for themselves.
            before: the virtual time among those whom it leaves.
            after: that among those whom it joins.
        """
        return attrs.evolve(
            self,
            group_name=name,
            round_robin=after.round_robin + max(0.0, self.round_robin - before.round_robin),
            fair_share=after.fair_share + max(0.0, self.fair_share - before.fair_share),
        )


@attrs.frozen(kw_only=True)
class VirtualTime:
    """For each counter, the largest value that the least contending flow has ever had."""

    round_robin: float = 0.0
    fair_share: float = 0.0

    def advanced(self, mode: QueueMode, least: float | None) -> "VirtualTime":
        """Return the virtual time after the least contending counter was seen; None: no flow."""
        if least is None:
            return self
        match mode:
            case QueueMode.FIFO:
                return self
            case QueueMode.ROUND_ROBIN:
                return attrs.evolve(self, round_robin=max(self.round_robin, least))
            case QueueMode.FAIR_SHARE:
                return attrs.evolve(self, fair_share=max(self.fair_share, least))


@attrs.frozen(kw_only=True)
class Group(Counted):
    """People who stand in the queue as one: the rule among groups is the rule among people.

    A group contends while one of its members does. Whoever is in no group stands beside the groups.
    """

    name: str
    members: VirtualTime = attrs.field(factory=VirtualTime)  # of its members' counters


@attrs.frozen(kw_only=True)
class GroupRule:
    """A group as the administrator wants it."""

    name: str
    weight: float = 1.0
    members: frozenset[str] = frozenset()  # e-mail identities


def group_of(email: str, rules: Iterable[GroupRule]) -> GroupRule | None:
    """Return the group that the person with this address stands in, or None."""
    identity = email_identity(email)
    return next((rule for rule in rules if identity in rule.members), None)


@attrs.frozen(kw_only=True)
class Contender:
    """A contending flow, and where its group stands."""

    flow: Flow
    group: Group | None = None  # None: it stands for itself
    # The least counter among its contending members; None: no group, or FIFO.
    least: float | None = None

    def standing(self, mode: QueueMode) -> float:
        """Return the counter of the group, or of the flow that stands for itself."""
        group = None if mode is QueueMode.FIFO else self.group
        return self.flow.counter(mode) if group is None else group.counter(mode)

    def order(self, mode: QueueMode) -> tuple[float, str, float, ItemId | int, UserId]:
        """Return what contenders are ordered by, first comes first: groups, and people within them."""
        flow = self.flow
        name = "" if mode is QueueMode.FIFO else flow.group_name
        oldest = flow.oldest_item_id or 0
        return (self.standing(mode), name, flow.counter(mode), oldest, flow.user_id)

    def is_within(self, slack: float, first: "Contender", mode: QueueMode) -> bool:
        """Return whether warmth may let it go before the first: near enough on both levels."""
        is_near = self.standing(mode) <= first.standing(mode) + slack
        is_next = self.least is None or self.flow.counter(mode) <= self.least + slack
        return is_near and is_next


def cost_of(mode: QueueMode, gpu_seconds: float) -> float:
    """Return what a job of that many GPU-seconds costs, in the policy's unit."""
    match mode:
        case QueueMode.FIFO:
            return 0.0
        case QueueMode.ROUND_ROBIN:
            return 1.0
        case QueueMode.FAIR_SHARE:
            return gpu_seconds


def slack_of(mode: QueueMode, slack_seconds: float, mean_gpu_seconds: float) -> float:
    """Return how far behind the least counter a flow with a warm model may still go first.

    In the policy's unit: `fair_share` takes the seconds as they are, `round_robin` divides by the mean
    run time of a job and gives at most one turn, `FIFO` never prefers.
    """
    match mode:
        case QueueMode.FIFO:
            return 0.0
        case QueueMode.ROUND_ROBIN:
            return min(1.0, slack_seconds / mean_gpu_seconds) if mean_gpu_seconds > 0 else 0.0
        case QueueMode.FAIR_SHARE:
            return slack_seconds


C = TypeVar("C", bound=Contender)


def choose(
    candidates: Iterable[C],
    mode: QueueMode,
    *,
    warm: frozenset[ModelKey] = frozenset(),
    slack: float = 0.0,
    overdue: datetime | None = None,
    riding: str | None = None,
) -> C | None:
    """Return whose flow is served next, or None where none contends.

    A rider joins a batch that is claimed already. It goes before others as a flow whose model is warm does,
    and never further: what it costs is charged all the same.

    Args:
        candidates: contending flows, the first one of all among them.
        mode: the policy.
        warm: models that the free runner holds already.
        slack: see `slack_of`.
        overdue: a first flow whose head waits since before then is not passed over for warmth; None: there
            is no such deadline.
        riding: the merge key of a batch, for a rider or None to be returned; None: it is nobody's.
    """
    ordered = sorted(
        (each for each in candidates if each.flow.contends), key=lambda each: each.order(mode)
    )
    if not ordered:
        return None
    first = ordered[0]
    if riding is not None and first.flow.head_merge_key == riding:
        return first
    since = first.flow.head_since
    is_overdue = overdue is not None and since is not None and since < overdue
    if slack > 0 and not is_overdue:
        for each in ordered:
            if riding is None:
                is_preferred = each.flow.head_model in warm
            else:
                is_preferred = each.flow.head_merge_key == riding
            if is_preferred and each.is_within(slack, first, mode):
                return each
    return first if riding is None else None
