"""Plays workloads on the real queue: services on SQLite, real decisions, and a clock moved by hand.

Only the drawing is not real: a runner is a moment at which it is free again. Nothing here knows a rule of the
queue.
"""

import heapq
import itertools
import math
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs

from invoke_adapters.sql import open_database
from invoke_core.domain.estimates import ALL_KINDS, Drawn, RunTime
from invoke_core.domain.fairness import Caps, Flow, GroupRule, QueueMode
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import ItemId, ModelKey, UserId, WorkerId
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import BatchWish, Job, JobQuery, JobStatus
from invoke_core.services import flows
from invoke_core.services.flows import Move
from invoke_core.services.results import learn
from invoke_core.testing.builders import a_model, a_principal, a_user
from tests.queue_world import World

MEMORY = Path("/dev/shm")  # a commit there costs no disk; how long one takes is measured elsewhere


@attrs.frozen
class Size:
    """A kind of job: how long it is expected to run, and what tells it apart."""

    seconds: float
    width: int = 64  # pixels


@attrs.define
class Runner:
    """One device."""

    worker_id: WorkerId
    model: ModelKey | None = None
    is_idle: bool = True


@attrs.define
class Served:
    """A job that was begun."""

    job: Job
    began: float  # seconds since the beginning
    ended: float = math.inf


@attrs.define
class Between:
    """Two people while both have work waiting: who got more since then, and the extremes of that."""

    now: float = 0.0
    most: float = 0.0
    least: float = 0.0


@attrs.frozen(kw_only=True)
class Chances:
    """How jobs end otherwise than expected."""

    sigma: float = 0.0  # of the logarithm of what a job really takes, whose mean stays
    canceled: float = 0.0  # part of the jobs, at any moment of their run
    failed: float = 0.0  # part of the jobs


