"""What the real server costs: started by its command, asked over HTTP, its CPU time read from /proc."""

import http.client
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import httpx
from PIL import Image

from tests.e2e.running import (
    PASSWORD,
    RunningServer,
    first_administrator,
    multiuser_root,
    person,
    running,
)

IMAGES = 200
ROUNDS = 5
TICKS = os.sysconf("SC_CLK_TCK")


@attrs.frozen(kw_only=True)
class Cost:
    """One kind of request."""

    name: str
    cpu_milliseconds: float  # of the server process, for each request
    per_second: float  # one client, one request after another


@attrs.frozen(kw_only=True)
class Found:
    """What the server costs."""

    first_start_seconds: float  # to the first answer, with a new root folder
    start_seconds: float  # the same, with the root of another run
    start_cpu_seconds: float
    resident_megabytes: int  # after the start
    cpu_percent: float  # of one core, over ten seconds in which nobody asks
    costs: list[Cost]
    resident_megabytes_afterwards: int


def cpu_seconds(server: RunningServer) -> float:
    """Return the CPU time of the server process, user and system."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_megabytes(server: RunningServer) -> int:
    """Return the resident memory of the server process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024


def measure(seconds: float) -> Found:
    """Return what the server costs idle and for each kind of request, about `seconds` a kind.

    What else the machine does only adds to a figure, so each is the least of five.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = multiuser_root(Path(folder) / "root", bcrypt_rounds=12, workers="external")
        with _answering(multiuser_root(Path(folder) / "warm")):
            pass  # now its bytecode is there, and its files are in memory
        with _answering(root) as (server, first_start):
            first_administrator(server)
        starts = []
        for _ in range(ROUNDS):
            with _answering(root) as (server, start):
                starts.append((start, cpu_seconds(server)))
        with _answering(root) as (server, _):
            megabytes = resident_megabytes(server)
            before = cpu_seconds(server)
            time.sleep(10)  # idleness is what is measured here
            idle = (cpu_seconds(server) - before) / 10
            return Found(
                first_start_seconds=first_start,
                start_seconds=min(start for start, _ in starts),
                start_cpu_seconds=min(cpu for _, cpu in starts),
                resident_megabytes=megabytes,
                cpu_percent=idle * 100,
                costs=_costs(server, seconds),
                resident_megabytes_afterwards=resident_megabytes(server),
            )


@contextmanager
def _answering(root: Path) -> Iterator[tuple[RunningServer, float]]:
    began = time.perf_counter()
    # An installed program keeps its bytecode, whatever the shell that runs this says.
    with running(root, PYTHONDONTWRITEBYTECODE="") as server:
        ask = _Client(server.url)
        ask("GET", "/healthz")
        seconds = time.perf_counter() - began
        ask.close()
        yield server, seconds


def _costs(server: RunningServer, seconds: float) -> list[Cost]:
    ada = person(server, "admin@example.com")
    board = ada.post("/api/v1/boards/", params={"board_name": "Benchmark"}).json()["board_id"]
    for number in range(20):
        ada.post("/api/v1/boards/", params={"board_name": f"Board {number}"})
    _upload(ada, board)
    image = ada.get(f"/api/v1/boards/{board}/image_names").json()[0]
    ask = _Client(server.url, ada.headers["authorization"])
    generation = {"model": "demo-shapes", "prompt": "a red circle", "board_id": board}
    batch = json.dumps({"batch": {"generation": generation}})
    credentials = json.dumps({"email": "admin@example.com", "password": PASSWORD})
    asked = {
        "healthz": lambda: ask("GET", "/healthz"),
        "GET me": lambda: ask("GET", "/api/v1/auth/me"),
        "list of 21 boards": lambda: ask("GET", "/api/v1/boards/"),
        "page of 100 images": lambda: ask("GET", f"/api/v1/images/?board_id={board}&limit=100"),
        "a thumbnail": lambda: ask("GET", f"/api/v1/images/i/{image}/thumbnail"),
        "status of the queue": lambda: ask("GET", "/api/v1/queue/default/status"),
        "enqueue": lambda: ask("POST", "/api/v1/queue/default/enqueue_batch", batch),
        "sign-in (bcrypt 12)": lambda: ask("POST", "/api/v1/auth/login", credentials),
    }
    try:
        return [_cost(server, name, request, seconds) for name, request in asked.items()]
    finally:
        ask.close()


class _Client:
    """One connection that is kept; plain, for a client that takes longer than the server measures itself."""

    def __init__(self, url: str, credential: str = "") -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port)
        self._headers = {"Authorization": credential, "Content-Type": "application/json"}

    def __call__(self, method: str, path: str, body: str | None = None) -> None:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status in {200, 201}, content

    def close(self) -> None:
        self._connection.close()


def _cost(server: RunningServer, name: str, request: Callable[[], None], seconds: float) -> Cost:
    for _ in range(10):
        request()
    rounds = [_round(server, request, seconds / ROUNDS) for _ in range(ROUNDS)]
    return Cost(
        name=name,
        cpu_milliseconds=min(cpu for cpu, _ in rounds) * 1000,
        per_second=max(rate for _, rate in rounds),
    )


def _round(
    server: RunningServer, request: Callable[[], None], seconds: float
) -> tuple[float, float]:
    """Return CPU seconds a request, and requests a second."""
    cpu, began, count = cpu_seconds(server), time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        request()
        count += 1
    return (cpu_seconds(server) - cpu) / count, count / passed


def _upload(ada: httpx.Client, board: str) -> None:
    for number in range(IMAGES):
        content = io.BytesIO()
        Image.new("RGB", (64, 64), (number % 256, 0, 0)).save(content, "PNG")
        ada.post(
            "/api/v1/images/upload",
            params={"image_category": "general", "is_intermediate": "false", "board_id": board},
            files={"file": ("picture.png", content.getvalue(), "image/png")},
        ).raise_for_status()
