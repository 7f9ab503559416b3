"""What every store of links to boards does."""

from datetime import timedelta

import pytest

from invoke_core.domain.identifiers import BoardId, BoardLinkId, UserId
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_board, a_board_link, a_user

SECOND = timedelta(seconds=1)


class BoardLinkRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_link_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            link = a_board_link(
                work,
                creator=a_user(work),
                password_hash="hash",  # noqa: S106
                metadata=True,
                expires_at=NOON,
            )

        with database.reading() as work:
            assert work.board_links.find(link.digest) == link

    def test_an_unknown_digest_finds_nothing(self, database: Database) -> None:
        with database.writing() as work:
            a_board_link(work)

            assert work.board_links.find("digest") is None

    def test_an_id_and_a_digest_are_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            link = a_board_link(work)
            with pytest.raises(Conflict):
                a_board_link(work, link_id=link.link_id)
            with pytest.raises(Conflict):
                a_board_link(work, digest=link.digest)

    def test_a_link_needs_its_board_and_its_maker(self, database: Database) -> None:
        with database.writing() as work:
            with pytest.raises(NotFound) as board:
                a_board_link(work, board_id=BoardId("none"))
            with pytest.raises(NotFound) as maker:
                a_board_link(work, created_by=UserId("nobody"))

        assert (board.value.kind, maker.value.kind) == ("board", "user")

    def test_links_of_a_board_come_newest_first_then_by_id(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            a_board_link(work)
            a = a_board_link(work, board, link_id="a")
            b = a_board_link(work, board, link_id="b")
            new = a_board_link(work, board, link_id="0", created_at=NOON + SECOND)

            assert list(work.board_links.of_board(board.board_id)) == [new, b, a]
            assert list(work.board_links.of_board(BoardId("none"))) == []

    def test_a_removed_link_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            link, kept = a_board_link(work, board), a_board_link(work, board)

            work.board_links.remove(link.link_id)

            assert list(work.board_links.of_board(board.board_id)) == [kept]

    def test_an_unknown_link_cannot_be_removed(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.board_links.remove(BoardLinkId("none"))

    def test_links_that_expired_before_go(self, database: Database) -> None:
        with database.writing() as work:
            old = a_board_link(work, expires_at=NOON)
            new = a_board_link(work, expires_at=NOON + SECOND)

            assert work.board_links.remove_expired(NOON + SECOND) == 1
            assert work.board_links.find(old.digest) is None
            assert work.board_links.find(new.digest) == new

    def test_a_link_goes_with_its_board(self, database: Database) -> None:
        with database.writing() as work:
            link = a_board_link(work)

            work.boards.remove(link.board_id)

            assert work.board_links.find(link.digest) is None

    def test_a_link_goes_with_who_made_it(self, database: Database) -> None:
        with database.writing() as work:
            link = a_board_link(work, creator=a_user(work))

            work.users.remove(link.created_by)

            assert work.board_links.find(link.digest) is None
