"""In which order the pending jobs will be served, if nothing changes: the policy played forward."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from invoke_core.domain.fairness import Flow, QueueMode, cost_of
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.queue import Job

HORIZON = 1000  # turns; further ahead a forecast says nothing


@attrs.frozen
class Turn:
    """A job's place in the order."""

    job: Job
    before: float  # GPU-seconds that the jobs before it are expected to take


@attrs.frozen
class _Waiting:
    """A flow at some moment of the play, with what it will still have served."""

    flow: Flow
    job: Job  # its next
    later: Iterator[Job]
    oldest: Iterator[ItemId]  # of what is left after each turn; only for FIFO


def turns(
    flows: Iterable[Flow],
    mode: QueueMode,
    upcoming: Callable[[UserId], Iterable[Job]],
    expected: Callable[[Job], float],
) -> Iterator[Turn]:
    """Yield the next turns, at most `HORIZON`, as if no model were warm and every job ended as expected.

    Args:
        flows: the active ones; those that do not contend get no turn.
        mode: the policy.
        upcoming: gives a user's pending jobs in their order; read as far as it is needed.
        expected: gives the GPU-seconds that a job is expected to take.
    """
    waiting: list[tuple[float, ItemId, UserId, _Waiting]] = []
    for flow in flows:
        if flow.contends:
            _join(waiting, mode, flow, _in_order(upcoming(flow.user_id), mode))
    before = 0.0
    for _ in range(HORIZON):
        if not waiting:
            return
        first = heapq.heappop(waiting)[3]
        yield Turn(first.job, before)
        seconds = expected(first.job)
        before += seconds
        served = first.flow.charged(mode, cost_of(mode, seconds))
        oldest = next(first.oldest, None)
        if oldest is not None:
            served = attrs.evolve(served, oldest_item_id=oldest)
        _join(waiting, mode, served, (first.later, first.oldest))


def _join(
    waiting: list[tuple[float, ItemId, UserId, _Waiting]],
    mode: QueueMode,
    flow: Flow,
    order: tuple[Iterator[Job], Iterator[ItemId]],
) -> None:
    later, oldest = order
    job = next(later, None)
    if job is not None:
        key = (flow.counter(mode), flow.oldest_item_id or job.item_id, flow.user_id)
        heapq.heappush(waiting, (*key, _Waiting(flow, job, later, oldest)))


def _in_order(jobs: Iterable[Job], mode: QueueMode) -> tuple[Iterator[Job], Iterator[ItemId]]:
    """Return the jobs, and for FIFO the oldest of those that are left after each."""
    if mode is not QueueMode.FIFO:
        return iter(jobs), iter(())
    known = list(jobs)
    return iter(known), iter(_oldest_left(known))


def _oldest_left(jobs: Sequence[Job]) -> list[ItemId]:
    left: list[ItemId] = []
    for job in reversed(jobs[1:]):
        left.append(min(job.item_id, left[-1]) if left else job.item_id)
    return left[::-1]
