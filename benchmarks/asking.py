"""Somebody who asks who they are while others keep a server busy: how long they wait for each answer."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import httpx

from tests.e2e.running import RunningServer


class Asker:
    """Asks again and again, in a process of its own: it must not wait for the threads of the others."""

    def __init__(self, server: RunningServer, person: httpx.Client, *, pause: float = 0.0) -> None:
        """Begin to ask.

        Args:
            server: who is asked.
            person: whose credential is sent.
            pause: seconds between an answer and the next question.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.asking", server.url, str(pause)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(f"{person.headers['Authorization']}\n")
        self._process.stdin.flush()

    def latencies(self, *, at_least: int = 0) -> list[float]:
        """End it; return how many milliseconds each answer took.

        Args:
            at_least: so many answers are awaited first.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{at_least}\n")
        found: list[float] = json.loads(self._process.communicate()[0])
        return found


def ask(client: httpx.Client, enough: Callable[[int], bool], *, pause: float = 0.0) -> list[float]:
    """Return how many milliseconds each answer took, until there are enough."""
    found: list[float] = []
    while not enough(len(found)):
        began = time.perf_counter()
        client.get("/api/v1/auth/me").raise_for_status()
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(pause)
    return found


def p99(latencies: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(latencies)[int(len(latencies) * 0.99)] if latencies else 0.0


def _process(url: str, pause: float) -> None:
    credential = sys.stdin.readline().strip()
    wanted: list[int] = []
    threading.Thread(target=lambda: wanted.append(int(sys.stdin.readline())), daemon=True).start()
    with httpx.Client(base_url=url, headers={"Authorization": credential}) as client:
        found = ask(client, lambda done: bool(wanted) and done >= wanted[0], pause=pause)
    print(json.dumps(found))


if __name__ == "__main__":
    _process(sys.argv[1], float(sys.argv[2]))
