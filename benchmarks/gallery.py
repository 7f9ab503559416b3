"""What lists, names and searches cost on a large server: `python -m benchmarks.gallery --folder DATA`.

CPU milliseconds of the server process for each request, over HTTP, on data sets of 10,000 and a million
pictures with the same 2,000 boards, 500 people and grants; the data sets are made once and kept in the
folder.
"""

import argparse
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx

from benchmarks.gallery_data import BEGAN, TIME, DataSet, data_set
from benchmarks.server import TICKS, cpu_seconds
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.image_lists import Position
from tests.e2e.running import RunningServer, person, running

IMAGES, BOARDS = "/api/v1/images/", "/api/v1/boards/"
LEAST_SECONDS = 1.0  # of CPU, so that the clock's ticks do not matter
ROUNDS = 3
OWN, ON_A_BOARD = 50, 10  # fewer than the person has in the smaller set: the same work in either

Ask = Callable[[], object]


def main() -> None:
    """Make the data sets where they are missing, measure, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the data sets are kept")
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 1_000_000])
    arguments = parser.parse_args()
    sets = [data_set(arguments.folder, count) for count in arguments.images]
    print("| what | " + " | ".join(f"{data.images:,} pictures" for data in sets) + " | ratio |")
    print("|---" * (len(sets) + 2) + "|")
    for what, figures in measure(sets):
        shown = " | ".join(f"{figure:.2f}" for figure in figures)
        print(f"| {what} | {shown} | {figures[-1] / figures[0]:.2f} |", flush=True)


def measure(sets: Sequence[DataSet]) -> Iterator[tuple[str, Sequence[float]]]:
    """Yield what each kind of request costs in each data set.

    It is milliseconds, but microseconds a name for names. The servers are asked by turns, so that what the
    machine does beside them falls upon all.
    """
    with ExitStack() as opened:
        places = [Place(data, opened.enter_context(running(data.root))) for data in sets]
        pages = [place.pages() for place in places]
        for what in pages[0]:
            costs = _costs([(p.server, asks[what]) for p, asks in zip(places, pages, strict=True)])
            yield f"{what}, ms", [cost * 1000 for cost in costs]
        for what, scope in (("of a person's own", "own"), ("of all", "visible")):
            asks = [place.names(scope) for place in places]
            counts = [ask()["total_count"] for ask in asks]
            costs = _costs([(p.server, ask) for p, ask in zip(places, asks, strict=True)])
            found = [cost * 1e6 / count for cost, count in zip(costs, counts, strict=True)]
            yield f"all names, {what}, µs a name", found
    for what, word in (("a page of 100", None), ("a search", sets[0].word)):
        usual = [_usual(data.root / "databases" / "invokeai.db", word) * 1000 for data in sets]
        yield f"the usual way: {what}, ms", usual


class Place:
    """A server with a data set, and people who ask it."""

    def __init__(self, data: DataSet, server: RunningServer) -> None:
        """Sign in."""
        self.server = server
        self._data = data
        self._somebody = person(server, data.person)
        self._administrator = person(server, data.administrator)

    def pages(self) -> Mapping[str, Ask]:
        """Return what is asked, by its name in the table."""
        somebody, administrator, word = self._somebody, self._administrator, self._data.word

        def page(client: httpx.Client, limit: int = 100, **parameters: object) -> Ask:
            return lambda: _get(client, IMAGES, limit=limit, **parameters)

        middle, end = _cursor(0.5), _cursor(0.1)
        seen, everything = (somebody, 100), (administrator, 100)
        own, board = (somebody, OWN), self._data.board_id
        rare = "belal telut"
        return {
            "list of 50 boards, a person": lambda: _get(somebody, BOARDS),
            "list of 50 boards, an administrator": lambda: _get(administrator, BOARDS),
            f"page of {OWN}, own": page(*own),
            f"page of {OWN}, own, among the older": page(*own, cursor=_cursor(0.9)),
            f"page of {ON_A_BOARD}, a board": page(somebody, ON_A_BOARD, board_id=board),
            "page of 100, all that a person sees": page(*seen, scope="visible"),
            "page of 100, the same, in the middle": page(*seen, scope="visible", cursor=middle),
            "page of 100, the same, near the end": page(*seen, scope="visible", cursor=end),
            "page of 100, everything": page(*everything, scope="visible"),
            "page of 100, everything, in the middle": page(
                *everything, scope="visible", cursor=middle
            ),
            "page of 100, everything, near the end": page(*everything, scope="visible", cursor=end),
            "page of 100, one category of everything": page(
                *everything, scope="visible", categories="mask", is_intermediate="false"
            ),
            f"search for a word, {OWN} own": page(*own, search_term=word),
            "search for a word, all that a person sees": page(
                *seen, scope="visible", search_term=word
            ),
            "search for a word, everything": page(*everything, scope="visible", search_term=word),
            "search for a rare word, everything": page(
                *everything, scope="visible", search_term=rare
            ),
        }

    def names(self, scope: str) -> Callable[[], dict[str, int]]:
        """Return how all names of a scope are asked for; of all by the administrator."""
        client = self._somebody if scope == "own" else self._administrator
        return lambda: _get(client, f"{IMAGES}names", scope=scope)


def _cursor(part: float) -> str:
    """Return where the list of unstarred pictures stands when so much of it is still to come."""
    at = BEGAN + TIME * part
    return Position(starred=False, created_at=at, image_name=ImageName("x")).cursor()


def _get(client: httpx.Client, path: str, **parameters: object) -> dict[str, int]:
    answer = client.get(path, params={k: str(v) for k, v in parameters.items()}, timeout=600)
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = json.loads(answer.content)
    return found


def _costs(asked: Sequence[tuple[RunningServer, Ask]]) -> Sequence[float]:
    """Return CPU seconds of each server a request, the least of some rounds by turns."""
    counts = []
    for server, ask in asked:
        ask()  # what is read for the first time comes from the disk
        first = max(_spent(server, ask, 1), 1 / TICKS)
        counts.append(max(1, int(LEAST_SECONDS / max(first, 0.003))))
    rounds = [
        [
            _spent(server, ask, count) / count
            for (server, ask), count in zip(asked, counts, strict=True)
        ]
        for _ in range(ROUNDS)
    ]
    return [min(costs) for costs in zip(*rounds, strict=True)]


def _spent(server: RunningServer, ask: Ask, count: int) -> float:
    before = cpu_seconds(server)
    for _ in range(count):
        ask()
    return cpu_seconds(server) - before


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
