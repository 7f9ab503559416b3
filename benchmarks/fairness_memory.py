"""The rule alone, in memory, with a million people: what a decision costs without any store.

Counters, charges, lifts and virtual time are the domain's own; only the order is kept here, in a heap as the
forecast keeps it.
"""

import gc
import heapq
import random
import statistics
import time
from array import array
from collections.abc import Callable

import attrs

from invoke_core.domain.fairness import Flow, QueueMode, VirtualTime
from invoke_core.domain.identifiers import ItemId, UserId

MODE = QueueMode.FAIR_SHARE
SAMPLED = 20  # every so many decisions one is timed
ZIPF = 1.1


class MemoryQueue:
    """Flows that contend, in a heap by their counters; one runner, and jobs that are served at once."""

    def __init__(self, people: int) -> None:
        self.flows = [Flow(user_id=UserId(f"{number:07}")) for number in range(people)]
        self.heap: list[tuple[float, int, int]] = []
        self.virtual = VirtualTime()
        self.arrivals = 0

    def arrive(self, number: int, jobs: int) -> None:
        """Let a person submit jobs."""
        flow = self.flows[number]
        self.arrivals += 1
        after = attrs.evolve(
            flow,
            pending=flow.pending + jobs,
            oldest_item_id=flow.oldest_item_id or ItemId(self.arrivals),
        )
        if not flow.contends:
            after = after.lifted(self.virtual)
            self._enter(number, after)
        self.flows[number] = after

    def decide(self, cost: float) -> int:
        """Serve the flow whose turn it is; return whose."""
        number = heapq.heappop(self.heap)[2]
        flow = self.flows[number]
        self.virtual = self.virtual.advanced(MODE, flow.counter(MODE))
        served = attrs.evolve(flow.charged(MODE, cost), pending=flow.pending - 1)
        if served.contends:
            self._enter(number, served)
        else:
            served = attrs.evolve(served, oldest_item_id=None)
        self.flows[number] = served
        return number

    def _enter(self, number: int, flow: Flow) -> None:
        heapq.heappush(self.heap, (flow.counter(MODE), flow.oldest_item_id or 0, number))

    def spread(self) -> float:
        """Return how far the contending counters stand apart."""
        counters = [entry[0] for entry in self.heap]
        return max(counters) - min(counters) if counters else 0.0


@attrs.frozen
class Found:
    """What it took."""

    contending: int  # people who had work waiting, at most
    median: float  # microseconds of a decision
    p99: float
    gap: float  # in L, at most
    served: int


def replay(people: int, jobs: int, *, seed: int = 1) -> Found:
    """Let people of Zipf's activity submit jobs of 1 to 20 GPU-seconds, and serve them all."""
    chance = random.Random(seed)
    queue = MemoryQueue(people)
    times = array("d")
    most, gap, waiting, left = 0, 0.0, 0, jobs
    clock = time.perf_counter
    gc.freeze()
    gc.disable()  # a pause of the collector over a million objects is no decision's
    try:
        # Everybody has something at first, so that decisions are made among as many flows as there are.
        for number in range(min(people, jobs)):
            queue.arrive(number, 1)
        waiting, left = min(people, jobs), jobs - min(people, jobs)
        served = 0
        while waiting:
            if left > 0:
                number = min(int(chance.paretovariate(ZIPF - 0.1)) - 1, people - 1)
                runs = min(left, chance.randint(1, 3))
                queue.arrive(number, runs)
                waiting, left = waiting + runs, left - runs
            for _ in range(2):
                if not waiting:
                    break
                cost = 1.0 + 19.0 * chance.random()
                if served % SAMPLED:
                    queue.decide(cost)
                else:
                    began = clock()
                    queue.decide(cost)
                    times.append(clock() - began)
                    most = max(most, len(queue.heap))
                served, waiting = served + 1, waiting - 1
                if served % (jobs // 20 or 1) == 0:
                    gap = max(gap, queue.spread() / 20.0)
    finally:
        gc.enable()
        gc.unfreeze()
    cuts = statistics.quantiles(times, n=100)
    return Found(most, statistics.median(times) * 1e6, cuts[-1] * 1e6, gap, served)


def report(
    people: int,
    jobs: int,
    table: Callable[[str, list[str]], None],
    row: Callable[..., None],
) -> None:
    """Print what decisions among many people cost."""
    table(
        "The rule in memory: activity after Zipf, jobs of 1 to 20 s",
        [
            "people",
            "jobs",
            "contending, at most",
            "decision, median µs",
            "99th percentile µs",
            "gap, L",
        ],
    )
    for part in (10, 1):
        found = replay(people // part, jobs // part)
        row(
            f"{people // part:,}",
            f"{found.served:,}",
            f"{found.contending:,}",
            f"{found.median:.1f}",
            f"{found.p99:.1f}",
            f"{found.gap:.2f}",
        )
