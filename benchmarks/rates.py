"""One person floods the server, another works on: `python -m benchmarks.rates` (control C25).

Ten thousand calls of one person arrive within a minute, evenly; all but what the limit lets through are
refused. Another person asks five times a second who they are, before and meanwhile.
"""

import argparse
import http.client
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from benchmarks.asking import Asker, p99
from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
)

SECONDS = 60.0
THREADS = 4
ASKS = 5  # a second, of the other person
LIMIT = 600  # requests a minute


@attrs.frozen(kw_only=True)
class Flood:
    """What became of the calls, and how long the other waited for answers: milliseconds, 99th percentile."""

    statuses: Counter[int]
    seconds: float
    idle: float
    busy: float


def measure(server: RunningServer, calls: int, seconds: float) -> Flood:
    """Let one person call so often in so many seconds, evenly."""
    administrator = first_administrator(server)
    flooder = add_person(administrator, server, "flooder@example.com")
    other = add_person(administrator, server, "other@example.com")
    idle = Asker(server, other, pause=1 / ASKS).latencies(at_least=int(ASKS * seconds / 2))
    time.sleep(SECONDS)  # so that the other's own calls until now are forgotten
    statuses: Counter[int] = Counter()
    counting = threading.Lock()
    asking = Asker(server, other, pause=1 / ASKS)
    began = time.perf_counter()

    def call(first: int) -> None:
        address = urlsplit(server.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        headers = {"Authorization": flooder.headers["Authorization"]}
        for number in range(first, calls, THREADS):
            due = began + number * seconds / calls
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.request("GET", "/api/v1/auth/me", headers=headers)
            answer = connection.getresponse()
            answer.read()
            with counting:
                statuses[answer.status] += 1
        connection.close()

    threads = [threading.Thread(target=call, args=[first]) for first in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    return Flood(statuses=statuses, seconds=took, idle=p99(idle), busy=p99(asking.latencies()))


def main() -> int:
    """Measure, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = multiuser_root(Path(folder) / "root")
        with running(root, INVOKEAI_MAX_REQUESTS_PER_MINUTE=str(LIMIT)) as server:
            found = measure(server, arguments.calls, arguments.seconds)
    let_through, refused = found.statuses[200], found.statuses[429]
    print("| what | figure |\n|---|---|")
    print(f"| calls of one person in {found.seconds:.0f} s | {found.statuses.total():,} |")
    print(f"| let through, refused with 429 | {let_through:,}, {refused:,} |")
    print(f"| another person's wait, 99th percentile, while nobody floods | {found.idle:.1f} ms |")
    print(f"| the same meanwhile | {found.busy:.1f} ms, {found.busy / found.idle:.2f} times |")
    most = LIMIT * (1 + int(found.seconds / 60))
    return 0 if let_through <= most and let_through + refused == found.statuses.total() else 1


if __name__ == "__main__":
    sys.exit(main())
