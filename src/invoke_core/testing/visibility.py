"""That every store lists exactly what the rules of the domain let a principal see."""

from contextlib import suppress

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoke_core.domain.boards import (
    GRANTABLE,
    Board,
    BoardQuery,
    Grant,
    Permission,
    Visibility,
    permission_on,
)
from invoke_core.domain.identifiers import BoardId
from invoke_core.domain.images import Image, ImageQuery, ImageScope, permission_on_image
from invoke_core.domain.principals import Principal, link_holder
from invoke_core.domain.users import User
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.testing.builders import a_board, a_grant, a_principal, a_user, an_image

_PEOPLE = 3  # the last one is an administrator
_person = st.integers(0, _PEOPLE - 1)
_HOLDER = _PEOPLE  # of a link to the first board, or to one that is gone


@attrs.frozen(kw_only=True)
class _PlannedBoard:
    owner: int
    visibility: Visibility
    archived: bool
    grants: dict[int, Permission]


@attrs.frozen(kw_only=True)
class _PlannedImage:
    owner: int
    board: int | None  # counted round where there are fewer boards
    is_intermediate: bool
    starred: bool


_planned_boards = st.builds(
    _PlannedBoard,
    owner=_person,
    visibility=st.sampled_from(Visibility),
    archived=st.booleans(),
    grants=st.dictionaries(_person, st.sampled_from(GRANTABLE)),
)
_planned_images = st.builds(
    _PlannedImage,
    owner=_person,
    board=st.none() | st.integers(0, 3),
    is_intermediate=st.booleans(),
    starred=st.booleans(),
)


@attrs.frozen
class _World:
    """Everything that one example keeps."""

    users: list[User]
    boards: list[Board]
    grants: list[Grant]
    images: list[Image]

    @classmethod
    def made(cls, work: Work, boards: list[_PlannedBoard], images: list[_PlannedImage]) -> "_World":
        users = [a_user(work, is_admin=number == _PEOPLE - 1) for number in range(_PEOPLE)]
        world = cls(users, [], [], [])
        for plan in boards:
            board = a_board(
                work, users[plan.owner], visibility=plan.visibility, archived=plan.archived
            )
            world.boards.append(board)
            world.grants.extend(
                a_grant(work, board, users[holder], level) for holder, level in plan.grants.items()
            )
        for planned in images:
            has_board = planned.board is not None and world.boards
            world.images.append(
                an_image(
                    work,
                    users[planned.owner],
                    world.boards[(planned.board or 0) % len(world.boards)] if has_board else None,
                    is_intermediate=planned.is_intermediate,
                    starred=planned.starred,
                )
            )
        return world

    def principal(self, who: int) -> Principal:
        """Return who asks."""
        if who == _HOLDER:
            return link_holder(self.boards[0].board_id if self.boards else BoardId("gone"))
        return a_principal(self.users[who])

    def permission(self, board: Board, principal: Principal) -> Permission | None:
        """Return what the rule gives the principal on a board."""
        return permission_on(
            board, principal, [g for g in self.grants if g.board_id == board.board_id]
        )

    def sees(self, image: Image, principal: Principal) -> bool:
        """Return whether the rule lets the principal see an image."""
        board = next((b for b in self.boards if b.board_id == image.board_id), None)
        grants = [g for g in self.grants if g.board_id == image.board_id]
        return permission_on_image(image, principal, board, grants) is not None


class TakenBack(Exception):
    """Ends an example without keeping anything, so that the next one begins empty."""


quietly = settings(  # of every suite whose examples end with `TakenBack`
    max_examples=40,
    deadline=None,
    # Each adapter's class runs the same examples, and each example empties the database itself.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
_worlds = {
    "boards": st.lists(_planned_boards, max_size=4),
    "images": st.lists(_planned_images, max_size=6),
    "who": st.integers(0, _HOLDER),
}


class VisibilityContract:
    """A subclass provides the fixture `database`, empty."""

    @quietly
    @given(**_worlds, include_archived=st.booleans())
    def test_boards_are_listed_as_the_rule_says(
        self,
        database: Database,
        boards: list[_PlannedBoard],
        images: list[_PlannedImage],
        who: int,
        include_archived: bool,
    ) -> None:
        with suppress(TakenBack), database.writing() as work:
            world = _World.made(work, boards, images)
            principal = world.principal(who)

            query = BoardQuery(include_archived=include_archived, limit=None)
            page = work.boards.list_visible(principal, query)

            assert {summary.board: summary.permission for summary in page.items} == {
                board: held
                for board in world.boards
                if include_archived or not board.archived
                if (held := world.permission(board, principal)) is not None
            }
            assert page.total == len(page.items)
            raise TakenBack

    @quietly
    @given(**_worlds, of_board=st.none() | st.integers(0, 3), scope=st.sampled_from(ImageScope))
    def test_images_are_listed_as_the_rule_says(
        self,
        database: Database,
        boards: list[_PlannedBoard],
        images: list[_PlannedImage],
        who: int,
        of_board: int | None,
        scope: ImageScope,
    ) -> None:
        with suppress(TakenBack), database.writing() as work:
            world = _World.made(work, boards, images)
            principal = world.principal(who)
            board = (
                world.boards[of_board % len(boards)] if boards and of_board is not None else None
            )
            board_id = board.board_id if board else None

            query = ImageQuery(board_id=board_id, scope=scope, limit=1000)
            page = work.images.list_visible(principal, query)
            names = work.images.names_visible(principal, query)

            expected = {
                image
                for image in world.images
                if world.sees(image, principal)
                if (
                    scope is ImageScope.VISIBLE or image.owner_id == principal.user_id
                    if board_id is None
                    else image.board_id == board_id
                )
            }
            assert set(page.items) == expected
            assert page.total == len(page.items) == len(expected)
            assert list(names.image_names) == [image.image_name for image in page.items]
            assert names.starred_count == sum(image.starred for image in expected)
            raise TakenBack
