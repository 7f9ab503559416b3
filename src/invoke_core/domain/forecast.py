"""When the pending jobs will start, if nothing changes: the policy played forward."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from invoke_core.domain.estimates import Expectation
from invoke_core.domain.fairness import Flow, Group, QueueMode, cost_of
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.queue import Job

HORIZON = 1000  # starts; further ahead a forecast says nothing


@attrs.frozen
class Start:
    """A job's place in the order, and when it comes."""

    job: Job
    wait: Expectation  # from now


@attrs.frozen
class Waiting:
    """A flow at some moment of the play, with what it will still have served."""

    flow: Flow  # as it stood at the beginning
    counter: float  # this and the next: as they stand now
    oldest_item_id: ItemId | None
    job: Job  # its next
    later: Iterator[Job]
    oldest: Iterator[ItemId]  # of what is left after each turn; only for FIFO


_Line = list[tuple[float, ItemId, UserId, Waiting]]  # a heap: the flows of one group


class Play:
    """The contending flows in memory: gives the next, and takes it back as it was served.

    Either takes as long as the logarithm of how many there are.
    """

    def __init__(self, mode: QueueMode, groups: Iterable[Group]) -> None:
        """Begin with nobody waiting."""
        self._mode = mode
        known = [] if mode is QueueMode.FIFO else list(groups)
        self._weights = {group.name: group.weight for group in known}
        self._counters = {group.name: group.counter(mode) for group in known}
        self._lines: dict[str, _Line] = defaultdict(list)
        # Whoever the rule compares: groups by their names, and by "" the first of those in none.
        self._order: list[tuple[float, str]] = []
        self._standing: dict[str, float] = {}  # by name; other entries of the order are of before

    def join(self, flow: Flow, later: Iterator[Job], oldest: Iterator[ItemId]) -> None:
        """Let a flow wait with what it will have served; nothing happens where that is nothing."""
        self._wait(flow, flow.counter(self._mode), flow.oldest_item_id, later, oldest)

    def first(self) -> Waiting | None:
        """Take out the flow whose turn it is; None: none is left."""
        while self._order:
            counter, name = heapq.heappop(self._order)
            if self._standing.get(name) == counter:
                del self._standing[name]
                waiting = heapq.heappop(self._lines[name])[3]
                self._stand(name)
                return waiting
        return None

    def served(self, waiting: Waiting, cost: float) -> None:
        """Charge a flow that was taken out, and let it wait again."""
        name = self._name(waiting.flow)
        if name:
            self._counters[name] += cost / self._weights[name]
            self._stand(name)
        oldest = next(waiting.oldest, None)
        oldest_item_id = waiting.oldest_item_id
        if oldest is not None or oldest_item_id == waiting.job.item_id:
            # Outside FIFO it only settles ties: then the next job stands for the oldest one left.
            oldest_item_id = oldest
        if self._mode is QueueMode.FIFO:
            counter = float(oldest_item_id or 0)
        else:
            counter = waiting.counter + cost / waiting.flow.weight
        self._wait(waiting.flow, counter, oldest_item_id, waiting.later, waiting.oldest)

    def _wait(
        self,
        flow: Flow,
        counter: float,
        oldest_item_id: ItemId | None,
        later: Iterator[Job],
        oldest: Iterator[ItemId],
    ) -> None:
        job = next(later, None)
        if job is None:
            return
        waiting = Waiting(flow, counter, oldest_item_id, job, later, oldest)
        name = self._name(flow)
        entry = (counter, oldest_item_id or job.item_id, flow.user_id, waiting)
        heapq.heappush(self._lines[name], entry)
        self._stand(name)

    def _name(self, flow: Flow) -> str:
        return flow.group_name if flow.group_name in self._counters else ""

    def _stand(self, name: str) -> None:
        """Let whoever has this name be compared as they stand now."""
        line = self._lines[name]
        if not line:
            return
        counter = self._counters[name] if name else line[0][0]
        if self._standing.get(name) != counter:
            self._standing[name] = counter
            heapq.heappush(self._order, (counter, name))


def starts(
    flows: Iterable[Flow],
    groups: Iterable[Group],
    mode: QueueMode,
    upcoming: Callable[[UserId], Iterable[Job]],
    expected: Callable[[Job], Expectation],
    busy: Sequence[Expectation],
) -> Iterator[Start]:
    """Yield the next starts, at most `HORIZON`, as if no model were warm and every job ended as expected.

    Caps on running jobs are not played: whoever is below theirs now is taken to stay so.

    Args:
        flows: the active ones; those that do not contend get no turn.
        groups: all of them.
        mode: the policy.
        upcoming: gives a user's pending jobs in their order; read as far as it is needed.
        expected: gives how long a job is expected to run.
        busy: for each device, how long until it is free; at least one.
    """
    play = Play(mode, groups)
    for flow in flows:
        if flow.contends:
            play.join(flow, *_in_order(upcoming(flow.user_id), mode))
    free = [(until.seconds, number, until) for number, until in enumerate(busy)]
    heapq.heapify(free)
    for _ in range(HORIZON):
        first = play.first()
        if first is None:
            return
        _, number, wait = free[0]
        yield Start(first.job, wait)
        runs = expected(first.job)
        after = wait.then(runs)
        heapq.heapreplace(free, (after.seconds, number, after))
        play.served(first, cost_of(mode, runs.seconds))


def left(runs: Expectation, elapsed: float) -> Expectation:
    """Return how long a job still runs that has run for so many seconds.

    One that has outlived its expectation is taken to end soon, and nobody knows when.
    """
    rest = max(runs.seconds - elapsed, 0.1 * runs.seconds)
    return Expectation(rest, runs.variance)


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
