"""When the pending jobs are expected to start: played forward once, and kept for a second.

What was told of a job is held against its start, on this process's monotonic clock, and corrects what is told
of the next ones. That begins anew with each process.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter

import attrs

from invoke_core.domain.calibration import Accuracy, Calibration, ShownWait, Situation
from invoke_core.domain.estimates import (
    ALL_KINDS,
    CPU_GUESS,
    GUESS,
    Expectation,
    Measured,
    expectation_of,
    kind_of,
    most_together,
    pass_expectation,
)
from invoke_core.domain.fairness import Flow, QueueMode, slack_of
from invoke_core.domain.forecast import HORIZON, Course, Start, left, starts
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.news import NewsItem, NewsKind
from invoke_core.domain.queue import Job, JobQuery, JobStatus, Upcoming
from invoke_core.ports.unit_of_work import Work

KEPT_SECONDS = 1.0
STRETCH = (
    50  # jobs of one flow that a forecast reads at once, at most: of most flows it needs the first
)


@attrs.frozen
class Place:
    """Where a pending job stands."""

    position: int  # 1 = next
    wait: ShownWait


@attrs.frozen
class _Told:
    """What was told of a job when it was first looked at."""

    at: float  # seconds on the monotonic clock
    forecast: Expectation
    situation: Situation
    shown: ShownWait


class Forecasts:
    """The latest forecast of a process: many people look at their jobs at once. Thread-safe."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.Lock()
        self._at: float | None = None
        self._places: Mapping[ItemId, Place] = {}
        self._told: dict[ItemId, _Told] = {}
        self._calibration = Calibration()

    def places(
        self,
        work: Work,
        mode: QueueMode,
        slack_seconds: float,
        now: datetime,
        monotonic: float,
        wanted: Iterable[Job],
    ) -> Mapping[ItemId, Place]:
        """Return the places of pending jobs, among them the wanted ones unless they are too far behind.

        A job that the kept forecast does not know came after it: then it is made anew.

        Args:
            work: a unit of work.
            mode: the policy.
            slack_seconds: how far before their turn jobs go where that saves time; see `slack_of`.
            now: the present.
            monotonic: the present on the monotonic clock, in seconds.
            wanted: pending jobs.
        """
        unknown = {job.item_id for job in wanted} - self._places.keys()
        is_fresh = self._at is not None and monotonic - self._at < KEPT_SECONDS
        if is_fresh and (not unknown or len(self._places) >= HORIZON):
            return self._places
        with self._lock:
            self._keep(list(forecast(work, mode, slack_seconds, now)), monotonic)
            return self._places

    def accuracy(self) -> Accuracy | None:
        """Return how what was told came true; None where nothing was compared yet."""
        with self._lock:
            return self._calibration.accuracy()

    def hear(self, item: NewsItem, monotonic: float) -> None:
        """Hold what was told of a job against its start; other news are passed over.

        Args:
            item: the news.
            monotonic: the present on the monotonic clock, in seconds.
        """
        if item.kind is not NewsKind.JOB_CHANGED:
            return
        with self._lock:
            told = self._told.pop(ItemId(int(item.body["item_id"] or 0)), None)
            if told is not None and item.body.get("status") == JobStatus.IN_PROGRESS:
                real = monotonic - told.at
                self._calibration = self._calibration.learned(
                    told.forecast, told.shown, real, told.situation
                )

    def _keep(self, coming: Sequence[Start], monotonic: float) -> None:
        """Keep the forecast, and remember of whom it is held against the start.

        Of the jobs that it sees for the first time, the first, second, fourth … of each flow: those of one
        batch are wrong together.
        """
        places: dict[ItemId, Place] = {}
        turns: Counter[UserId] = Counter()
        people = len({start.owner_id for start in coming})
        for position, start in enumerate(coming, start=1):
            turn = turns[start.owner_id] = turns[start.owner_id] + 1
            item_id, situation = start.item_id, Situation(turn, people)
            shown = self._calibration.shown(start.wait, situation)
            places[item_id] = Place(position, shown)
            if turn & (turn - 1) == 0 and item_id not in self._places:
                self._told[item_id] = _Told(monotonic, start.wait, situation, shown)
        while len(self._told) > HORIZON:  # the oldest: of jobs that were forgotten, say
            del self._told[next(iter(self._told))]
        self._places, self._at = places, monotonic


def forecast(work: Work, mode: QueueMode, slack_seconds: float, now: datetime) -> Iterator[Start]:
    """Yield the next starts of the queue."""
    measured = work.queue.run_seconds()
    devices = [device for worker in work.workers.list() for device in worker.devices]
    guess = CPU_GUESS if set(devices) <= {"cpu"} else GUESS
    running = work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS, limit=None)).items
    busy = _busy(running, measured, guess, now)
    mean = measured[ALL_KINDS].mean if ALL_KINDS in measured else 0.0
    return starts(
        work.flows.contending(mode, limit=HORIZON),  # whoever is behind them has no turn in it
        work.groups.list(),
        mode,
        slack_of(mode, slack_seconds, mean),
        lambda flow: _upcoming(work, flow),
        Course(
            busy=[*busy, *[Expectation(0.0)] * (max(1, len(devices)) - len(busy))],
            share=cache(lambda kind: expectation_of(kind, measured, guess)),
            pass_time=cache(lambda kind, jobs: pass_expectation(kind, jobs, measured, guess)),
            most=lambda kind: most_together(kind, measured),
        ),
    )


def _busy(
    running: Sequence[Job], measured: Measured, guess: float, now: datetime
) -> Sequence[Expectation]:
    """Return for each device that runs jobs how long until it is free.

    What was claimed together is drawn in one pass. The next one is claimed when a pass is all but drawn: from
    then on the device is free when that one ends.
    """
    passes: dict[object, dict[datetime, list[Job]]] = defaultdict(lambda: defaultdict(list))
    for job in running:
        if job.started_at is not None:
            worker = job.lease.worker_id if job.lease else None
            passes[worker, job.device][job.started_at].append(job)
    found = []
    for on_device in passes.values():
        began, jobs = max(on_device.items(), key=itemgetter(0))
        runs = pass_expectation(kind_of(jobs[0].generation), len(jobs), measured, guess)
        found.append(left(runs, (now - began).total_seconds()))
    return found


def _upcoming(work: Work, flow: Flow) -> Iterator[Upcoming]:
    """Yield a flow's pending jobs in their order; what the flow knows of the first one is enough of it."""
    offset, stretch = 0, 1
    if flow.head_item_id is not None and flow.head_kind is not None:
        yield Upcoming(flow.head_item_id, flow.head_kind, flow.head_merge_key)
        offset = 1
    while offset < min(flow.pending, HORIZON):
        yield from work.jobs.upcoming(flow.user_id, offset=offset, limit=stretch)
        offset, stretch = offset + stretch, min(2 * stretch, STRETCH)
