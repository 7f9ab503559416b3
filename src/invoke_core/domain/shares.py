"""How the people stand to each other in the queue, for its administrator."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from invoke_core.domain.calibration import Accuracy
from invoke_core.domain.fairness import Flow, Group, QueueMode
from invoke_core.domain.identifiers import UserId
from invoke_core.errors import Invalid

MAX_WEIGHT = 1000.0
MAX_CAP = 1_000_000  # jobs, or GPU-seconds a day


@attrs.frozen(kw_only=True)
class ShareChanges:
    """What to change of a person's place in the queue; None: leave it."""

    weight: float | None = None
    max_pending: int | None = None
    max_running: int | None = None
    gpu_seconds_per_day: float | None = None
    cleared: frozenset[str] = frozenset()  # names of caps that become the server's again

    def applied(self, flow: Flow) -> Flow:
        """Return the flow after the changes.

        Raises:
            Invalid: a weight or cap is out of range.
        """
        if self.weight is not None and not 0 < self.weight <= MAX_WEIGHT:
            raise Invalid(f"A weight is above 0 and at most {MAX_WEIGHT:g}.", field="weight")
        caps = {
            "max_pending": self.max_pending,
            "max_running": self.max_running,
            "gpu_seconds_per_day": self.gpu_seconds_per_day,
        }
        for name, cap in caps.items():
            if cap is not None and not 0 <= cap <= MAX_CAP:
                raise Invalid(f"A limit goes from 0 to {MAX_CAP:,}.", field=name)
        changes: dict[str, Any] = {name: cap for name, cap in caps.items() if cap is not None}
        changes |= dict.fromkeys(self.cleared)
        return attrs.evolve(flow, weight=self.weight or flow.weight, **changes)


@attrs.frozen(kw_only=True)
class Share:
    """One person's place in the queue."""

    user_id: UserId
    display_name: str
    group_name: str  # "": they stand for themselves
    weight: float
    max_pending: int | None  # this and the next two: the person's own caps; None: the server's
    max_running: int | None
    gpu_seconds_per_day: float | None
    pending: int
    in_progress: int
    gpu_seconds: float  # today (UTC)
    share: float  # of everybody's GPU-seconds today, 0 to 1
    fair_share: (
        float  # of everybody's, as the weights of all who are in the queue now have it, 0 to 1
    )
    expected_wait: float | None  # seconds until the next of their jobs starts; None: none waits


@attrs.frozen(kw_only=True)
class GroupShare:
    """One group's place in the queue."""

    name: str
    weight: float
    members: int  # who have jobs in the queue, or had GPU time today
    pending: int
    in_progress: int
    gpu_seconds: float  # today (UTC)
    share: float  # of everybody's GPU-seconds today, 0 to 1
    fair_share: float  # of everybody's, see `Share`
    fairness_gap: float  # between its members
    fairness_bound: float


@attrs.frozen(kw_only=True)
class Overview:
    """The queue as its administrator sees it."""

    shares: Sequence[Share]  # of the people who have jobs in it, or had GPU time today; by user id
    groups: Sequence[GroupShare]  # that such people are in; by name
    fairness_gap: float  # between groups, and people who stand for themselves: see `Spread`
    fairness_bound: float
    wait_accuracy: Accuracy | None  # of the waits that were shown; None: none was compared yet


@attrs.frozen
class Standing:
    """Somebody whom the rule compares: a person, or a group beside other groups."""

    counter: float
    contends: bool
    in_flight: int
    weight: float


@attrs.frozen
class Spread:
    """How far counters that the rule compares are from each other, and what that never exceeds.

    The bound is S + 2k L / w_min, by turns S + (1 + k) L / w_min; the proof is in
    `docs/explanation/fairness.md`.
    """

    gap: float  # in the policy's unit: between the largest and the least counter of those who contend
    bound: float


def spread(
    standings: Sequence[Standing], mode: QueueMode, *, slack: float, longest: float
) -> Spread:
    """Return the spread of those whom the rule compares.

    Args:
        standings: of those who have jobs in the queue.
        mode: the policy.
        slack: S, in the policy's unit.
        longest: L, the largest cost of one job.
    """
    if mode is QueueMode.FIFO or not standings:
        return Spread(0.0, 0.0)
    counters = [each.counter for each in standings if each.contends]
    k = max(1, *(each.in_flight for each in standings))
    factor = 1 + k if mode is QueueMode.ROUND_ROBIN else 2 * k
    reach = factor * longest / min(each.weight for each in standings)
    return Spread(max(counters) - min(counters) if counters else 0.0, slack + reach)


def levels(
    flows: Iterable[Flow], groups: Iterable[Group], mode: QueueMode
) -> Mapping[str, Sequence[Standing]]:
    """Return whom the rule compares: by group its members, by "" groups and people in none."""
    found: dict[str, list[Standing]] = defaultdict(list)
    known = {group.name: group for group in groups}
    for flow in flows:
        own = Standing(flow.counter(mode), flow.contends, flow.in_flight, flow.weight)
        found[flow.group_name if flow.group_name in known else ""].append(own)
    grouped = {name: members for name, members in found.items() if name}
    for name, members in grouped.items():
        found[""].append(
            Standing(
                known[name].counter(mode),
                any(each.contends for each in members),
                sum(each.in_flight for each in members),
                known[name].weight,
            )
        )
    return found


def fair_shares(
    flows: Iterable[Flow], groups: Iterable[Group]
) -> tuple[Mapping[UserId, float], Mapping[str, float]]:
    """Return what part of the GPU time is due to each person, and to each group, as the weights have it.

    Args:
        flows: of those who have jobs in the queue.
        groups: all of them.
    """
    known = {group.name: group for group in groups}
    within: dict[str, float] = defaultdict(float)  # weights of the members, by group
    alone = 0.0
    active = list(flows)
    for flow in active:
        if flow.group_name in known:
            within[flow.group_name] += flow.weight
        else:
            alone += flow.weight
    whole = alone + sum(known[name].weight for name in within)
    of_group = {name: known[name].weight / whole for name in within}
    of_user = {
        flow.user_id: of_group[flow.group_name] * flow.weight / within[flow.group_name]
        if flow.group_name in known
        else flow.weight / whole
        for flow in active
    }
    return of_user, of_group
