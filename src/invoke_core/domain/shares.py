"""How the people stand to each other in the queue, for its administrator."""

from collections.abc import Sequence
from typing import Any

import attrs

from invoke_core.domain.calibration import Accuracy
from invoke_core.domain.fairness import Flow, QueueMode
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
    weight: float
    max_pending: int | None  # this and the next two: the person's own caps; None: the server's
    max_running: int | None
    gpu_seconds_per_day: float | None
    pending: int
    in_progress: int
    gpu_seconds: float  # today (UTC)
    share: float  # of everybody's GPU-seconds today, 0 to 1
    fair_share: float  # of the weights of all who are in the queue now, 0 to 1
    expected_wait: float | None  # seconds until the next of their jobs starts; None: none waits


@attrs.frozen(kw_only=True)
class Overview:
    """The queue as its administrator sees it."""

    shares: Sequence[Share]  # of the people who have jobs in it, or had GPU time today; by user id
    fairness_gap: float  # in the policy's unit: between the contending counters, see `gap`
    fairness_bound: float  # what it never exceeds, see `bound`
    wait_accuracy: Accuracy | None  # of the waits that were shown; None: none was compared yet


def gap(flows: Sequence[Flow], mode: QueueMode) -> float:
    """Return the difference between the largest and the least counter of the contending flows."""
    counters = [flow.counter(mode) for flow in flows if flow.contends]
    return max(counters) - min(counters) if counters and mode is not QueueMode.FIFO else 0.0


def bound(flows: Sequence[Flow], mode: QueueMode, *, slack: float, longest: float) -> float:
    """Return what the gap can be at most: S + 2k L / w_min, by turns S + (1 + k) L / w_min.

    The proof is in `docs/explanation/fairness.md`.

    Args:
        flows: the active ones.
        mode: the policy.
        slack: S, in the policy's unit.
        longest: L, the largest cost of one job.
    """
    if mode is QueueMode.FIFO or not flows:
        return 0.0
    k = max(1, *(flow.in_flight for flow in flows))
    factor = 1 + k if mode is QueueMode.ROUND_ROBIN else 2 * k
    return slack + factor * longest / min(flow.weight for flow in flows)
