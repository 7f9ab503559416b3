"""What a scheduling decision costs on SQLite: `python -m benchmarks.queue`.

Every claim is a transaction of its own, written through to the disk, of the real dispatcher on the real
database. Beside it stands, in the same run and on the same file, a transaction of one small row that is as
durable and comes from the driver itself: what the disk and SQLite take whoever asks. Claims are compared
with few and many pending jobs, people, and jobs that have ended. So are forecasts, which a server makes at
most once a second.
"""

import argparse
import gc
import itertools
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import attrs

from invoke_adapters.memory import MemoryProgressStore
from invoke_adapters.sql import SqlDatabase, open_database
from invoke_adapters.system import SystemClock, SystemRandomness
from invoke_core.domain.estimates import kind_of
from invoke_core.domain.fairness import SLACK_SECONDS, Flow, QueueMode
from invoke_core.domain.forecast import Play
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import ItemId, ModelKey, UserId
from invoke_core.domain.queue import BatchWish, Upcoming
from invoke_core.services._forecast import Forecasts
from invoke_core.services.dispatcher import Dispatcher, DispatchRules
from invoke_core.services.queue import QueueRules, QueueService
from invoke_core.testing.builders import (
    a_generation,
    a_job,
    a_model,
    a_principal,
    a_user,
    a_worker,
)

WARM = frozenset({ModelKey("warm"), ModelKey("warmer")})  # two models that nobody waits for


@attrs.frozen(kw_only=True)
class Size:
    """What there is."""

    pending: int = 10_000  # jobs
    people: int = 50
    ended: int = 0  # jobs
    groups: int = 0  # that the people are spread over


@attrs.frozen(kw_only=True)
class Decision:
    """Milliseconds of one claim."""

    size: Size
    claim: float  # median
    claim_p99: float
    claim_cpu: float  # median
    empty: float  # of the empty commits: the median
    empty_p99: float
    statements: int  # of one claim, but for its beginning and end


SIZES = (
    Size(),
    Size(pending=1_000_000),
    Size(pending=100_000, people=10),
    Size(pending=100_000, people=100_000),
    Size(ended=500_000),
    Size(groups=10),
)

FORECAST = (Size(people=10), Size(people=500), Size(pending=100_000, people=50_000))


class Scene:
    """A queue of some size, of which jobs are claimed."""

    def __init__(self, folder: Path, size: Size, opened: ExitStack) -> None:
        """Make the queue in an empty folder."""
        self.size = size
        path = folder / "invokeai.db"
        self.database = database = opened.enter_context(
            open_database(f"sqlite:///{path}", run_folder=folder)
        )
        with database.writing() as work:
            self.worker_id = a_worker(work).worker_id
            a_job(work, a_user(work))
        _multiply(path, size)
        rules = DispatchRules(mode=QueueMode.FAIR_SHARE)
        self.dispatcher = Dispatcher(database.writing, SystemClock(), rules)
        self.driver = opened.enter_context(closing(_driver(path)))
        self.claims: list[float] = []
        self.cpu: list[float] = []
        self.empty: list[float] = []
        with _watched(database) as asked:
            self._claim()
        self.statements = len(asked)

    def _claim(self) -> None:
        assert self.dispatcher.claim(self.worker_id, "cpu", WARM)

    def measure(self) -> None:
        """Claim a job, and commit nothing beside it."""
        began, spent = time.perf_counter(), time.thread_time()
        self._claim()
        self.claims.append(time.perf_counter() - began)
        self.cpu.append(time.thread_time() - spent)
        began = time.perf_counter()
        self.driver.execute("BEGIN IMMEDIATE")
        self.driver.execute("UPDATE queue_state SET forgotten_event_id = 1 - forgotten_event_id")
        self.driver.execute("COMMIT")
        self.empty.append(time.perf_counter() - began)

    def decision(self) -> Decision:
        """Return what was measured."""
        return Decision(
            size=self.size,
            claim=statistics.median(self.claims) * 1000,
            claim_p99=_p99(self.claims) * 1000,
            claim_cpu=statistics.median(self.cpu) * 1000,
            empty=statistics.median(self.empty) * 1000,
            empty_p99=_p99(self.empty) * 1000,
            statements=self.statements,
        )


def measure(sizes: Sequence[Size], claims: int = 300) -> Sequence[Decision]:
    """Claim jobs of queues of these sizes in turn, so that what else the machine does troubles all alike."""
    with ExitStack() as opened:
        scenes = [
            Scene(Path(opened.enter_context(tempfile.TemporaryDirectory())), size, opened)
            for size in sizes
        ]
        for _ in range(claims):
            for scene in scenes:
                scene.measure()
        return [scene.decision() for scene in scenes]


