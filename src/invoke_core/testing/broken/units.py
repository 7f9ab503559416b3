"""Ways to run units of work wrongly."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import attrs

from invoke_core.testing.broken.faults import Fault


class _TakenBack(Exception):
    """Ends a unit of work without keeping anything."""


@contextmanager
def _keeps_nothing(database: Any, real: Any) -> Iterator[Any]:
    with suppress(_TakenBack), real() as work:
        yield work
        raise _TakenBack


@contextmanager
def _keeps_what_failed(database: Any, real: Any) -> Iterator[Any]:
    failed: BaseException | None = None
    with real() as work:
        try:
            yield work
        except Exception as error:  # noqa: BLE001 - it is raised again below
            failed = error
    if failed is not None:
        raise failed


@contextmanager
def _swallows_errors(database: Any, real: Any) -> Iterator[Any]:
    with suppress(Exception), real() as work:
        yield work


@attrs.frozen
class _Split:
    """A unit that writes one thing and reads another."""

    writer: Any
    reader: Any

    @property
    def boards(self) -> Any:
        return _SplitBoards(self.writer.boards, self.reader.boards)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.writer, name)


@attrs.frozen
class _SplitBoards:
    writer: Any
    reader: Any

    def get(self, board_id: Any) -> Any:
        return self.reader.get(board_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.writer, name)


@contextmanager
def _does_not_see_itself(database: Any, real: Any) -> Iterator[Any]:
    with real() as work, database.reading() as before:
        yield _Split(work, before)


@attrs.frozen
class _Hasty:
    """A writing unit that keeps every change of an account at once."""

    database: Any

    def __getattr__(self, name: str) -> Any:
        return _HastyRepository(self.database, name)


@attrs.frozen
class _HastyRepository:
    database: Any
    port: str

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with self.database.writing() as work:
                return getattr(getattr(work, self.port), name)(*args, **kwargs)

        return call


@contextmanager
def _keeps_at_once(database: Any, real: Any) -> Iterator[Any]:
    yield _Hasty(database)


@attrs.frozen
class _Fresh:
    """A reading unit that sees a new state at every question."""

    database: Any

    def __getattr__(self, name: str) -> Any:
        with self.database.reading() as work:
            return getattr(work, name)


@contextmanager
def _no_snapshot(database: Any, real: Any) -> Iterator[Any]:
    yield _Fresh(database)


@contextmanager
def _reading_writes(database: Any, real: Any) -> Iterator[Any]:
    with database.writing() as work:
        yield work


@attrs.frozen
class _Late:
    """A writing unit whose reads were made before it had its turn."""

    work: Any
    before: Any

    @property
    def queue(self) -> Any:
        return _LateQueue(self.work.queue, self.before.queue)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.work, name)


@attrs.frozen
class _LateQueue:
    now: Any
    before: Any

    def run_seconds(self) -> Any:
        return self.before.run_seconds()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.now, name)


class _LosesUpdates:
    """Reads first, and takes its turn to write afterwards."""

    def __init__(self) -> None:
        self._together = threading.Barrier(4)

    @contextmanager
    def __call__(self, database: Any, real: Any) -> Iterator[Any]:
        with database.reading() as before:
            with suppress(threading.BrokenBarrierError):
                self._together.wait(0.2)
            with real() as work:
                yield _Late(work, before)


class _TwoWriters:
    """Lets a second writer write what the first then overwrites, without a word."""

    def __init__(self) -> None:
        self._busy: set[int] = set()

    @contextmanager
    def __call__(self, database: Any, real: Any) -> Iterator[Any]:
        if id(database) in self._busy:
            with suppress(Exception), database.reading() as work:
                yield _Deaf(work)
            return
        self._busy.add(id(database))
        try:
            with real() as work:
                yield work
        finally:
            self._busy.discard(id(database))


class _Deaf:
    """A unit that takes everything and keeps nothing."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def __getattr__(self, name: str) -> Any:
        return _DeafRepository()


class _DeafRepository:
    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


class _HoldsOn:
    """Never gives the writer's turn back after a failure."""

    def __init__(self) -> None:
        self._units: list[Any] = []

    @contextmanager
    def __call__(self, database: Any, real: Any) -> Iterator[Any]:
        unit = real()
        work = unit.__enter__()
        try:
            yield work
        except BaseException:
            self._units.append(unit)  # stays open
            raise
        unit.__exit__(None, None, None)


UNITS: Mapping[str, Fault] = {
    "test_what_ends_well_is_kept": Fault("writing", _keeps_nothing),
    "test_what_raises_leaves_no_trace": Fault("writing", _keeps_what_failed),
    "test_its_size_is_a_number_of_bytes": Fault("size_bytes", lambda database, real: -real() - 1),
    "test_an_error_passes_through": Fault("writing", _swallows_errors),
    "test_a_unit_sees_its_own_changes": Fault("writing", _does_not_see_itself),
    "test_others_do_not_see_what_is_not_kept_yet": Fault("writing", _keeps_at_once),
    "test_a_reading_unit_sees_one_snapshot": Fault("reading", _no_snapshot),
    "test_a_reading_unit_cannot_write": Fault("reading", _reading_writes),
    "test_writing_units_never_lose_an_update": Fault("writing", _LosesUpdates()),
    "test_a_writer_that_waits_too_long_is_told_so": Fault("writing", _TwoWriters()),
    "test_the_next_writer_goes_on_after_one_that_failed": Fault("writing", _HoldsOn()),
}
