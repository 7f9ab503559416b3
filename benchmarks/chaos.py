"""Real processes that are killed, stopped and crowded, with full counts: `python -m benchmarks.chaos`.

Each scenario prints a row: what was done, what came of it, and what was wrong. The tests run the same code
with counts that take seconds (`tests/e2e/test_chaos_workers.py`, `tests/e2e/test_chaos_servers.py`). Exits
with 1 where anything was wrong.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos import servers, workers
from tests.chaos.databases import NAMES, empty_database
from tests.chaos.workers import Ground, Outcome

SCENARIOS: dict[str, tuple[int, str, Callable[[Ground, int], Outcome]]] = {
    "R1": (200, "kill -9 of the server, 50 clients with keys", servers.killed_server),
    "R2": (200, "kill -9 of a worker", workers.killed_workers),
    "R6": (30, "another process holds the write lock, s", servers.busy_database),
    "R11": (20, "workers that hang in native code", servers.hung_workers),
    "R12": (100, "SIGTERM to the server at work", servers.stopped_server),
    "R14": (10_000, "jobs, four worker processes", lambda g, n: workers.racing_workers(g, 4, n)),
    "R15": (100, "SIGSTOP of a worker past its lease", workers.zombies),
    "R19": (500, "dropped event connections", servers.dropped_streams),
    "C42": (
        500,
        "jobs, one in a hundred kills",
        lambda g, n: workers.poison(g, n, max(1, n // 100)),
    ),
    "C43": (2_000, "cancels at random moments", workers.cancels),
    "C44": (50, "same-key submissions at once", servers.same_key),
}

SQLITE_ALONE = {"R6", "R15"}  # they look at its write lock, which PostgreSQL has not


def main() -> None:
    """Run the scenarios, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", choices=[[], *SCENARIOS], default=[])
    parser.add_argument("--count", type=int, help="in place of the full count")
    parser.add_argument("--database", choices=NAMES, default="sqlite")
    arguments = parser.parse_args()
    print("| control | what was done | what came of it | wrong | s |\n|---|---|---|---|---|")
    failed = False
    possible = [n for n in SCENARIOS if arguments.database == "sqlite" or n not in SQLITE_ALONE]
    for name in arguments.only or possible:
        full, what, scenario = SCENARIOS[name]
        count = arguments.count or full
        began = time.monotonic()
        with (
            tempfile.TemporaryDirectory() as folder,
            empty_database(arguments.database, Path(folder)) as url,
        ):
            outcome = scenario(Ground(Path(folder), url), count)
        failed = failed or bool(outcome.wrong)
        wrong = "; ".join(outcome.wrong) or "nothing"
        seconds = f"{time.monotonic() - began:.0f}"
        print(
            f"| {name} | {count:,} {what} | {outcome.figures} | {wrong} | {seconds} |", flush=True
        )
    sys.exit(failed)


if __name__ == "__main__":
    main()