@contextmanager
def replaying(mode: QueueMode, **options: object) -> Iterator["Replay"]:
    """Open a queue in a database of its own."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as name:
        folder = Path(name)
        with open_database(f"sqlite:///{folder}/q.db", run_folder=folder / "run") as database:
            slack = float(options.pop("slack", 0.0))  # type: ignore[arg-type]
            caps = options.pop("caps", None)
            groups: Sequence[GroupRule] = options.pop("groups", ())  # type: ignore[assignment]
            world = World(
                mode,
                slack_seconds=slack,
                database=database,
                caps=caps if isinstance(caps, Caps) else None,
                groups=groups,
                max_queue_size=None,
            )
            world.care.settle()
            yield Replay(world, mode, **options)  # type: ignore[arg-type]


class Replay:
    """One workload under one policy."""

    def __init__(
        self,
        world: World,
        mode: QueueMode,
        *,
        runners: int = 1,
        swap: float = 0.0,
        chances: Chances | None = None,
        seed: int = 0,
        pairs: bool = True,
        merging: Mapping[int, float] | None = None,
    ) -> None:
        """Begin with nobody.

        Args:
            world: the services.
            mode: the policy.
            runners: G.
            swap: seconds to load another model.
            chances: of jobs to end otherwise.
            seed: of all chance.
            pairs: whether every two people are compared all the time.
            merging: by the number of rows of a batch, how many times as long as one picture it takes; jobs
                of batches neither fail nor are canceled. None: nothing is merged.
        """
        self.world, self.mode, self.swap = world, mode, swap
        self.chances = chances or Chances()
        self.chance = random.Random(seed)
        self.now = 0.0
        self.runners = [Runner(world.worker()) for _ in range(runners)]
        self.merging = merging or {1: 1.0}
        self.passes = 0
        self.served: list[Served] = []
        self.service: Counter[UserId] = Counter()  # GPU-seconds
        self.useful = 0.0  # GPU-seconds that pictures were drawn in
        self.weights: dict[UserId, float] = {}
        self.sizes: dict[ItemId, Size] = {}
        self.submitted: dict[ItemId, float] = {}
        self.pending: Counter[UserId] = Counter()
        self.begun: Callable[[Job], None] = lambda job: None  # hears of every start
        self.ended: Callable[[Job], None] = lambda job: None
        self.decisions: list[float] = []  # CPU seconds of each claim
        self.longest = 0.0  # GPU-seconds that a job really took
        self.most_in_flight = 1  # jobs of one person
        self.largest_gap = 0.0  # of counters, in parts of the bound at that moment
        self._between: dict[tuple[UserId, UserId], Between] = {}
        self._finished: dict[tuple[UserId, UserId], float] = defaultdict(float)
        self._compares = pairs
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    # What a workload says.

    def person(self, *, weight: float = 1.0, email: str | None = None) -> Principal:
        """Add somebody, with the address by which a group knows them."""
        with self.world.database.writing() as work:
            user = a_user(work) if email is None else a_user(work, email=email)
            work.flows.put(Flow(user_id=user.user_id, weight=weight))
        self.weights[user.user_id] = weight
        return a_principal(user)

    def people(self, count: int) -> Sequence[Principal]:
        """Add so many people."""
        return [self.person() for _ in range(count)]

    def models(self, count: int) -> Sequence[ModelKey]:
        """Add models to the catalogue."""
        with self.world.database.writing() as work:
            return [a_model(work).key for _ in range(count)]

    def know(self, *sizes: Size, models: Sequence[ModelKey] = ()) -> None:
        """Let jobs of these sizes have run before, as long as they are expected to."""
        with self.world.database.writing() as work:
            for size, model in itertools.product(sizes, models or [self.world.model.key]):
                generation = self._wish(size, model)
                kind = f"{model}|{size.width}x64|{generation.steps}"
                spread = size.seconds**2 * math.expm1(self.chances.sigma**2)
                work.queue.put_run_seconds(kind, RunTime(size.seconds, 50, spread))
            mean = sum(size.seconds for size in sizes) / len(sizes)
            work.queue.put_run_seconds(ALL_KINDS, RunTime(mean, 50))

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Let something happen at a time."""
        heapq.heappush(self._events, (max(when, self.now), next(self._numbers), what))

    def submit(
        self,
        person: Principal,
        size: Size,
        runs: int = 1,
        *,
        model: ModelKey | None = None,
        prepend: bool = False,
        priority: int = 0,
    ) -> Sequence[ItemId]:
        """Let a person submit a batch."""
        wish = BatchWish(
            generation=self._wish(size, model or self.world.model.key),
            runs=runs,
            prepend=prepend,
            priority=priority,
        )
        item_ids = self.world.queue.enqueue(person, wish).item_ids
        self.sizes.update(dict.fromkeys(item_ids, size))
        self.submitted.update(dict.fromkeys(item_ids, self.now))
        self._wait(person.user_id, runs)
        for runner in self.runners:
            if runner.is_idle:
                runner.is_idle = False
                self.at(self.now, lambda runner=runner: self._serve(runner))  # type: ignore[misc]
        return item_ids

    def cancel_waiting(self, person: Principal) -> None:
        """Cancel all that a person has waiting."""
        self.world.queue.cancel_all_except_current(person)
        self._wait(person.user_id, -self.pending[person.user_id])

    def run(self, until: float) -> None:
        """Play what happens in so many seconds from the beginning."""
        while self._events and self._events[0][0] <= until:
            when, _, what = heapq.heappop(self._events)
            self._pass(when)
            what()
        self._pass(until)

    # What came of it.

    def gap(self) -> float:
        """Return the most that one got more than another within any time in which both had work waiting.

        GPU-seconds, divided by the weights.
        """
        open_now = [pair.most - pair.least for pair in self._between.values()]
        return max([0.0, *open_now, *self._finished.values()])

    def jain(self, people: Sequence[Principal]) -> float:
        """Return Jain's index of the service of these, divided by the weights: 1 is equal."""
        got = [self.service[p.user_id] / self.weights[p.user_id] for p in people]
        return sum(got) ** 2 / (len(got) * sum(each**2 for each in got))

    def waits(self) -> list[float]:
        """Return the seconds from submission to start, of the jobs that were begun."""
        return [each.began - self.submitted[each.job.item_id] for each in self.served]

    def look_at_bound(self) -> None:
        """Hold the contending counters against the bound, as `docs/explanation/fairness.md` has it."""
        with self.world.database.reading() as work:
            active = work.flows.list_active()
            running = work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS, limit=None)).items
        self.most_in_flight = max(self.most_in_flight, *(flow.in_flight for flow in active), 1)
        k = self.most_in_flight
        slack = self.world.dispatcher.rules.slack_seconds
        if self.mode is QueueMode.ROUND_ROBIN:
            reach = min(1.0, slack) + (1 + k) * 1.0
        else:
            expected = [size.seconds for size in self.sizes.values()]
            longest = max([*expected, *(job.charged for job in running), self.longest])
            reach = slack + 2 * k * longest
        counters = [flow.counter(self.mode) for flow in active if flow.contends]
        if counters:
            least_weight = min(flow.weight for flow in active)
            apart = (max(counters) - min(counters)) * least_weight
            self.largest_gap = max(self.largest_gap, apart / reach)

    # How it is played.

    def _wish(self, size: Size, model: ModelKey) -> GenerationWish:
        return GenerationWish(
            model=model, prompt="a red circle", width=size.width, height=64, steps=20, seed=7
        )

    def _pass(self, when: float) -> None:
        self.world.clock.advance(when - self.now)
        self.now = when

    def _serve(self, runner: Runner) -> None:
        began = time.thread_time()
        warm = frozenset([runner.model]) if runner.model else frozenset[ModelKey]()
        most = max(self.merging)
        claimed = self.world.dispatcher.claim(runner.worker_id, "cpu", warm, lambda _: most)
        self.decisions.append(time.thread_time() - began)
        if not claimed:
            runner.is_idle = True
            return
        self.passes += 1
        batch = [Served(job, self.now) for job in claimed]
        for each in batch:
            self._wait(each.job.owner_id, -1)
            self.served.append(each)
            self.begun(each.job)
        job = claimed[0]
        loads = self.swap if self.swap and runner.model != job.generation.model else 0.0
        runner.model = job.generation.model
        if len(batch) > 1:
            rows = next(rows for rows in self.merging if rows >= len(batch))
            alone = sum(self._really(each.job) for each in batch) / len(batch)
            together = self.merging[rows] * alone
            self.at(self.now + loads + together, lambda: self._end_batch(runner, batch, together))
            return
        (served,) = batch
        takes = self._really(job)
        happens = self.chance.random()
        if happens < self.chances.canceled:
            takes *= self.chance.random()
            at = self.now + loads + takes
            self.at(at, lambda: self._end(runner, served, takes, self._cancel))
        elif happens < self.chances.canceled + self.chances.failed:
            at = self.now + loads + takes
            self.at(at, lambda: self._end(runner, served, takes, self._fail))
        else:
            at = self.now + loads + takes
            drawn = Drawn(1, takes, max(self.merging))
            end = partial(self._complete, drawn=drawn)
            self.at(at, lambda: self._end(runner, served, takes, end))

    def _really(self, job: Job) -> float:
        sigma = self.chances.sigma
        return self.sizes[job.item_id].seconds * math.exp(
            self.chance.gauss(-(sigma**2) / 2, sigma) if sigma else 0.0
        )

    def _end_batch(self, runner: Runner, batch: Sequence[Served], together: float) -> None:
        share = together / len(batch)
        drawn: Drawn | None = Drawn(len(batch), together, max(self.merging))
        for served in batch:
            self._ended(served, share, partial(self._complete, drawn=drawn))
            drawn = None  # one of them teaches it
        self._serve(runner)

    def _end(
        self, runner: Runner, served: Served, took: float, end: Callable[[Job, float], None]
    ) -> None:
        self._ended(served, took, end)
        self._serve(runner)

    def _ended(self, served: Served, took: float, end: Callable[[Job, float], None]) -> None:
        job = served.job
        served.ended = self.now
        end(job, took)
        self.longest = max(self.longest, took)
        self._serve_counted(job.owner_id, took)
        self.ended(job)

    def _complete(self, job: Job, took: float, *, drawn: Drawn | None = None) -> None:
        """End the job as `ResultService` does, without a picture."""
        now = self.world.clock.now()
        with self.world.database.writing() as work:
            held = work.jobs.get(job.item_id)
            flows.move(work, [Move(held, held.completed((), now).settled(took), took)], now)
            learn(work, job, took, drawn)
        self.useful += took

    def _cancel(self, job: Job, took: float) -> None:
        self.world.queue.cancel(self.world.administrator, job.item_id)
        self.world.results.stopped(job, took)

    def _fail(self, job: Job, took: float) -> None:
        self.world.results.fail(job, "Invalid", "No.", took)

    def _wait(self, user_id: UserId, change: int) -> None:
        """Count who has work waiting, and begin or end comparing them with others."""
        before = self.pending[user_id]
        self.pending[user_id] += change
        after = self.pending[user_id]
        if not self._compares or (before > 0) == (after > 0):
            return
        others = [other for other, jobs in self.pending.items() if jobs > 0 and other != user_id]
        for other in others:
            key = (min(user_id, other), max(user_id, other))
            if after > 0:
                self._between[key] = Between()
            else:
                ended = self._between.pop(key)
                spread = ended.most - ended.least
                self._finished[key] = max(self._finished[key], spread)

    def _serve_counted(self, user_id: UserId, took: float) -> None:
        self.service[user_id] += took
        for (first, second), pair in self._between.items():
            if user_id == first:
                pair.now += took / self.weights[first]
            elif user_id == second:
                pair.now -= took / self.weights[second]
            else:
                continue
            pair.most, pair.least = max(pair.most, pair.now), min(pair.least, pair.now)
