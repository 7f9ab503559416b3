"""When the pending jobs will start, if nothing changes: the policy played forward."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from invoke_core.domain.estimates import Expectation
from invoke_core.domain.fairness import Flow, QueueMode, cost_of
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.queue import Job

HORIZON = 1000  # starts; further ahead a forecast says nothing


@attrs.frozen
class Start:
    """A job's place in the order, and when it comes."""

    job: Job
    wait: Expectation  # from now


@attrs.frozen
class _Waiting:
    """A flow at some moment of the play, with what it will still have served."""

    flow: Flow
    job: Job  # its next
    later: Iterator[Job]
    oldest: Iterator[ItemId]  # of what is left after each turn; only for FIFO


def starts(
    flows: Iterable[Flow],
    mode: QueueMode,
    upcoming: Callable[[UserId], Iterable[Job]],
    expected: Callable[[Job], Expectation],
    busy: Sequence[Expectation],
) -> Iterator[Start]:
    """Yield the next starts, at most `HORIZON`, as if no model were warm and every job ended as expected.

    Caps on running jobs are not played: whoever is below theirs now is taken to stay so.

    Args:
        flows: the active ones; those that do not contend get no turn.
        mode: the policy.
        upcoming: gives a user's pending jobs in their order; read as far as it is needed.
        expected: gives how long a job is expected to run.
        busy: for each device, how long until it is free; at least one.
    """
    waiting: list[tuple[float, ItemId, UserId, _Waiting]] = []
    for flow in flows:
        if flow.contends:
            _join(waiting, mode, flow, _in_order(upcoming(flow.user_id), mode))
    free = [(until.seconds, number, until) for number, until in enumerate(busy)]
    heapq.heapify(free)
    for _ in range(HORIZON):
        if not waiting:
            return
        first = heapq.heappop(waiting)[3]
        _, number, wait = free[0]
        yield Start(first.job, wait)
        runs = expected(first.job)
        after = wait.then(runs)
        heapq.heapreplace(free, (after.seconds, number, after))
        served = first.flow.charged(mode, cost_of(mode, runs.seconds))
        oldest = next(first.oldest, None)
        if oldest is not None or served.oldest_item_id == first.job.item_id:
            # Outside FIFO it only settles ties: then the next job stands for the oldest one left.
            served = attrs.evolve(served, oldest_item_id=oldest)
        _join(waiting, mode, served, (first.later, first.oldest))


def left(runs: Expectation, elapsed: float) -> Expectation:
    """Return how long a job still runs that has run for so many seconds.

    One that has outlived its expectation is taken to end soon, and nobody knows when.
    """
    rest = max(runs.seconds - elapsed, 0.1 * runs.seconds)
    return Expectation(rest, runs.variance)


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
    kept: list[ItemId] = []
    for job in reversed(jobs[1:]):
        kept.append(min(job.item_id, kept[-1]) if kept else job.item_id)
    return kept[::-1]
