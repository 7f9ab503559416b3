"""What every database does around its repositories."""

import threading
from contextlib import suppress

import attrs
import pytest

from invoke_core.domain.estimates import RunTime
from invoke_core.errors import NotFound, Unavailable
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import a_board, a_user, an_image


class UnitOfWorkContract:
    """A subclass provides the fixtures `database` and `impatient`, both empty.

    `impatient` is a database whose writers wait at most a fraction of a second.
    """

    def test_what_ends_well_is_kept(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)

        with database.reading() as work:
            assert work.boards.get(board.board_id) == board

    def test_what_raises_leaves_no_trace(self, database: Database) -> None:
        with suppress(RuntimeError), database.writing() as work:
            board = a_board(work)
            image = an_image(work, board=board)
            raise RuntimeError

        with database.reading() as work:
            assert list(work.images.find_many([image.image_name])) == []
            with pytest.raises(NotFound):
                work.boards.get(board.board_id)
            assert work.users.list().total == 0

    def test_its_size_is_a_number_of_bytes(self, database: Database) -> None:
        with database.writing() as work:
            a_board(work)

        assert database.size_bytes() >= 0

    def test_an_error_passes_through(self, database: Database) -> None:
        with pytest.raises(ZeroDivisionError), database.writing():
            raise ZeroDivisionError

    def test_a_unit_sees_its_own_changes(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            work.boards.put(attrs.evolve(board, name="New"))

            assert work.boards.get(board.board_id).name == "New"

    def test_others_do_not_see_what_is_not_kept_yet(self, database: Database) -> None:
        with database.writing() as work:
            a_user(work)
            with database.reading() as other:
                assert other.users.list().total == 0

    def test_a_reading_unit_sees_one_snapshot(self, database: Database) -> None:
        with database.reading() as reading:
            before = reading.users.list().total
            with database.writing() as work:
                user = a_user(work)

            assert reading.users.list().total == before
            assert reading.users.find_by_email(user.email) is None
        with database.reading() as reading:
            assert reading.users.list().total == before + 1

    def test_a_reading_unit_cannot_write(self, database: Database) -> None:
        with pytest.raises(Exception) as caught, database.reading() as work:  # noqa: PT011
            a_user(work)
        assert not isinstance(caught.value, AssertionError)

        with database.reading() as work:
            assert work.users.list().total == 0

    def test_writing_units_never_lose_an_update(self, database: Database) -> None:
        start = threading.Barrier(4)

        def count() -> None:
            start.wait()
            for _ in range(10):
                with database.writing() as work:
                    known = work.queue.run_seconds().get("kind", RunTime(0.0, 0))
                    work.queue.put_run_seconds("kind", RunTime(0.0, known.measured + 1))

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with database.reading() as work:
            assert work.queue.run_seconds() == {"kind": RunTime(0.0, 40)}

    def test_a_writer_that_waits_too_long_is_told_so(self, impatient: Database) -> None:
        refused: list[Unavailable] = []

        def write() -> None:
            try:
                with impatient.writing() as work:
                    a_user(work)
            except Unavailable as error:
                refused.append(error)

        with impatient.writing() as work:
            a_board(work)
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()

        assert len(refused) == 1
        assert refused[0].retry_after is not None
        with impatient.reading() as work:
            assert work.users.list().total == 1

    def test_the_next_writer_goes_on_after_one_that_failed(self, impatient: Database) -> None:
        with suppress(RuntimeError), impatient.writing():
            raise RuntimeError

        with impatient.writing() as work:
            a_user(work)
