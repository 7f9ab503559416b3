"""What lists, names and searches cost on a large server: `python -m benchmarks.gallery --folder DATA`.

CPU milliseconds of the server process for each request, over HTTP, on data sets of 10,000 and a million
pictures with the same 2,000 boards, 500 people and grants; the data sets are made once and kept in the
folder.
"""

import argparse
import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

from benchmarks.gallery_data import BEGAN, TIME, DataSet, data_set
from benchmarks.server import TICKS, cpu_seconds
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.image_lists import Position
from tests.e2e.running import RunningServer, person, running

IMAGES, BOARDS = "/api/v1/images/", "/api/v1/boards/"
LEAST_SECONDS = 0.5  # of CPU, so that the clock's ticks do not matter
ROUNDS = 2

Ask = Callable[[], object]


def main() -> None:
    """Make the data sets where they are missing, measure, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the data sets are kept")
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 1_000_000])
    arguments = parser.parse_args()
    found = {count: measure(data_set(arguments.folder, count)) for count in arguments.images}
    print("| what | " + " | ".join(f"{count:,} pictures" for count in found) + " | ratio |")
    print("|---" * (len(found) + 2) + "|")
    for what in next(iter(found.values())):
        figures = [each[what] for each in found.values()]
        shown = " | ".join(f"{figure:.2f}" for figure in figures)
        print(f"| {what} | {shown} | {figures[-1] / figures[0]:.2f} |")


def measure(data: DataSet) -> Mapping[str, float]:
    """Return what each kind of request costs: milliseconds, but microseconds a name for names."""
    found: dict[str, float] = {}
    with running(data.root) as server:
        somebody, administrator = person(server, data.person), person(server, data.administrator)
        for what, ask in _pages(data, somebody, administrator).items():
            found[f"{what}, ms"] = _cost(server, ask) * 1000
        for what, client, scope in (
            ("all names, of a person's own", somebody, "own"),
            ("all names, of all that an administrator sees", administrator, "visible"),
        ):
            count = _get(client, f"{IMAGES}names", scope=scope)["total_count"]
            cost = _cost(server, lambda c=client, s=scope: _get(c, f"{IMAGES}names", scope=s))  # type: ignore[misc]
            found[f"{what}, µs a name"] = cost * 1e6 / count
    path = data.root / "databases" / "invokeai.db"
    found["the usual way: a page of 100, ms"] = _usual(path, None) * 1000
    found["the usual way: a search, ms"] = _usual(path, data.word) * 1000
    return found


def _pages(data: DataSet, somebody: httpx.Client, administrator: httpx.Client) -> Mapping[str, Ask]:
    board, word = data.board_id, data.word

    def page(client: httpx.Client, **parameters: object) -> Ask:
        return lambda: _get(client, IMAGES, limit=100, **parameters)

    middle, end = _cursor(0.5), _cursor(0.02)
    return {
        "list of 50 boards, a person": lambda: _get(somebody, BOARDS),
        "list of 50 boards, an administrator": lambda: _get(administrator, BOARDS),
        "page of 100, own": page(somebody),
        "page of 100, own, in the middle": page(somebody, cursor=middle),
        "page of 100, a board": page(somebody, board_id=board),
        "page of 100, all that a person sees": page(somebody, scope="visible"),
        "page of 100, the same, in the middle": page(somebody, scope="visible", cursor=middle),
        "page of 100, the same, near the end": page(somebody, scope="visible", cursor=end),
        "page of 100, everything": page(administrator, scope="visible"),
        "page of 100, everything, in the middle": page(
            administrator, scope="visible", cursor=middle
        ),
        "page of 100, everything, near the end": page(administrator, scope="visible", cursor=end),
        "page of 100, one category of everything": page(
            administrator, scope="visible", categories="mask", is_intermediate="false"
        ),
        "search for a word, own": page(somebody, search_term=word),
        "search for a word, all that a person sees": page(
            somebody, scope="visible", search_term=word
        ),
        "search for a word, everything": page(administrator, scope="visible", search_term=word),
        "search for a rare word, everything": page(
            administrator, scope="visible", search_term="belal telut"
        ),
    }


def _cursor(part: float) -> str:
    """Return where the list of unstarred pictures stands when so much of it is still to come."""
    at = BEGAN + TIME * part
    return Position(starred=False, created_at=at, image_name=ImageName("x")).cursor()


def _get(client: httpx.Client, path: str, **parameters: object) -> dict[str, int]:
    answer = client.get(path, params={k: str(v) for k, v in parameters.items()}, timeout=600)
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = json.loads(answer.content)
    return found


def _cost(server: RunningServer, ask: Ask) -> float:
    """Return CPU seconds of the server a request, the least of some rounds."""
    began, before = time.perf_counter(), cpu_seconds(server)
    ask()
    first = max(cpu_seconds(server) - before, 1 / TICKS)
    count = max(1, int(LEAST_SECONDS / max(first, 0.003)))
    rounds = []
    for _ in range(ROUNDS):
        before = cpu_seconds(server)
        for _ in range(count):
            ask()
        rounds.append((cpu_seconds(server) - before) / count)
        if time.perf_counter() - began > 15:
            break
    return min(rounds)


def _usual(path: Path, word: str | None) -> float:
    """Return CPU seconds of a page as it is usually asked for: counted, sorted, in the middle."""
    looked = "" if word is None else " AND t.metadata LIKE :word"
    query = (
        " FROM images AS i JOIN image_texts AS t ON t.image_name = i.image_name"
        f" WHERE i.is_intermediate = 0{looked}"
    )
    order = " ORDER BY i.starred DESC, i.created_at DESC LIMIT 100 OFFSET :offset"
    connection = sqlite3.connect(path)
    try:
        costs: list[float] = []
        for _ in range(2):
            began = time.process_time()
            values: dict[str, object] = {"word": f"%{word}%"}
            (count,) = connection.execute(f"SELECT count(*){query}", values).fetchone()
            values["offset"] = 0 if word else count // 2
            rows: Sequence[object] = connection.execute(
                f"SELECT i.*{query}{order}", values
            ).fetchall()
            assert rows
            costs.append(time.process_time() - began)
            if costs[-1] > 1:  # the second time would tell nothing new
                break
        return min(costs)
    finally:
        connection.close()


if __name__ == "__main__":
    main()