def batches(size: Size, jobs: int = 10_000) -> Iterator[tuple[str, float, float]]:
    """Yield what one person's batch takes beside a queue of this size: what, seconds, seconds of CPU."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        scene = Scene(Path(folder), size, opened)
        clock = SystemClock()
        queue = QueueService(
            scene.database.reading,
            scene.database.writing,
            clock,
            SystemRandomness(),
            MemoryProgressStore(),
            QueueRules(mode=QueueMode.FAIR_SHARE, max_queue_size=None),
        )
        with scene.database.writing() as work:
            person = a_principal(a_user(work))
            model = a_model(work).key
        wish = BatchWish(generation=GenerationWish(model=model, prompt="a red circle"), runs=jobs)
        acts: Sequence[tuple[str, Callable[[], object]]] = [
            ("enqueue", lambda: queue.enqueue(person, wish, key="one")),
            ("enqueue, and be told the same again", lambda: queue.enqueue(person, wish, key="one")),
            ("cancel", lambda: queue.cancel_all_except_current(person)),
            ("prune", lambda: queue.prune(person)),
            ("enqueue again", lambda: queue.enqueue(person, wish)),
            ("clear", lambda: queue.clear(person)),
        ]
        for name, act in acts:
            began, spent = time.perf_counter(), time.thread_time()
            act()
            yield name, time.perf_counter() - began, time.thread_time() - spent


def forecasts(size: Size, times: int = 10) -> Iterator[tuple[QueueMode, float, float]]:
    """Yield what a forecast takes of a queue of this size, in the median: policy, seconds, seconds of CPU."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        scene = Scene(Path(folder), size, opened)
        clock = SystemClock()
        for mode in QueueMode:
            taken: list[tuple[float, float]] = []
            for _ in range(times):
                made = Forecasts()  # one that has kept nothing
                began, spent = time.perf_counter(), time.thread_time()
                with scene.database.reading() as work:
                    made.places(work, mode, SLACK_SECONDS, clock.now(), clock.monotonic(), [])
                taken.append((time.perf_counter() - began, time.thread_time() - spent))
            seconds, cpu = (statistics.median(each) for each in zip(*taken, strict=True))
            yield mode, seconds, cpu


def in_memory(people: int, decisions: int = 20_000) -> Sequence[float]:
    """Return the seconds that each decision takes among so many people, in memory alone."""
    play = Play(QueueMode.FAIR_SHARE, [])
    job = Upcoming(ItemId(1), kind_of(a_generation()))
    for number in range(people):
        flow = Flow(user_id=UserId(f"p{number}"), pending=1, fair_share=number * 0.618 % 1)
        play.join(flow, itertools.repeat(job))
    found = []
    gc.freeze()  # a pass of the collector over a million flows is no part of a decision
    for number in range(decisions):
        began = time.perf_counter()
        first = play.first()
        assert first is not None
        play.served(first[0], 1.0 + number % 7)
        found.append(time.perf_counter() - began)
    return found


def _p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def _driver(path: Path) -> sqlite3.Connection:
    driver = sqlite3.connect(path, isolation_level=None)
    driver.execute("PRAGMA synchronous = FULL")
    return driver


@contextmanager
def _watched(database: SqlDatabase) -> Iterator[list[str]]:
    """Yield what the writer asks, but for the beginnings and ends of its transactions."""
    asked: list[str] = []
    pooled = database._writer.raw_connection()
    driver = pooled.dbapi_connection
    pooled.close()

    def note(text: str) -> None:
        if not text.startswith(("--", "BEGIN", "COMMIT", "ROLLBACK")):
            asked.append(text)

    driver.set_trace_callback(note)
    try:
        yield asked
    finally:
        driver.set_trace_callback(None)


