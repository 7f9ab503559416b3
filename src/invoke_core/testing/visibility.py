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
from invoke_core.domain.identifiers import BoardId, ImageName
from invoke_core.domain.image_lists import Position
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
    is_red: bool


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
    is_red=st.booleans(),
)


@attrs.frozen
class _World:
    """Everything that one example keeps."""

    users: list[User]
    boards: list[Board]
    grants: list[Grant]
    images: list[Image]
    red: set[ImageName]

    @classmethod
    def made(cls, work: Work, boards: list[_PlannedBoard], images: list[_PlannedImage]) -> "_World":
        users = [a_user(work, is_admin=number == _PEOPLE - 1) for number in range(_PEOPLE)]
        world = cls(users, [], [], [], set())
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
                    metadata={"positive_prompt": "red" if planned.is_red else "blue"},
                )
            )
            if planned.is_red:
                world.red.add(world.images[-1].image_name)
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

    def is_of(self, image: Image, principal: Principal, query: ImageQuery) -> bool:
        """Return whether the image belongs in the list, by the rule and by what is asked for."""
        if query.board_id is not None:
            is_asked = image.board_id == query.board_id
        else:
            is_own = image.owner_id == principal.user_id
            is_asked = is_own or query.scope is ImageScope.VISIBLE
            is_asked = is_asked and (image.board_id is None or not query.uncategorised)
        return (
            self.sees(image, principal)
            and is_asked
            and query.owner_id in {None, image.owner_id}
            and (query.search is None or image.image_name in self.red)
        )


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
    @given(
        **_worlds,
        of_board=st.none() | st.integers(0, 3),
        scope=st.sampled_from(ImageScope),
        of_person=st.none() | _person,
        search=st.sampled_from([None, "red"]),
        uncategorised=st.booleans(),
        starred_first=st.booleans(),
    )
    def test_images_are_listed_as_the_rule_says(
        self,
        database: Database,
        boards: list[_PlannedBoard],
        images: list[_PlannedImage],
        who: int,
        of_board: int | None,
        scope: ImageScope,
        of_person: int | None,
        search: str | None,
        uncategorised: bool,
        starred_first: bool,
    ) -> None:
        with suppress(TakenBack), database.writing() as work:
            world = _World.made(work, boards, images)
            principal = world.principal(who)
            board = (
                world.boards[of_board % len(boards)] if boards and of_board is not None else None
            )
            query = ImageQuery(
                board_id=board.board_id if board else None,
                uncategorised=uncategorised and board is None,
                scope=scope,
                owner_id=None if of_person is None else world.users[of_person].user_id,
                search=search,
                starred_first=starred_first,
                limit=1000,
            )
            page = work.images.list_visible(principal, query)
            names = work.images.names_visible(principal, query)

            expected = {image for image in world.images if world.is_of(image, principal, query)}
            assert set(page.items) == expected
            assert page.total == len(page.items) == len(expected)
            assert list(names.image_names) == [image.image_name for image in page.items]
            assert names.starred_count == sum(image.starred for image in expected)
            assert _paged(work, principal, query) == list(page.items)
            assert work.images.recount() == 0
            raise TakenBack


def _paged(work: Work, principal: Principal, query: ImageQuery) -> list[Image]:
    """Return the images of a query, fetched two at a time."""
    found: list[Image] = []
    query = attrs.evolve(query, limit=2)
    for _ in range(20):
        page = work.images.list_visible(principal, query)
        found += page.items
        if page.next_cursor is None:
            break
        query = attrs.evolve(query, after=Position.of_cursor(page.next_cursor))
    return found
