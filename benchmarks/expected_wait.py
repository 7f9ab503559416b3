"""How well the shown waits come true: `python -m benchmarks.expected_wait`.

People submit through a day, under each policy. What the queue shows of a job when it was submitted is held
against when it starts. A forecast is made before the job runs, so no job's own run teaches it anything; the
hours before noon are left out, in which the queue learns what it has never seen.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import attrs

from benchmarks import fairness_plots
from benchmarks.fairness import HEAVY, HOUR, LIGHT, MERGING, POLICIES, plan_day, row, table
from benchmarks.replay import Chances, Replay, Size, replaying
from invoke_core.domain.fairness import SLACK_SECONDS, QueueMode
from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.news import Audience, NewsItem, NewsKind
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import Job, JobStatus

LEARNING = 12 * HOUR
SHORTEST = 10.0  # seconds of a wait below which a part of it says nothing


@attrs.frozen
class Shown:
    """What was shown of a job."""

    at: float  # seconds since the beginning
    median: float  # seconds until it starts
    p90: float


@attrs.frozen
class Compared:
    """What was shown, and what came."""

    shown: Shown
    wait: float  # seconds

    @property
    def error(self) -> float:
        """Return how far off the median was, as a part of the real wait."""
        return abs(self.shown.median - self.wait) / self.wait


def watched(replay: Replay) -> list[Compared]:
    """Let what is shown of new jobs be held against their start; return the list that fills."""
    shown: dict[ItemId, Shown] = {}
    compared: list[Compared] = []
    submit = replay.submit

    def look(person: Principal, size: Size, runs: int = 1, **rest: object) -> Sequence[ItemId]:
        item_ids = submit(person, size, runs, **rest)  # type: ignore[arg-type]
        replay.at(replay.now, partial(_look, replay, person, [item_ids[0], item_ids[-1]], shown))
        return item_ids

    def begun(job: Job) -> None:
        body = {"item_id": job.item_id, "status": JobStatus.IN_PROGRESS.value}
        told = NewsItem(
            news_id=0,
            kind=NewsKind.JOB_CHANGED,
            audience=Audience.everybody(),
            body=body,
            at=replay.world.clock.now(),
        )
        replay.world.queue.forecasts.hear(told, replay.world.clock.monotonic())
        before = shown.pop(job.item_id, None)
        if before is not None and before.at >= LEARNING:
            wait = replay.now - before.at
            if wait >= SHORTEST:
                compared.append(Compared(before, wait))

    replay.submit = look  # type: ignore[method-assign]
    replay.begun = begun
    return compared


def _look(
    replay: Replay, person: Principal, item_ids: Sequence[ItemId], shown: dict[ItemId, Shown]
) -> None:
    for item in replay.world.queue.items_by_ids(person, item_ids):
        details = item.details
        if details is not None and details.expected_wait is not None:
            assert details.expected_wait_p90 is not None
            shown[item.item_id] = Shown(
                replay.now,
                details.expected_wait.total_seconds(),
                details.expected_wait_p90.total_seconds(),
            )


def steady(replay: Replay) -> None:
    """Let ten people submit all the time, a few jobs each, day and night."""
    for person in replay.people(10):
        _again(replay, person)


def _again(replay: Replay, person: Principal) -> None:
    size = HEAVY if replay.chance.random() < 0.1 else LIGHT
    replay.submit(person, size, replay.chance.randint(1, 12))
    pause = replay.chance.expovariate(1 / 450)
    replay.at(replay.now + pause, partial(_again, replay, person))


def closed(replay: Replay) -> None:
    """Let everybody submit once a shift, within a minute: then nothing comes that was not foreseen."""
    people = replay.people(8)
    for shift in range(24):
        for person in people:
            size = HEAVY if replay.chance.random() < 0.2 else LIGHT
            when = shift * HOUR + replay.chance.random() * 60
            runs = replay.chance.randint(2, 8 if size is HEAVY else 40)
            replay.at(when, partial(replay.submit, person, size, runs))  # type: ignore[arg-type]


def planned(replay: Replay) -> None:
    plan_day(replay)


WORKLOADS: dict[str, Callable[[Replay], None]] = {
    "a day of forty people": planned,
    "ten people, day and night": steady,
    "once an hour, all at once": closed,
}


def compare(
    mode: QueueMode, workload: Callable[[Replay], None], sigma: float, *, merged: bool
) -> list[Compared]:
    """Play a day; return what was shown after noon, and what came.

    On two runners, each job alone; or on one that draws up to eight together, in which none is canceled.
    """
    chances = Chances(sigma=sigma, canceled=0.0 if merged else 0.03)
    with replaying(
        mode,
        runners=1 if merged else 2,
        slack=SLACK_SECONDS if merged else 0.0,
        seed=12,
        chances=chances,
        pairs=False,
        merging=MERGING if merged else None,
    ) as replay:
        compared = watched(replay)
        workload(replay)
        replay.run(24 * HOUR)
    return compared


def figures(compared: Sequence[Compared]) -> tuple[float, float, float]:
    """Return the median and the 90th percentile of the errors, and the part within the shown p90."""
    errors = [each.error for each in compared]
    inside = sum(each.wait <= each.shown.p90 for each in compared) / len(compared)
    return statistics.median(errors), statistics.quantiles(errors, n=10)[-1], inside


def _tell(name: str, batches: str, policy: str, compared: Sequence[Compared]) -> None:
    median, p90, inside = figures(compared)
    row(name, batches, policy, len(compared), f"{median:.0%}", f"{p90:.0%}", f"{inside:.0%}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plots", type=Path, help="the folder to draw into")
    parser.add_argument("--sigma", type=float, default=0.15, help="of run times")
    arguments = parser.parse_args()
    table(
        "Shown waits of 10 s and more, after noon",
        [
            *("workload", "batches", "policy", "jobs"),
            *("median error", "90th percentile", "started within the p90"),
        ],
    )
    everything: list[Compared] = []
    for name, workload in WORKLOADS.items():
        for merged, mode in itertools.product((False, True), POLICIES):
            began = time.perf_counter()
            compared = compare(mode, workload, arguments.sigma, merged=merged)
            everything += compared
            _tell(name, "up to eight" if merged else "none", mode.value, compared)
            print(f"<!-- {time.perf_counter() - began:.0f} s -->")
    _tell("all", "", "", everything)
    if arguments.plots:
        points = [(max(1.0, each.shown.median), each.wait) for each in everything]
        fairness_plots.draw_calibration(arguments.plots, points)


if __name__ == "__main__":
    main()
