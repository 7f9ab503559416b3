"""When the pending jobs will start, if nothing changes: the policy played forward."""

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from invoke_core.domain.estimates import Expectation
from invoke_core.domain.fairness import Flow, Group, QueueMode, cost_of
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.queue import Upcoming

HORIZON = 1000  # starts; further ahead a forecast says nothing
LOOKED_AT = 32  # flows among which a rider is looked for: there may be thousands that stand alike


@attrs.frozen
class Start:
    """A job's place in the order, and when it comes."""

    item_id: ItemId
    owner_id: UserId
    wait: Expectation  # from now


@attrs.define(eq=False)
class Waiting:
    """A flow at some moment of the play, with what it will still have served.

    What that is costs a look into the database, and of most flows only the first is ever needed. So it is
    found out when the flow's turn seems to have come, and not before.
    """

    flow: Flow  # as it stood at the beginning
    counter: float  # this and the next: as they stand now
    oldest_item_id: ItemId  # of what it has left; or a lower number
    later: Iterator[Upcoming]  # after `job`
    is_exact: bool = True  # the two above; otherwise its turn comes then or later
    job: Upcoming | None = None  # its next, once that is known
    oldest: Iterator[ItemId] | None = None  # of what is left after each turn; only for FIFO


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

    def join(self, flow: Flow, jobs: Iterator[Upcoming]) -> None:
        """Let a flow wait with what it will have served; where that is nothing it gets no turn."""
        counter = flow.counter(self._mode)
        self._wait(Waiting(flow, counter, flow.oldest_item_id or ItemId(0), jobs))

    def first(self) -> tuple[Waiting, Upcoming] | None:
        """Take out the flow whose turn it is, and return its next job too; None: none is left."""
        while self._order:
            counter, name = heapq.heappop(self._order)
            if self._standing.get(name) != counter:
                continue
            del self._standing[name]
            waiting = heapq.heappop(self._lines[name])[3]
            if waiting.job is None:
                waiting.job = next(waiting.later, None)
            is_its_turn = waiting.is_exact
            if waiting.job is not None and not is_its_turn:
                self._look(waiting, waiting.job)
                self._wait(waiting)
            self._stand(name)
            if waiting.job is not None and is_its_turn:
                return waiting, waiting.job
        return None

    def rider(self, key: str, slack: float) -> tuple[Waiting, Upcoming] | None:
        """Take out the flow whose next job rides in a batch, as `fairness.choose` says; None: nobody's.

        Args:
            key: the merge key of the batch.
            slack: see `fairness.slack_of`.
        """
        passed: list[Waiting] = []
        found: tuple[Waiting, Upcoming] | None = None
        nearest, least = math.inf, dict[str, float]()
        while len(passed) < LOOKED_AT:
            each = self.first()
            if each is None:
                break
            waiting, job = each
            name = self._name(waiting.flow)
            standing = self._counters[name] if name else waiting.counter
            nearest = min(nearest, standing)
            least.setdefault(name, waiting.counter)
            is_within = waiting.counter <= least[name] + slack if name else True
            if job.merge_key == key and is_within and standing <= nearest + slack:
                found = each
                break
            passed.append(waiting)
            if slack <= 0 or standing > nearest + slack:
                break
        for waiting in passed:
            self._wait(waiting)
        return found

    def served(self, waiting: Waiting, cost: float) -> None:
        """Charge a flow that was taken out, and let it wait again."""
        name = self._name(waiting.flow)
        if name:
            self._counters[name] += cost / self._weights[name]
            self._stand(name)
        job, waiting.job = waiting.job, None
        if waiting.oldest is not None:
            oldest = next(waiting.oldest, None)
            if oldest is None:
                return
            waiting.oldest_item_id = oldest
        elif job is not None and job.item_id == waiting.oldest_item_id:
            waiting.is_exact = False  # what is left is younger
        if self._mode is QueueMode.FIFO:
            waiting.counter = float(waiting.oldest_item_id)
        else:
            waiting.counter += cost / waiting.flow.weight
        self._wait(waiting)

    def _look(self, waiting: Waiting, job: Upcoming) -> None:
        """Find out where a flow stands exactly whose next job this is."""
        waiting.is_exact = True
        if self._mode is not QueueMode.FIFO:
            # There it only settles ties: the next job stands for the oldest one left.
            waiting.oldest_item_id = job.item_id
            return
        left = list(waiting.later)
        oldest = _oldest_of_rest([job, *left])
        waiting.oldest_item_id, waiting.later, waiting.oldest = (
            oldest[0],
            iter(left),
            iter(oldest[1:]),
        )
        waiting.counter = float(waiting.oldest_item_id)

    def _wait(self, waiting: Waiting) -> None:
        name = self._name(waiting.flow)
        entry = (waiting.counter, waiting.oldest_item_id, waiting.flow.user_id, waiting)
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


