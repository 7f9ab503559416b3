"""How fair the queue is, on SQLite and with real decisions: `python -m benchmarks.fairness`.

Each workload is replayed under the three policies on a virtual clock, and prints one table. L is the longest
job of the workload in GPU-seconds; a gap is the most that one person got more than another, in L, within any
time in which both had work waiting. With `--plots FOLDER` the figures of the documentation are drawn too.
"""

import argparse
import math
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs

from benchmarks import fairness_memory, fairness_plots
from benchmarks.replay import Chances, Replay, Size, replaying
from invoke_core.domain.estimates import Drawn
from invoke_core.domain.fairness import Caps, GroupRule, QueueMode
from invoke_core.domain.identifiers import ModelKey, UserId
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import Job

HOUR = 3600.0
LIGHT, HEAVY = Size(4.0, 64), Size(90.0, 128)
WIDE = Size(4.0, 72)  # as long as a light one, but never in one batch with it
L = HEAVY.seconds
POLICIES = (QueueMode.FIFO, QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE)


@attrs.frozen
class Options:
    """What the command line says."""

    hours: float  # of the longer workloads, on the virtual clock
    people: int  # of the workload in memory
    jobs: int
    plots: Path | None


@contextmanager
def backlog(
    replay: Replay, people: Sequence[Principal], sizes: Sequence[Size], batch: int
) -> Iterator[None]:
    """Let everybody have work waiting all the time, submitted in batches."""
    whose = {person.user_id: (person, size) for person, size in zip(people, sizes, strict=True)}

    def refill(job: Job) -> None:
        if job.owner_id in whose and replay.pending[job.owner_id] == 0:
            person, size = whose[job.owner_id]
            replay.submit(person, size, batch)

    replay.begun = refill
    for person, size in whose.values():
        replay.submit(person, size, batch)
    yield