def _multiply(path: Path, size: Size) -> None:
    """Make many of the one person and job that are there, and the flows that follow from them."""
    kind = kind_of(a_generation())
    with closing(_driver(path)) as driver:
        driver.execute("PRAGMA synchronous = OFF")
        driver.execute("PRAGMA cache_size = -262144")
        driver.execute("BEGIN")
        (first,) = driver.execute("SELECT owner_id FROM jobs").fetchone()
        columns = _columns(driver, "users", but={"user_id", "email", "email_identity"})
        driver.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" INSERT INTO users (user_id, email, email_identity, {columns})"
            f" SELECT 'p' || i, 'p' || i, 'p' || i, {columns} FROM n, users WHERE user_id = ?",
            (size.people, first),
        )
        for count, status in ((size.pending, "pending"), (size.ended, "completed")):
            columns = _columns(driver, "jobs", but={"item_id", "owner_id", "status", "run_id"})
            driver.execute(
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)"
                f" INSERT INTO jobs (owner_id, status, run_id, {columns})"
                f" SELECT 'p' || (i % ? + 1), ?, 'r' || i, {columns} FROM n, jobs"
                " WHERE item_id = 1 AND ? > 0",
                (count, size.people, status, count),
            )
        driver.execute("DELETE FROM jobs WHERE item_id = 1")
        given = {
            "weight": "1.0",
            "round_robin": "0.0",
            "fair_share": "0.0",
            "suspended": "0",
            "contends": "1",
            "head_model": "'model'",
            "head_kind": f"'{kind}'",
            "in_flight": "0",
            "group_name": f"'g' || (abs(random()) % {size.groups})" if size.groups else "''",
        }
        known = set(_columns(driver, "queue_flows", but=set()).split(", "))
        given = {name: value for name, value in given.items() if name in known}
        driver.execute(
            f"INSERT INTO queue_flows (user_id, pending, oldest_item_id, head_item_id,"
            f" oldest_or_zero, {', '.join(given)})"
            f" SELECT owner_id, count(*), min(item_id), min(item_id), min(item_id),"
            f" {', '.join(given.values())} FROM jobs WHERE status = 'pending' GROUP BY owner_id"
        )
        driver.execute(
            "INSERT INTO run_seconds (kind, mean, measured, variance) VALUES (?, 4.0, 100, 0.1)",
            (kind,),
        )
        for number in range(size.groups):
            driver.execute(
                "INSERT INTO queue_groups VALUES (?, 1.0, 0.0, 0.0, 0.0, 0.0)", (f"g{number}",)
            )
        driver.execute("COMMIT")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _columns(driver: sqlite3.Connection, table: str, *, but: set[str]) -> str:
    names = [row[1] for row in driver.execute(f"PRAGMA table_info({table})")]
    return ", ".join(name for name in names if name not in but)


def table(decisions: Sequence[Decision]) -> Iterator[str]:
    """Yield the lines of the table; CPU beside the first size's."""
    yield "| pending | people | ended | groups | claim | p99 | empty commit | p99 | CPU | statements |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for each in decisions:
        size = each.size
        times = each.claim_cpu / decisions[0].claim_cpu
        yield (
            f"| {size.pending:,} | {size.people:,} | {size.ended:,} | {size.groups} |"
            f" {each.claim:.2f} ms | {each.claim_p99:.2f} ms |"
            f" {each.empty:.2f} ms | {each.empty_p99:.2f} ms |"
            f" {each.claim_cpu:.2f} ms, {times:.2f} times | {each.statements} |"
        )


def main() -> None:
    """Measure every size, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=300, help="of each size")
    parser.add_argument(
        "--only", type=int, nargs="*", default=range(len(SIZES)), help="numbers of sizes, from 0"
    )
    arguments = parser.parse_args()
    for line in table(measure([SIZES[place] for place in arguments.only], arguments.claims)):
        print(line, flush=True)
    print("\n| a decision in memory, among | median | p99 |\n|---|---|---|")
    for people in (100_000, 1_000_000):
        seconds = in_memory(people)
        median = statistics.median(seconds) * 1e6
        print(f"| {people:,} people | {median:.0f} µs | {_p99(seconds) * 1e6:.0f} µs |", flush=True)
    print("\n| a forecast of 1,000 starts, among | policy | time | CPU |\n|---|---|---|---|")
    for size in FORECAST:
        for mode, seconds, cpu in forecasts(size):
            told = f"{size.people:,} people, {size.pending:,} jobs | {mode}"
            print(f"| {told} | {seconds * 1000:.0f} ms | {cpu * 1000:.0f} ms |", flush=True)
    beside = Size(pending=100_000, people=1_000)
    print(f"\n| 10,000 jobs of one person, beside {beside.pending:,} | time | CPU |\n|---|---|---|")
    for name, seconds, cpu in batches(beside):
        print(f"| {name} | {seconds:.2f} s | {cpu:.2f} s |", flush=True)


if __name__ == "__main__":
    main()