@attrs.frozen(kw_only=True)
class Course:
    """What is known of how jobs will run."""

    busy: Sequence[Expectation]  # for each device, how long until it is free; at least one
    share: Callable[
        [str], Expectation
    ]  # how long a job of a kind runs, drawn as they have been of late
    pass_time: Callable[[str, int], Expectation]  # how long a pass of so many jobs of a kind runs
    most: Callable[[str], int]  # jobs of a kind that are drawn together


def starts(
    flows: Iterable[Flow],
    groups: Iterable[Group],
    mode: QueueMode,
    slack: float,
    upcoming: Callable[[Flow], Iterator[Upcoming]],
    course: Course,
) -> Iterator[Start]:
    """Yield the next starts, at most `HORIZON`, as if no model were warm and every job ended as expected.

    Caps on running jobs are not played: whoever is below theirs now is taken to stay so. Nor are deadlines:
    a rider goes before a job that waits for long, too.

    Args:
        flows: the active ones; those that do not contend get no turn.
        groups: all of them.
        mode: the policy.
        slack: how far before its turn a job may ride with others; see `fairness.slack_of`.
        upcoming: gives a flow's pending jobs in their order; read as far as it is needed.
        course: how long they run.
    """
    play = Play(mode, groups)
    for flow in flows:
        if flow.contends:
            play.join(flow, upcoming(flow))
    free = [(until.seconds, number, until) for number, until in enumerate(course.busy)]
    heapq.heapify(free)
    left_to_tell = HORIZON
    while left_to_tell and (first := play.first()) is not None:
        _, number, wait = free[0]
        kind, key = first[1].kind, first[1].merge_key
        most = min(left_to_tell, 1 if key is None else course.most(kind))
        jobs, claimed = 0, first
        while True:
            waiting, job = claimed
            yield Start(job.item_id, waiting.flow.user_id, wait)
            play.served(waiting, cost_of(mode, course.share(job.kind).seconds))
            jobs += 1
            rider = play.rider(key, slack) if key is not None and jobs < most else None
            if rider is None:
                break
            claimed = rider
        after = wait.then(course.pass_time(kind, jobs))
        heapq.heapreplace(free, (after.seconds, number, after))
        left_to_tell -= jobs


def left(runs: Expectation, elapsed: float) -> Expectation:
    """Return how long a job still runs that has run for so many seconds.

    One that has outlived its expectation is taken to end soon, and nobody knows when.
    """
    rest = max(runs.seconds - elapsed, 0.1 * runs.seconds)
    return Expectation(rest, runs.variance)


def _oldest_of_rest(jobs: Sequence[Upcoming]) -> list[ItemId]:
    """Return the lowest number among all of the jobs, among all but the first, and so on."""
    kept: list[ItemId] = []
    for job in reversed(jobs):
        kept.append(min(job.item_id, kept[-1]) if kept else job.item_id)
    return kept[::-1]