def table(title: str, columns: Sequence[str]) -> None:
    print(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def row(*cells: object) -> None:
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


def heavy_and_light(options: Options) -> None:
    """Sixteen people who always have work: one with long jobs, fifteen with short ones."""
    table(
        f"One with jobs of 90 s, fifteen with jobs of 4 s, {options.hours:g} h",
        ["policy", "G", "gap, L", "of the bound", "Jain's index", "heavy user (fair: 6.25 %)"],
    )
    cases = [(mode, 0.0) for mode in POLICIES] + [(QueueMode.FAIR_SHARE, 0.5)]
    for mode, sigma in cases:
        for runners in (1, 4, 8):
            chances = Chances(sigma=sigma)
            with replaying(mode, runners=runners, chances=chances, seed=runners) as replay:
                people = replay.people(16)
                replay.know(LIGHT, HEAVY)
                curves: dict[UserId, list[tuple[float, float]]] = defaultdict(list)
                replay.ended = partial(_follow, replay, curves)
                with backlog(replay, people, [HEAVY, *[LIGHT] * 15], batch=200):
                    replay.run(options.hours * HOUR)
                got = replay.service
                name = f"{mode.value}, estimates off by σ = {sigma}" if sigma else mode.value
                row(
                    name,
                    runners,
                    f"{replay.gap() / max(L, replay.longest):.1f}",
                    _of_bound(replay),
                    f"{replay.jain(people):.4f}",
                    f"{got[people[0].user_id] / got.total():.1%}",
                )
                if options.plots and runners == 1 and not sigma:
                    fairness_plots.remember(mode.value, curves, people[0].user_id)
    if options.plots:
        fairness_plots.draw_service(options.plots)


def _follow(replay: Replay, curves: dict[UserId, list[tuple[float, float]]], job: Job) -> None:
    curves[job.owner_id].append((replay.now, replay.service[job.owner_id]))
    if len(replay.served) % 7 == 0:  # in no step with a round of turns
        replay.look_at_bound()


def _of_bound(replay: Replay) -> str:
    return f"{replay.largest_gap:.2f}" if replay.mode is not QueueMode.FIFO else "-"


def bursts(options: Options) -> None:
    """People who come and go: bursts of work, and silence."""
    table(
        f"Twelve people in bursts of 1 to 40 jobs, on average 80 % busy, two runners, {options.hours:g} h",
        ["policy", "gap, L", "of the bound", "median wait, s", "longest wait of a first job, s"],
    )
    for mode in POLICIES:
        with replaying(mode, runners=2, seed=5, chances=Chances(sigma=0.3)) as replay:
            replay.know(LIGHT, HEAVY)
            firsts: list[int] = []
            for person in replay.people(12):
                _come_and_go(replay, person, firsts)
            replay.ended = partial(_follow, replay, defaultdict(list))
            replay.run(options.hours * HOUR)
            waits = {each.job.item_id: each.began for each in replay.served}
            first = [waits[i] - replay.submitted[i] for i in firsts if i in waits]  # type: ignore[index]
            row(
                mode.value,
                f"{replay.gap() / L:.1f}",
                _of_bound(replay),
                f"{statistics.median(replay.waits()):.0f}",
                f"{max(first):.0f}",
            )


def _come_and_go(replay: Replay, person: Principal, firsts: list[int]) -> None:
    def burst() -> None:
        is_heavy = replay.chance.random() < 0.1
        runs = 2 if is_heavy else replay.chance.randint(1, 40)
        firsts.append(replay.submit(person, HEAVY if is_heavy else LIGHT, runs)[0])
        replay.at(replay.now + replay.chance.expovariate(1 / 700), burst)

    replay.at(replay.chance.expovariate(1 / 300), burst)


def sleeper(options: Options) -> None:
    """Eight people; one was away for long, and comes back with much."""
    table(
        "Eight people with jobs of 4 s; one comes back after an hour with 300 jobs, one runner",
        [
            "policy",
            "longest time without a turn for the others, s",
            "share of the next 20 minutes (fair: 12.5 %)",
        ],
    )
    for mode in POLICIES:
        with replaying(mode, seed=3) as replay:
            away, *others = replay.people(8)
            replay.know(LIGHT)
            replay.submit(away, LIGHT)
            with backlog(replay, others, [LIGHT] * 7, batch=200):
                replay.at(HOUR, lambda: replay.submit(away, LIGHT, 300))  # noqa: B023 - run below
                replay.run(HOUR)
                before = replay.service[away.user_id]
                total = replay.service.total()
                replay.run(HOUR + 1200)
            own = replay.service[away.user_id] - before
            row(
                mode.value,
                f"{_longest_without_turn(replay, [p.user_id for p in others], HOUR):.0f}",
                f"{own / (replay.service.total() - total):.1%}",
            )


def _longest_without_turn(replay: Replay, people: Sequence[UserId], since: float) -> float:
    last = dict.fromkeys(people, since)
    longest = 0.0
    for each in replay.served:
        user_id = each.job.owner_id
        if user_id in last and each.began >= since:
            longest = max(longest, each.began - last[user_id])
            last[user_id] = each.began
    return max(longest, *(replay.now - at for at in last.values()))


def newcomers(options: Options) -> None:
    """Whoever comes anew is served before anybody's second job after it."""
    table(
        "100 newcomers, one after another, to eight people with jobs of 4 s; three runners",
        ["policy", "second jobs before a newcomer's first", "longest wait, s"],
    )
    for mode in POLICIES:
        with replaying(mode, runners=3, seed=8, pairs=False) as replay:
            replay.know(LIGHT)
            people = replay.people(8)
            arrivals: dict[UserId, float] = {}

            def come(replay: Replay = replay, arrivals: dict[UserId, float] = arrivals) -> None:
                newcomer = replay.person()
                arrivals[newcomer.user_id] = replay.now
                replay.submit(newcomer, LIGHT)

            with backlog(replay, people, [LIGHT] * 8, batch=100):
                for number in range(100):
                    replay.at(60.0 + 20.0 * number + replay.chance.random() * 10, come)
                replay.run(60.0 + 2400.0)
            seconds, longest = _second_jobs(replay, arrivals)
            row(mode.value, seconds, f"{longest:.0f}")


def _second_jobs(replay: Replay, arrivals: dict[UserId, float]) -> tuple[int, float]:
    starts = {each.job.owner_id: each.began for each in replay.served}
    second, longest = 0, 0.0
    for user_id, came in arrivals.items():
        start = starts.get(user_id, math.inf)
        longest = max(longest, min(start, replay.now) - came)
        between = Counter(each.job.owner_id for each in replay.served if came < each.began < start)
        second += sum(jobs - 1 for jobs in between.values())
    return second, longest


def weights(options: Options) -> None:
    """Shares follow the weights."""
    table(
        "Weights 1, 1, 2, 4 and jobs of 4 s, 100 jobs of each weight and more",
        ["policy", "G", "largest difference to the ideal share"],
    )
    for mode in POLICIES[1:]:
        for runners in (1, 4):
            with replaying(mode, runners=runners, chances=Chances(sigma=0.3), seed=1) as replay:
                replay.know(LIGHT)
                given = (1.0, 1.0, 2.0, 4.0)
                people = [replay.person(weight=weight) for weight in given]
                with backlog(replay, people, [LIGHT] * 4, batch=200):
                    replay.run(800 * LIGHT.seconds / runners)
                by_turns = Counter(each.job.owner_id for each in replay.served)
                counted = by_turns if mode is QueueMode.ROUND_ROBIN else replay.service
                total = sum(counted.values())
                off = max(
                    abs(counted[p.user_id] / total - weight / sum(given)) / (weight / sum(given))
                    for p, weight in zip(people, given, strict=True)
                )
                row(mode.value, runners, f"{off:.2%}")


def grouped(options: Options) -> None:
    """Groups share as people do, and their members within them."""
    table(
        "Jobs of 4 s: a group of weight 2 with four people, of whom one has jobs of 90 s; one of weight 1"
        " with two; two people in none",
        [
            *("policy", "G", "largest difference to the ideal share", "gap within a group, L"),
            *("of the bound, of groups", "of the bound, of members"),
        ],
    )
    sizes = {"large": (HEAVY, LIGHT, LIGHT, LIGHT), "small": (LIGHT, LIGHT)}
    rules = [
        GroupRule(
            name=name,
            weight=weight,
            members=frozenset(f"{name}{n}@example.com" for n in range(len(sizes[name]))),
        )
        for name, weight in (("large", 2.0), ("small", 1.0))
    ]
    for mode in POLICIES[1:]:
        for runners in (1, 4):
            with replaying(mode, runners=runners, groups=rules, pairs=False, seed=1) as replay:
                replay.know(LIGHT, HEAVY)
                members = {
                    name: [replay.person(email=f"{name}{n}@example.com") for n in range(len(each))]
                    for name, each in sizes.items()
                }
                alone = replay.people(2)
                worst = _Worst(replay)
                everybody = [*members["large"], *members["small"], *alone]
                theirs = [*sizes["large"], *sizes["small"], LIGHT, LIGHT]
                with backlog(replay, everybody, theirs, batch=100):
                    replay.ended = worst.look
                    replay.run(options.hours * HOUR)
                by_turns = Counter(each.job.owner_id for each in replay.served)
                counted = by_turns if mode is QueueMode.ROUND_ROBIN else replay.service
                total = sum(counted.values())
                got = [
                    (sum(counted[p.user_id] for p in members["large"]), 0.4),
                    (sum(counted[p.user_id] for p in members["small"]), 0.2),
                    *((counted[p.user_id], 0.2) for p in alone),
                ]
                off = max(abs(part / total - ideal) / ideal for part, ideal in got)
                unit = 1.0 if mode is QueueMode.ROUND_ROBIN else L
                within = [counted[p.user_id] for p in members["large"]]
                gap = (max(within) - min(within)) / unit
                row(
                    *(mode.value, runners, f"{off:.1%}", f"{gap:.1f}"),
                    *(f"{worst.groups:.2f}", f"{worst.members:.2f}"),
                )


class _Worst:
    """How far counters were apart at most, in parts of what they never exceed."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._ended = 0
        self.groups = self.members = 0.0

    def look(self, job: Job) -> None:
        """Look at every fiftieth end of a job."""
        self._ended += 1
        if self._ended % 50:
            return
        world = self._replay.world
        seen = world.care.overview(world.administrator)
        self.groups = max(self.groups, seen.fairness_gap / seen.fairness_bound)
        for group in seen.groups:
            self.members = max(self.members, group.fairness_gap / group.fairness_bound)


def swaps(options: Options) -> None:
    """Six models that do not fit together: what the slack is worth.

    Once with few jobs waiting, and once with so many that every head is past its deadline of ten minutes,
    beyond which warmth counts for nothing.
    """
    slacks = (0.0, 20.0, 60.0, 120.0, 300.0)
    table(
        f"Six people with a model each, 15 s to load one, jobs of 4 s, one runner, {options.hours:g} h",
        [
            "policy",
            "waiting of each",
            *(f"S = {slack:g} s" for slack in slacks),
            "largest gap of counters, of the bound",
        ],
    )
    for mode in POLICIES[1:]:
        for batch in (8, 100):
            useful, gaps = [], []
            for slack in slacks:
                with replaying(mode, slack=slack, swap=15.0, seed=2, pairs=False) as replay:
                    models = replay.models(6)
                    replay.know(LIGHT, models=models)
                    people = replay.people(6)
                    own = dict(zip([p.user_id for p in people], models, strict=True))
                    replay.begun = partial(_refill_with_model, replay, people, own, batch)
                    replay.ended = partial(_follow, replay, defaultdict(list))
                    for person in people:
                        replay.submit(person, LIGHT, batch, model=own[person.user_id])
                    replay.run(options.hours * HOUR)
                    useful.append(replay.useful / replay.now)
                    gaps.append(replay.largest_gap)
            waiting = f"at most {batch}"
            row(mode.value, waiting, *(f"{part:.0%}" for part in useful), f"{max(gaps):.2f}")
            if options.plots:
                name = f"{mode.value}, {waiting}"
                fairness_plots.draw_slack(options.plots, name, slacks, useful)


def _refill_with_model(
    replay: Replay,
    people: Sequence[Principal],
    own: dict[UserId, ModelKey],
    batch: int,
    job: Job,
) -> None:
    """Keep so many jobs of everybody waiting, the oldest of them young where there are few."""
    if replay.pending[job.owner_id] <= batch // 2:
        person = next(p for p in people if p.user_id == job.owner_id)
        replay.submit(person, LIGHT, batch - batch // 2, model=own[job.owner_id])


def estimates(options: Options) -> None:
    """Estimates that are wrong, jobs that are canceled and that fail."""
    table(
        f"Ten people, jobs of 4 and 90 s, 10 % canceled, 5 % failed, four runners, {options.hours:g} h",
        ["policy", "σ", "gap, L", "largest gap of counters, of the bound", "Jain's index"],
    )
    for mode in POLICIES:
        for sigma in (0.0, 0.5, 1.0):
            chances = Chances(sigma=sigma, canceled=0.1, failed=0.05)
            with replaying(mode, runners=4, chances=chances, seed=4) as replay:
                replay.know(LIGHT, HEAVY)
                people = replay.people(10)
                replay.ended = partial(_follow, replay, defaultdict(list))
                with backlog(replay, people, [HEAVY] * 3 + [LIGHT] * 7, batch=50):
                    replay.run(options.hours * HOUR)
                longest = max(L, replay.longest)
                row(
                    mode.value,
                    sigma,
                    f"{replay.gap() / longest:.1f}",
                    _of_bound(replay),
                    f"{replay.jain(people):.4f}",
                )


def adversaries(options: Options) -> None:
    """One who tries, among seven who do not: what it gains beyond an equal share."""
    table(
        "One adversary among seven honest people, jobs of 4 s, one runner, 2,000 s: jobs gained",
        ["policy", *(name for name, _ in TRICKS)],
    )
    for mode in POLICIES:
        gains = []
        for _, trick in TRICKS:
            with replaying(mode, seed=6, pairs=False) as replay:
                replay.know(LIGHT)
                sly, *honest = replay.people(8)
                with backlog(replay, honest, [LIGHT] * 7, batch=20):
                    trick(replay, sly)
                    replay.run(2000.0)
                others = statistics.mean(replay.service[p.user_id] for p in honest)
                gains.append((replay.service[sly.user_id] - others) / LIGHT.seconds)
        row(mode.value, *(f"{gain:+.1f}" for gain in gains))


def _splits(replay: Replay, sly: Principal) -> None:
    for _ in range(200):
        replay.submit(sly, LIGHT)


def _one_large(replay: Replay, sly: Principal) -> None:
    replay.submit(sly, LIGHT, 500)


def _prepends(replay: Replay, sly: Principal) -> None:
    """Keep one old job waiting for ever behind newer ones of a higher priority."""
    replay.submit(sly, LIGHT, priority=-1000)

    def again() -> None:
        if replay.pending[sly.user_id] < 3:
            replay.submit(sly, LIGHT, 3, prepend=True)
        replay.at(replay.now + 2.0, again)

    replay.at(1.0, again)


def _drains(replay: Replay, sly: Principal) -> None:
    """Withdraw everything, and submit it anew, again and again."""

    def again() -> None:
        replay.cancel_waiting(sly)
        replay.submit(sly, LIGHT, 20)
        replay.at(replay.now + 45.0, again)

    replay.at(0.0, again)


def _cancels_late(replay: Replay, sly: Principal) -> None:
    """Cancel each job shortly before its end: what ran is charged all the same."""
    really = replay._really

    def take(job: Job) -> float:
        if job.owner_id != sly.user_id:
            return really(job)
        replay.at(replay.now + 3.9, partial(_cancel_running, replay, sly, job))
        return really(job)

    replay._really = take  # type: ignore[method-assign]
    complete = replay._complete

    def end(job: Job, took: float, **drawn: Drawn | None) -> None:
        if job.owner_id == sly.user_id:
            replay.world.results.stopped(job, took)
        else:
            complete(job, took, **drawn)

    replay._complete = end  # type: ignore[method-assign]
    replay.submit(sly, LIGHT, 500)


def _cancel_running(replay: Replay, sly: Principal, job: Job) -> None:
    replay.world.queue.cancel(sly, job.item_id)


TRICKS: tuple[tuple[str, Callable[[Replay, Principal], None]], ...] = (
    ("one large batch", _one_large),
    ("200 batches of one", _splits),
    ("old job kept, newer ones before it", _prepends),
    ("drains and refills", _drains),
    ("cancels late", _cancels_late),
)


def caps(options: Options) -> None:
    """Nobody waits longer than the bound says, also below a cap."""
    table(
        f"Twelve people, two with many short jobs, ten with long ones, four runners, "
        f"at most one or any number at once, {options.hours:g} h",
        ["policy", "at once", "longest time without a turn, s", "may be, s"],
    )
    for mode in POLICIES[1:]:
        for most in (1, None):
            limits = Caps(max_running=most)
            with replaying(mode, runners=4, caps=limits, seed=9, slack=0.0) as replay:
                replay.know(LIGHT, HEAVY)
                people = replay.people(12)
                k = 1 if most else 4
                with backlog(replay, people, [LIGHT] * 2 + [HEAVY] * 10, batch=50):
                    replay.run(options.hours * HOUR)
                everybody = [p.user_id for p in people]
                row(
                    mode.value,
                    most or "any",
                    f"{_longest_without_turn(replay, everybody, 0.0):.0f}",
                    f"{11 * (2 + k) * L / 4 + L:.0f}",
                )


# How many times as long as one picture a batch takes: measured with the bundled model (benchmarks.runner).
MERGING = {1: 1.0, 2: 1.31, 4: 2.20, 8: 3.43}


def merged(options: Options) -> None:
    """Batches over people: what they save, and whether anybody pays for it."""
    table(
        f"Sixteen people, half of them with jobs of one size and half with another, each 4 s alone,"
        f" one runner, {options.hours:g} h",
        [
            "policy",
            "batches",
            "jobs",
            "jobs a pass",
            "gap, lengths of a job alone",
            "of the bound",
            "Jain's index",
            "longest time without a turn, s",
        ],
    )
    for mode in POLICIES:
        for merging in (None, MERGING):
            with replaying(mode, seed=3, slack=60.0, merging=merging) as replay:
                people = replay.people(16)
                replay.know(LIGHT, WIDE)
                replay.ended = partial(_follow, replay, defaultdict(list))
                sizes = [LIGHT if number % 2 else WIDE for number in range(16)]
                with backlog(replay, people, sizes, batch=100):
                    replay.run(options.hours * HOUR)
                row(
                    mode.value,
                    "up to eight" if merging else "none",
                    f"{len(replay.served):,}",
                    f"{len(replay.served) / replay.passes:.1f}",
                    f"{replay.gap() / LIGHT.seconds:.1f}",
                    _of_bound(replay),
                    f"{replay.jain(people):.4f}",
                    f"{_longest_wait(replay):.0f}",
                )


def _longest_wait(replay: Replay) -> float:
    """Return the longest time that somebody had between two starts, or from the beginning to the first."""
    last: dict[UserId, float] = {}
    longest = 0.0
    for each in replay.served:
        longest = max(longest, each.began - last.get(each.job.owner_id, 0.0))
        last[each.job.owner_id] = each.began
    ends = [replay.now - last.get(user_id, 0.0) for user_id in replay.weights]
    return max([longest, *ends])


def own_cost(options: Options) -> None:
    """What the dispatcher itself takes of the time of a device."""
    table("The dispatcher's own cost, jobs of 4 s", ["policy", "CPU of a decision, ms", "of 4 s"])
    for mode in POLICIES:
        with replaying(mode, runners=4, seed=1, pairs=False) as replay:
            replay.know(LIGHT)
            people = replay.people(50)
            with backlog(replay, people, [LIGHT] * 50, batch=20):
                replay.run(400.0)
            cost = statistics.mean(replay.decisions)
            row(mode.value, f"{cost * 1000:.2f}", f"{cost / LIGHT.seconds:.3%}")


def day(options: Options) -> None:
    """A day of a small firm: few at night, many in the morning, a few who want very much."""
    table(
        "A day: 40 people, 70 % of what two runners can do, busy from 9 to 18, three with half of the work",
        [
            "policy",
            "jobs",
            "median wait, s",
            "90th percentile, s",
            "the same, of the other 37, s",
            "gap, L",
        ],
    )
    for mode in POLICIES:
        with replaying(mode, runners=2, seed=7, chances=Chances(sigma=0.2)) as replay:
            replay.know(LIGHT, HEAVY)
            greedy = plan_day(replay)
            replay.run(24 * HOUR)
            waits = replay.waits()
            others = [
                each.began - replay.submitted[each.job.item_id]
                for each in replay.served
                if each.job.owner_id not in greedy
            ]
            row(
                mode.value,
                f"{len(waits):,}",
                f"{statistics.median(waits):.0f}",
                f"{statistics.quantiles(waits, n=10)[-1]:.0f}",
                f"{statistics.quantiles(others, n=10)[-1]:.0f}",
                f"{replay.gap() / L:.1f}",
            )
            if options.plots:
                fairness_plots.remember_waits(mode.value, others)
    if options.plots:
        fairness_plots.draw_waits(options.plots)


def plan_day(replay: Replay, people: int = 40) -> set[UserId]:
    """Let people submit through a day; return the three who want most."""
    greedy: set[UserId] = set()
    for number in range(people):
        person = replay.person()
        wants_much = number < 3
        if wants_much:
            greedy.add(person.user_id)
        for hour in range(24):
            busy = 1.0 if 9 <= hour < 18 else 0.05
            batches = _poisson(replay, busy * (1.0 if wants_much else 0.7))
            for _ in range(batches):
                when = (hour + replay.chance.random()) * HOUR
                is_heavy = replay.chance.random() < (0.5 if wants_much else 0.05)
                runs = (
                    replay.chance.randint(4, 12)
                    if is_heavy and wants_much
                    else replay.chance.randint(1, 2 if is_heavy else 12)
                )
                size = HEAVY if is_heavy else LIGHT
                replay.at(when, partial(replay.submit, person, size, runs))  # type: ignore[arg-type]
    return greedy


def _poisson(replay: Replay, mean: float) -> int:
    """Return a number of events, of a Poisson distribution (Knuth)."""
    events, left = 0, replay.chance.random()
    while left > math.exp(-mean):
        events, left = events + 1, left * replay.chance.random()
    return events


def in_memory(options: Options) -> None:
    """The rule alone, with very many people."""
    fairness_memory.report(options.people, options.jobs, table, row)


WORKLOADS: dict[str, Callable[[Options], None]] = {
    "heavy": heavy_and_light,
    "bursts": bursts,
    "sleeper": sleeper,
    "newcomers": newcomers,
    "weights": weights,
    "groups": grouped,
    "swaps": swaps,
    "estimates": estimates,
    "adversaries": adversaries,
    "waits": caps,
    "merged": merged,
    "day": day,
    "cost": own_cost,
    "memory": in_memory,
}


def main() -> None:
    """Replay the workloads, and print their tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", choices=[[], *WORKLOADS], default=[])
    parser.add_argument("--hours", type=float, default=2.0, help="of the longer workloads")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=10_000_000)
    parser.add_argument("--plots", type=Path, help="the folder to draw into")
    arguments = parser.parse_args()
    options = Options(arguments.hours, arguments.people, arguments.jobs, arguments.plots)
    for name in arguments.only or WORKLOADS:
        began = time.perf_counter()
        WORKLOADS[name](options)
        print(f"\n{name}: {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
