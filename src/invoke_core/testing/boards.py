"""What every store of boards does."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.boards import (
    Board,
    BoardOrder,
    BoardPosition,
    BoardQuery,
    BoardSummary,
    Permission,
    Visibility,
)
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import Image, ImageCategory, ImagePlace
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import INTERNAL
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_grant,
    a_principal,
    a_user,
    an_administrator,
    an_image,
)

UNKNOWN = BoardId("none")
SECOND = timedelta(seconds=1)


def _boards(page: Page[BoardSummary]) -> list[Board]:
    return [summary.board for summary in page.items]


class BoardRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_board_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(
                work,
                name="中" * 300,
                description="d" * 10_000,
                visibility=Visibility.PUBLIC,
                archived=True,
                cover_image_name=ImageName("cover.png"),
                updated_at=NOON + SECOND,
            )

        with database.reading() as work:
            assert work.boards.get(board.board_id) == board

    def test_an_unknown_board_is_not_found(self, database: Database) -> None:
        with database.reading() as work, pytest.raises(NotFound):
            work.boards.get(UNKNOWN)

    def test_an_id_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            with pytest.raises(Conflict):
                a_board(work, board_id=board.board_id)

    def test_a_board_needs_an_owner(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound) as caught:
            a_board(work, owner_id=UserId("nobody"))

        assert caught.value.id == "nobody"

    def test_a_board_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            board, heir = a_board(work), a_user(work)
            changed = attrs.evolve(
                board, name="New", owner_id=heir.user_id, visibility=Visibility.SHARED
            )
            work.boards.put(changed)

        with database.reading() as work:
            assert work.boards.get(board.board_id) == changed

    def test_an_unknown_board_cannot_be_replaced(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            with pytest.raises(NotFound):
                work.boards.put(attrs.evolve(board, board_id=UNKNOWN))

    def test_a_board_cannot_be_given_to_an_unknown_owner(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            with pytest.raises(NotFound):
                work.boards.put(attrs.evolve(board, owner_id=UserId("nobody")))

    def test_a_removed_board_is_gone_with_its_grants(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            a_grant(work, board)
            work.boards.remove(board.board_id)

            with pytest.raises(NotFound):
                work.boards.get(board.board_id)
            assert list(work.boards.grants(board.board_id)) == []

    def test_an_unknown_board_cannot_be_removed(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.boards.remove(UNKNOWN)

    def test_a_board_with_images_cannot_be_removed(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            an_image(work, board=board)
            with pytest.raises(Conflict):
                work.boards.remove(board.board_id)

    def test_grants_come_ordered_by_user(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            a_grant(work, a_board(work))
            second = a_grant(work, board, a_user(work, user_id="b"), Permission.ADMIN)
            first = a_grant(work, board, a_user(work, user_id="a"), Permission.WRITE)

        with database.reading() as work:
            assert list(work.boards.grants(board.board_id)) == [first, second]

    def test_known_boards_come_once_in_the_order_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            first, second = a_board(work), a_board(work)
            asked = [second.board_id, UNKNOWN, first.board_id, second.board_id]

            assert list(work.boards.find_many(asked)) == [second, first]
            assert list(work.boards.find_many([])) == []

    def test_grants_of_many_boards_come_by_board_then_user(self, database: Database) -> None:
        with database.writing() as work:
            b, a = a_board(work, board_id="b"), a_board(work, board_id="a")
            second, first = a_user(work, user_id="z"), a_user(work, user_id="y")
            a_grant(work, a_board(work), first)
            expected = [a_grant(work, a, second), a_grant(work, b, first), a_grant(work, b, second)]

            found = work.boards.grants_on([b.board_id, UNKNOWN, a.board_id])

            assert list(found) == expected
            assert list(work.boards.grants_on([])) == []

    def test_an_unknown_board_has_no_grants(self, database: Database) -> None:
        with database.reading() as work:
            assert list(work.boards.grants(UNKNOWN)) == []

    def test_grants_of_an_account_come_ordered_by_board(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_grant(work, a_board(work))
            second = a_grant(work, a_board(work, board_id="b"), user, Permission.ADMIN)
            first = a_grant(work, a_board(work, board_id="a"), user)

            assert list(work.boards.grants_of(user.user_id)) == [first, second]
            assert list(work.boards.grants_of(UserId("nobody"))) == []

    def test_a_grant_takes_the_place_of_the_one_before(self, database: Database) -> None:
        with database.writing() as work:
            board, user = a_board(work), a_user(work)
            a_grant(work, board, user)
            grant = a_grant(work, board, user, Permission.ADMIN, created_at=NOON + SECOND)

            assert list(work.boards.grants(board.board_id)) == [grant]

    def test_a_grant_needs_its_board(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            with pytest.raises(NotFound) as caught:
                a_grant(work, board, board_id=UNKNOWN)

        assert caught.value.kind == "board"

    def test_a_grant_needs_its_user(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            with pytest.raises(NotFound) as caught:
                a_grant(work, board, user_id=UserId("nobody"))

        assert caught.value.kind == "user"

    def test_a_removed_grant_is_gone(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            grant, kept = a_grant(work, board), a_grant(work, board)
            work.boards.remove_grant(board.board_id, grant.user_id)

            assert list(work.boards.grants(board.board_id)) == [kept]

    def test_a_missing_grant_cannot_be_removed(self, database: Database) -> None:
        with database.writing() as work:
            board, user = a_board(work), a_user(work)
            with pytest.raises(NotFound):
                work.boards.remove_grant(board.board_id, user.user_id)

    def test_a_person_sees_own_granted_and_open_boards_with_the_permission_on_each(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_board(work)
            own = a_board(work, user)
            granted = a_board(work, visibility=Visibility.SHARED)
            a_grant(work, granted, user, Permission.ADMIN)
            shared = a_board(work, visibility=Visibility.SHARED)
            public = a_board(work, visibility=Visibility.PUBLIC)
            a_grant(work, public, user, Permission.READ)

            page = work.boards.list_visible(a_principal(user), BoardQuery())

            assert {s.board.board_id: s.permission for s in page.items} == {
                own.board_id: Permission.OWNER,
                granted.board_id: Permission.ADMIN,
                shared.board_id: Permission.READ,
                public.board_id: Permission.WRITE,
            }
            assert page.total == 4

    def test_an_administrator_sees_every_board_as_an_owner(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            administrator = a_principal(an_administrator(work))

            page = work.boards.list_visible(administrator, BoardQuery())

            assert [(s.board, s.permission) for s in page.items] == [(board, Permission.OWNER)]

    def test_archived_boards_are_listed_on_demand_only(self, database: Database) -> None:
        with database.writing() as work:
            board, archived = a_board(work), a_board(work, archived=True)

            some = work.boards.list_visible(INTERNAL, BoardQuery())
            every = work.boards.list_visible(INTERNAL, BoardQuery(include_archived=True))

            assert _boards(some) == [board]
            assert _boards(every) == [archived, board]

    def test_boards_come_by_time_then_id_newest_first(self, database: Database) -> None:
        with database.writing() as work:
            old = a_board(work, board_id="c", created_at=NOON - SECOND)
            b, a = a_board(work, board_id="b"), a_board(work, board_id="a")

            newest_first = work.boards.list_visible(INTERNAL, BoardQuery())
            oldest_first = work.boards.list_visible(INTERNAL, BoardQuery(descending=False))

            assert _boards(newest_first) == [b, a, old]
            assert _boards(oldest_first) == [old, a, b]

    def test_boards_come_by_name_without_regard_to_ascii_case(self, database: Database) -> None:
        with database.writing() as work:
            names = ["B", "a", "b-c", "C", "Z", "c", "É", "é"]
            made = [
                a_board(work, name=name, board_id=f"id-{place}") for place, name in enumerate(names)
            ]

            query = BoardQuery(order_by=BoardOrder.NAME, descending=False)
            ascending = work.boards.list_visible(INTERNAL, query)
            descending = work.boards.list_visible(INTERNAL, attrs.evolve(query, descending=True))

            by_name = {board.board_id: board.name for board in made}
            expected = ["a", "B", "b-c", "C", "c", "Z", "É", "é"]
            assert [by_name[board.board_id] for board in _boards(ascending)] == expected
            assert [by_name[board.board_id] for board in _boards(descending)] == expected[::-1]

    def test_a_page_of_boards_knows_their_total(self, database: Database) -> None:
        with database.writing() as work:
            boards = [a_board(work) for _ in range(4)]

            query = BoardQuery(descending=False, offset=1, limit=2)
            page = work.boards.list_visible(INTERNAL, query)
            past_the_end = work.boards.list_visible(INTERNAL, attrs.evolve(query, offset=9))

            assert _boards(page) == boards[1:3]
            assert (page.offset, page.limit, page.total) == (1, 2, 4)
            assert (list(past_the_end.items), past_the_end.total) == ([], 4)

    @pytest.mark.parametrize("order_by", BoardOrder)
    @pytest.mark.parametrize("descending", [False, True])
    def test_a_cursor_goes_on_where_a_page_of_boards_ended(
        self, database: Database, descending: bool, order_by: BoardOrder
    ) -> None:
        with database.writing() as work:
            for name, age in (("b", 0), ("A", 1), ("a", 1), ("é", 2), ("B\n", 2)):
                a_board(work, name=name, created_at=NOON - age * SECOND)
            query = BoardQuery(descending=descending, order_by=order_by)
            every = _boards(work.boards.list_visible(INTERNAL, query))

            for limit in (1, 2, 5):
                stretch, found = attrs.evolve(query, limit=limit), []
                for _ in range(20):
                    page = work.boards.list_visible(INTERNAL, stretch)
                    found += _boards(page)
                    assert page.total == 5
                    if page.next_cursor is None:
                        break
                    stretch = attrs.evolve(stretch, after=BoardPosition.of_cursor(page.next_cursor))
                assert found == every

    def test_counts_and_cover_follow_every_change(self, database: Database) -> None:
        with database.writing() as work:
            board, other = a_board(work), a_board(work)

            def shown() -> tuple[int, int, ImageName | None]:
                summary = work.boards.summary(INTERNAL, board.board_id)
                return summary.image_count, summary.asset_count, summary.cover_image_name

            image = an_image(work, board=board, starred=True)
            name = image.image_name
            assert shown() == (1, 0, name)
            for changes, expected in (
                ({"category": ImageCategory.MASK}, (0, 1, name)),
                ({"starred": False}, (0, 1, name)),
                ({"is_intermediate": True}, (0, 0, None)),
                ({"is_intermediate": False}, (0, 1, name)),
                ({"board_id": other.board_id}, (0, 0, None)),
                ({"board_id": board.board_id, "category": ImageCategory.GENERAL}, (1, 0, name)),
            ):
                image = attrs.evolve(image, **changes)
                work.images.put(image)
                assert shown() == expected
            work.images.remove([name])
            assert shown() == (0, 0, None)

    def test_all_boards_come_without_a_limit(self, database: Database) -> None:
        with database.writing() as work:
            boards = [a_board(work) for _ in range(51)]

            query = BoardQuery(descending=False, limit=None)
            assert _boards(work.boards.list_visible(INTERNAL, query)) == boards

    def test_a_summary_counts_images_and_assets_but_nothing_intermediate(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            board = a_board(work)
            an_image(work)
            an_image(work, board=a_board(work))
            an_image(work, board=board)
            an_image(work, board=board)
            an_image(work, board=board, category=ImageCategory.USER)
            an_image(work, board=board, is_intermediate=True)

            summary = work.boards.summary(INTERNAL, board.board_id)

            assert (summary.image_count, summary.asset_count) == (2, 1)

    def test_the_cover_is_the_newest_image_that_is_not_intermediate(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            board = a_board(work)
            an_image(work, board=board, image_name="b.png", created_at=NOON - SECOND)
            an_image(work, board=board, image_name="a.png")
            newest = an_image(work, board=board, image_name="aa.png")
            an_image(work, board=board, image_name="z.png", is_intermediate=True)

            summary = work.boards.summary(INTERNAL, board.board_id)

            assert summary.cover_image_name == newest.image_name

    def test_the_cover_is_the_chosen_one_while_it_lies_on_the_board(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            board = a_board(work)
            chosen, newest = an_image(work, board=board), an_image(work, board=board)
            work.boards.put(attrs.evolve(board, cover_image_name=chosen.image_name))
            before = work.boards.summary(INTERNAL, board.board_id)
            work.images.put(attrs.evolve(chosen, board_id=None))
            after = work.boards.summary(INTERNAL, board.board_id)

            assert before.cover_image_name == chosen.image_name
            assert after.cover_image_name == newest.image_name

    def test_an_empty_board_has_no_cover(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)

            summary = work.boards.summary(INTERNAL, board.board_id)

            assert (summary.image_count, summary.asset_count) == (0, 0)
            assert summary.cover_image_name is None

    def test_a_summary_is_what_the_list_shows(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work, display_name="Ada")
            board = a_board(work, owner, archived=True)
            an_image(work, board=board)
            principal = a_principal(owner)

            summary = work.boards.summary(principal, board.board_id)
            page = work.boards.list_visible(principal, BoardQuery(include_archived=True))

            assert list(page.items) == [summary]
            assert (summary.board, summary.owner_name) == (board, "Ada")

    def test_a_hidden_board_has_no_summary(self, database: Database) -> None:
        with database.writing() as work:
            board, stranger = a_board(work), a_principal(a_user(work))

            with pytest.raises(NotFound):
                work.boards.summary(stranger, board.board_id)
            with pytest.raises(NotFound):
                work.boards.summary(INTERNAL, UNKNOWN)

    def test_shown_images_come_newest_first_without_intermediate_ones(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            board = a_board(work)
            an_image(work)
            an_image(work, board=a_board(work))
            an_image(work, board=board, is_intermediate=True)
            old = an_image(work, board=board, image_name="c.png", created_at=NOON - SECOND)
            b = an_image(work, board=board, image_name="b.png")
            a = an_image(work, board=board, image_name="a.png")

            assert list(work.boards.shown_images(board.board_id)) == [b, a, old]
            assert list(work.boards.shown_images(UNKNOWN)) == []

    def test_shown_images_go_on_after_a_place(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            made = [an_image(work, board=board, image_name=f"{n}.png") for n in "abc"]
            made.append(an_image(work, board=board, created_at=NOON + SECOND))

            walked: list[Image] = []
            while stretch := work.boards.shown_images(
                board.board_id, after=ImagePlace.of(walked[-1]) if walked else None, limit=1
            ):
                walked += stretch

            assert walked == made[::-1]

    def test_boards_of_an_owner_come_ordered_by_id(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            a_board(work)
            second = a_board(work, owner, board_id="b", archived=True)
            first = a_board(work, owner, board_id="a")

            assert list(work.boards.owned_by(owner.user_id)) == [first, second]

    def test_boards_of_an_owner_are_counted(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            a_board(work)
            a_board(work, owner, archived=True)
            a_board(work, owner)

            assert work.boards.count_owned(owner.user_id) == 2
            assert work.boards.count_owned(a_user(work).user_id) == 0
