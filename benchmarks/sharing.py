"""Who may do what, under random use: `python -m benchmarks.sharing` (control C24).

People grant, revoke, move, transfer and delete at random, 5,000 steps each on memory and on SQLite, against
the oracle of `tests/unit/test_sharing_model.py`, while others read: in one snapshot after another they
compare every list with the rule. Afterwards a large transfer is timed, with the longest time that it holds
the writer.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from invoke_adapters.sql import open_database
from invoke_adapters.system import SystemClock, SystemRandomness
from invoke_core.domain.boards import BoardQuery, permission_on
from invoke_core.domain.images import ImageQuery, ImageScope, permission_on_image
from invoke_core.domain.principals import INTERNAL, Principal, Via, host_principal
from invoke_core.domain.transfers import TransferWish
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.services.transfers import TransferService
from invoke_core.testing.builders import a_board, a_user, an_image
from tests.unit.test_sharing_model import Sharing, SharingOnSqlite

STEPS = 5_000
READERS = 2
IMAGES = 20_000  # of the timed transfer
_EVERY_BOARD = BoardQuery(include_archived=True, limit=None)
_EVERY_IMAGE = ImageQuery(scope=ImageScope.VISIBLE)


@attrs.define
class Tally:
    """What happened in all runs together."""

    steps: int = 0
    snapshots: int = 0
    faults: list[str] = attrs.field(factory=list)


TALLY = Tally()


class _Reading:
    """People who look while others change things."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._read) for _ in range(READERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return when every reader has ended."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        try:
            while not self._stopping.is_set():
                with self._database.reading() as work:
                    _compare(work)
                TALLY.snapshots += 1
        except Exception as error:  # noqa: BLE001 - told at the end: a thread's own reaches nobody
            TALLY.faults.append(repr(error))


def _compare(work: Work) -> None:
    """Raise AssertionError where a list shows anybody more or less than the rule."""
    boards = {
        s.board.board_id: s.board for s in work.boards.list_visible(INTERNAL, _EVERY_BOARD).items
    }
    grants = {board_id: work.boards.grants(board_id) for board_id in boards}
    names = work.images.names_visible(INTERNAL, _EVERY_IMAGE).image_names
    images = work.images.find_many(names)
    for user in work.users.list(limit=None).items:
        who = Principal(user_id=user.user_id, is_admin=user.is_admin, via=Via.INTERNAL)
        listed = work.boards.list_visible(who, _EVERY_BOARD).items
        held = {board_id: permission_on(b, who, grants[board_id]) for board_id, b in boards.items()}
        assert {s.board.board_id: s.permission for s in listed} == {
            board_id: level for board_id, level in held.items() if level
        }
        seen = {
            image.image_name
            for image in images
            if permission_on_image(
                image,
                who,
                boards.get(image.board_id or ""),
                grants.get(image.board_id or "", ()),  # type: ignore[call-overload]
            )
        }
        assert set(work.images.names_visible(who, _EVERY_IMAGE).image_names) == seen


def _watched(machine: type[Sharing]) -> type[Sharing]:
    class Watched(machine):  # type: ignore[misc, valid-type]
        """The same, while others read."""

        def __init__(self) -> None:
            super().__init__()
            self.readers = _Reading(self.world.database)

        @invariant()
        def counted(self) -> None:
            """Count the step."""
            TALLY.steps += 1

        def teardown(self) -> None:
            """End the readers before what they read."""
            self.readers.stop()
            super().teardown()

    return Watched


def measure(machine: type[Sharing], steps: int) -> Tally:
    """Run at least so many steps; return what happened."""
    TALLY.steps, TALLY.snapshots, TALLY.faults = 0, 0, []
    how = settings(
        max_examples=max(1, steps // 50),
        stateful_step_count=60,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while TALLY.steps < steps and not TALLY.faults:
        run_state_machine_as_test(_watched(machine), settings=how)  # type: ignore[no-untyped-call]
    return TALLY


def transfer(images: int) -> tuple[float, float]:
    """Return the seconds of a transfer of so many images, and the longest that it held the writer."""
    held: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_database(f"sqlite:///{Path(folder)}/invoke.db") as database,
    ):
        with database.writing() as work:
            giver, heir = a_user(work), a_user(work)
            board = a_board(work, giver)
            for number in range(images):
                an_image(work, giver, board if number % 2 else None)

        @contextmanager
        def timed() -> Iterator[Any]:
            with database.writing() as work:
                began = time.perf_counter()
                yield work
                held.append(time.perf_counter() - began)

        service = TransferService(database.reading, timed, SystemClock(), SystemRandomness())
        began = time.perf_counter()
        wish = TransferWish(from_id=giver.user_id, to_id=heir.user_id)
        service.transfer(host_principal("benchmark"), wish)
        return time.perf_counter() - began, max(held)


def main() -> int:
    """Measure, and print the table as Markdown; return 0 where nobody saw anything wrong."""
    print("| store | steps | snapshots read meanwhile | wrong |\n|---|---|---|---|")
    wrong = 0
    for name, machine in (("memory", Sharing), ("SQLite", SharingOnSqlite)):
        tally = measure(machine, STEPS)
        wrong += len(tally.faults)
        faults = "; ".join(tally.faults) or "0"
        print(f"| {name} | {tally.steps:,} | {tally.snapshots:,} | {faults} |", flush=True)
    seconds, longest = transfer(IMAGES)
    print(
        f"\nA transfer of {IMAGES:,} images takes {seconds:.1f} s,"
        f" and holds the writer {longest * 1000:.0f} ms at most."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
