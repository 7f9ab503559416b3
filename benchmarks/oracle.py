"""Whether the time of a refusal tells that something exists: `python -m benchmarks.oracle` (control C20).

For each request of the matrix whose answer to an outsider is 404, what is there and hidden is asked for in
turn with what is not there, of a server on loopback with SQLite. The ratio of the medians is to lie between
0.9 and 1.1; bodies and headers are compared by the tests. The time is that of the processor, client and
server together, which others on the machine do not blur.
"""

import argparse
import asyncio
import random
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx
import uvicorn

from invoke_adapters.sql import open_database
from tests.unit.matrix.cells import request_of
from tests.unit.matrix.oracle import named_things
from tests.unit.matrix.principals import PRINCIPALS
from tests.unit.matrix.table import TABLE, Row
from tests.unit.matrix.world import World, open_world, unknown_like

OUTSIDER = "other"
SAMPLES = 300  # of each kind
LOWEST, HIGHEST = 0.9, 1.1


@attrs.frozen(kw_only=True)
class Timing:
    """How long the two refusals of one request take, as medians in milliseconds of CPU."""

    name: str
    hidden: float
    unknown: float
    area: float  # the chance that a hidden one takes longer than an unknown one: 0.5 tells nothing

    @property
    def ratio(self) -> float:
        """Return how many times as long the hidden one takes."""
        return self.hidden / self.unknown


def requests() -> list[Row]:
    """Return the requests that hide what they name from an outsider, one for each route."""
    place = PRINCIPALS.index(OUTSIDER)
    hiding = [row for row in TABLE if row.letters[place] == "h" and named_things(row)]
    return list({row.route: row for row in reversed(hiding)}.values())[::-1]


def measure(world: World, row: Row, samples: int, rng: random.Random) -> Timing:
    """Return the times of one request, hidden and unknown mixed at random."""
    unknown = {name: unknown_like(world.things[name]) for name in named_things(row)}
    kinds = {"hidden": world.things, "unknown": world.things | unknown}
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    order = [kind for kind in kinds for _ in range(samples + 5)]
    rng.shuffle(order)
    for kind in order:
        path, sent = request_of(row, kinds[kind])
        began = time.process_time()
        answer = world.ask(OUTSIDER, row.method, path, **sent)
        taken[kind].append((time.process_time() - began) * 1000)
        assert answer.status_code == 404, answer.text
    hidden, not_there = taken["hidden"][5:], taken["unknown"][5:]
    longer = sum((a > b) + (a == b) / 2 for a in hidden for b in not_there)
    return Timing(
        name=row.route,
        hidden=statistics.median(hidden),
        unknown=statistics.median(not_there),
        area=longer / (len(hidden) * len(not_there)),
    )


@contextmanager
def served(world: World) -> Iterator[None]:
    """Put the outsider's requests through uvicorn and a socket, as a client's are."""
    site = world.site(OUTSIDER)
    server = uvicorn.Server(uvicorn.Config(site.web, lifespan="off", log_level="error"))

    async def start(listening: socket.socket) -> asyncio.Task[None]:
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        return task

    # With the protocol named, asyncio sends at once (TCP_NODELAY), as it does for the server.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        task = site.loop.run(start(listening))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        client = httpx.AsyncClient(base_url=address)
        world.sites = {**world.sites, OUTSIDER: attrs.evolve(site, client=client)}
        yield
        site.loop.run(client.aclose())
        server.should_exit = True
        site.loop.run(asyncio.wait_for(task, 10))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES, help="of each kind")
    parser.add_argument("--only", default="", help="routes with this in their name")
    wanted = parser.parse_args()
    rng, found = random.Random(0), []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_database(f"sqlite:///{folder}/invoke.db", run_folder=Path(folder)) as database,
        open_world(Path(folder), kept=database) as world,
        served(world),
    ):
        print("| request | hidden | not there | ratio | area |\n|---|---|---|---|---|")
        for row in requests():
            if wanted.only not in row.route:
                continue
            timing = measure(world, row, wanted.samples, rng)
            found.append(timing)
            print(
                f"| `{timing.name}` | {timing.hidden:.2f} ms | {timing.unknown:.2f} ms |"
                f" {timing.ratio:.2f} | {timing.area:.2f} |",
                flush=True,
            )
    return 0 if all(LOWEST <= each.ratio <= HIGHEST for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
