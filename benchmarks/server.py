"""What the real server costs: started by its command, asked over HTTP, its CPU time read from /proc."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx

from tests.e2e.running import (
    PASSWORD,
    RunningServer,
    first_administrator,
    multiuser_root,
    person,
    running,
)

IMAGES = 200
TICKS = os.sysconf("SC_CLK_TCK")


@attrs.frozen(kw_only=True)
class Cost:
    """One kind of request."""

    name: str
    cpu_milliseconds: float  # of the server process, for each request
    per_second: float  # one client, one request after another


@attrs.frozen(kw_only=True)
class Idle:
    """A server that nobody asks anything."""

    first_start_seconds: float  # to the first answer, with a new root folder
    start_seconds: float  # the same, with the root of another run
    start_cpu_seconds: float
    resident_megabytes: int  # after the start
    cpu_percent: float  # of one core, over ten seconds


def cpu_seconds(server: RunningServer) -> float:
    """Return the CPU time of the server process, user and system."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_megabytes(server: RunningServer) -> int:
    """Return the resident memory of the server process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024


def measure(seconds: float) -> tuple[Idle, list[Cost]]:
    """Return what the server costs idle and for each kind of request, about `seconds` a kind."""
    with tempfile.TemporaryDirectory() as folder:
        root = multiuser_root(Path(folder) / "root", bcrypt_rounds=12, workers="external")
        with _answering(root) as (server, first_start):
            first_administrator(server)
        with _answering(root) as (server, start):
            start_cpu = cpu_seconds(server)
            megabytes = resident_megabytes(server)
            before = cpu_seconds(server)
            time.sleep(10)  # idleness is what is measured here
            idle = Idle(
                first_start_seconds=first_start,
                start_seconds=start,
                start_cpu_seconds=start_cpu,
                resident_megabytes=megabytes,
                cpu_percent=(cpu_seconds(server) - before) / 10 * 100,
            )
            return idle, _costs(server, seconds)


@contextmanager
def _answering(root: Path) -> Iterator[tuple[RunningServer, float]]:
    began = time.perf_counter()
    # An installed program keeps its bytecode, whatever the shell that runs this says.
    with running(root, PYTHONDONTWRITEBYTECODE="") as server:
        httpx.get(f"{server.url}/healthz").raise_for_status()
        yield server, time.perf_counter() - began


def _costs(server: RunningServer, seconds: float) -> list[Cost]:
    ada = person(server, "admin@example.com")
    board = ada.post("/api/v1/boards/", params={"board_name": "Benchmark"}).json()["board_id"]
    for number in range(20):
        ada.post("/api/v1/boards/", params={"board_name": f"Board {number}"})
    _upload(ada, board)
    credentials = {"email": "admin@example.com", "password": PASSWORD}
    generation = {"model": "demo-shapes", "prompt": "a red circle", "board_id": board}
    batch = {"batch": {"generation": generation}}
    page = {"board_id": board, "limit": 100}

    def ask(method: str, path: str, **more: object) -> Callable[[], httpx.Response]:
        return lambda: ada.request(method, path, **more)  # type: ignore[arg-type]

    asked = {
        "healthz": ask("GET", "/healthz"),
        "GET me": ask("GET", "/api/v1/auth/me"),
        "list of 21 boards": ask("GET", "/api/v1/boards/"),
        "page of 100 images": ask("GET", "/api/v1/images/", params=page),
        "a thumbnail": ask("GET", _thumbnail(ada, board)),
        "status of the queue": ask("GET", "/api/v1/queue/default/status"),
        "enqueue": ask("POST", "/api/v1/queue/default/enqueue_batch", json=batch),
        "sign-in (bcrypt 12)": ask("POST", "/api/v1/auth/login", json=credentials),
    }
    return [_cost(server, name, request, seconds) for name, request in asked.items()]


def _cost(
    server: RunningServer, name: str, request: Callable[[], httpx.Response], seconds: float
) -> Cost:
    for _ in range(10):
        request().raise_for_status()
    cpu, began, count = cpu_seconds(server), time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        request().raise_for_status()
        count += 1
    return Cost(
        name=name,
        cpu_milliseconds=(cpu_seconds(server) - cpu) / count * 1000,
        per_second=count / passed,
    )


def _upload(ada: httpx.Client, board: str) -> None:
    import io

    from PIL import Image

    for number in range(IMAGES):
        content = io.BytesIO()
        Image.new("RGB", (64, 64), (number % 256, 0, 0)).save(content, "PNG")
        ada.post(
            "/api/v1/images/upload",
            params={"image_category": "general", "is_intermediate": "false", "board_id": board},
            files={"file": ("picture.png", content.getvalue(), "image/png")},
        ).raise_for_status()


def _thumbnail(ada: httpx.Client, board: str) -> str:
    names = ada.get(f"/api/v1/boards/{board}/image_names").json()
    return f"/api/v1/images/i/{names[0]}/thumbnail"
