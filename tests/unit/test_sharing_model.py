"""People grant, revoke, move, transfer, delete at random, against an oracle that knows the rules by heart."""

from collections.abc import Callable
from contextlib import ExitStack
from tempfile import TemporaryDirectory

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from invoke_adapters.memory import MemoryDatabase
from invoke_adapters.sql import open_database
from invoke_core.domain.boards import BoardChanges, BoardQuery, Permission, Visibility
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import ImageChanges, ImageQuery, ImageScope
from invoke_core.domain.principals import Principal
from invoke_core.domain.transfers import TransferWish
from invoke_core.errors import Forbidden, NotFound, RuleViolation
from invoke_core.ports.unit_of_work import Database
from invoke_core.services.board_links import LinkedBoard, NewBoardLink
from tests.unit.picture_world import PNG, World

READ, WRITE, ADMIN, OWNER = 1, 2, 3, 4


@attrs.define
class Oracle:
    """Who may do what, in as few words as it takes."""

    administrators: set[UserId] = attrs.field(factory=set)
    board_owner: dict[BoardId, UserId] = attrs.field(factory=dict)
    visibility: dict[BoardId, str] = attrs.field(factory=dict)
    share: dict[tuple[BoardId, UserId], int] = attrs.field(factory=dict)
    image_owner: dict[ImageName, UserId] = attrs.field(factory=dict)
    place: dict[ImageName, BoardId | None] = attrs.field(factory=dict)
    link: dict[str, tuple[BoardId, UserId]] = attrs.field(factory=dict)

    def on_board(self, who: UserId, board: BoardId) -> int:
        if board not in self.board_owner:
            return 0
        if who in self.administrators or self.board_owner[board] == who:
            return OWNER
        open_to_all = {"private": 0, "shared": READ, "public": WRITE}[self.visibility[board]]
        return max(open_to_all, self.share.get((board, who), 0))

    def on_image(self, who: UserId, image: ImageName) -> int:
        if image not in self.image_owner:
            return 0
        if who in self.administrators:
            return OWNER
        own, place = self.image_owner[image] == who, self.place[image]
        if place is None:
            return OWNER if own else 0
        return max(READ if own else 0, self.on_board(who, place))

    def takes(self, who: UserId, image: ImageName) -> bool:
        return self.image_owner.get(image) == who or self.on_image(who, image) >= WRITE

    def opens(self, link: str) -> bool:
        board, maker = self.link.get(link, (None, None))
        return board is not None and maker is not None and self.on_board(maker, board) >= ADMIN

    def give(self, board: BoardId, heir: UserId) -> None:
        self.board_owner[board] = heir
        self.share.pop((board, heir), None)

    def drop(self, image: ImageName) -> None:
        del self.image_owner[image], self.place[image]


def outcome(call: Callable[[], object]) -> str:
    try:
        call()
    except NotFound:
        return "unknown"
    except Forbidden:
        return "forbidden"
    except RuleViolation:
        return "refused"
    return "done"


def expected(held: int, needed: int) -> str:
    return "done" if held >= needed else "forbidden" if held else "unknown"


class Sharing(RuleBasedStateMachine):
    """Four people and an administrator, their boards and images."""

    boards: Bundle[BoardId] = Bundle("boards")
    images: Bundle[ImageName] = Bundle("images")
    links: Bundle[str] = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.world, self.oracle = World(database=self.database()), Oracle()
        self.people: list[Principal] = []

    def database(self) -> Database:
        return MemoryDatabase()

    def teardown(self) -> None:
        self.opened.close()

    @initialize()
    def people_come(self) -> None:
        self.people = [self.world.person() for _ in range(4)]
        self.people.append(self.world.administrator())
        self.oracle.administrators = {self.people[-1].user_id}

    who = st.integers(0, 4)

    @rule(target=boards, who=who)
    def make_a_board(self, who: int) -> BoardId:
        person = self.people[who]
        board_id = self.world.boards.create(person, "Board").board.board_id
        self.oracle.board_owner[board_id] = person.user_id
        self.oracle.visibility[board_id] = "private"
        return board_id

    @rule(who=who, board=boards, visibility=st.sampled_from(list(Visibility)))
    def open_or_close(self, who: int, board: BoardId, visibility: Visibility) -> None:
        person, changes = self.people[who], BoardChanges(visibility=visibility)
        held = self.oracle.on_board(person.user_id, board)

        got = outcome(lambda: self.world.boards.update(person, board, changes))

        assert got == expected(held, ADMIN)
        if got == "done":
            self.oracle.visibility[board] = visibility.value

    @rule(who=who, whom=who, board=boards, level=st.sampled_from([READ, WRITE, ADMIN]))
    def share(self, who: int, whom: int, board: BoardId, level: int) -> None:
        person, other = self.people[who], self.people[whom].user_id
        held = self.oracle.on_board(person.user_id, board)

        got = outcome(
            lambda: self.world.boards.share(
                person, board, user_ids=[other], permission=Permission(level)
            )
        )

        own = self.oracle.board_owner.get(board) == other
        assert got == ("refused" if own and held >= ADMIN else expected(held, ADMIN))
        if got == "done":
            self.oracle.share[board, other] = level

    @rule(who=who, whom=who, board=boards)
    def unshare(self, who: int, whom: int, board: BoardId) -> None:
        person, other = self.people[who], self.people[whom].user_id
        held = self.oracle.on_board(person.user_id, board)

        got = outcome(lambda: self.world.boards.unshare(person, board, other))

        wanted = expected(held, READ if who == whom else ADMIN)
        if wanted == "done" and (board, other) not in self.oracle.share:
            wanted = "unknown"
        assert got == wanted
        if got == "done":
            del self.oracle.share[board, other]

    @rule(who=who, board=boards, include=st.booleans())
    def delete_a_board(self, who: int, board: BoardId, include: bool) -> None:
        person = self.people[who]
        me, held = person.user_id, self.oracle.on_board(person.user_id, board)

        got = outcome(lambda: self.world.boards.delete(person, board, include_images=include))

        assert got == expected(held, OWNER)
        if got != "done":
            return
        for image, place in list(self.oracle.place.items()):
            if place != board:
                continue
            mine = self.oracle.image_owner[image] == me or me in self.oracle.administrators
            if include and mine:
                self.oracle.drop(image)
            else:
                self.oracle.place[image] = None
        del self.oracle.board_owner[board]
        for key in [key for key in self.oracle.share if key[0] == board]:
            del self.oracle.share[key]
        self.oracle.link = {t: to for t, to in self.oracle.link.items() if to[0] != board}

    @rule(who=who, whom=who, board=boards)
    def transfer(self, who: int, whom: int, board: BoardId) -> None:
        person, heir = self.people[who], self.people[whom].user_id
        held = self.oracle.on_board(person.user_id, board)
        owner = self.oracle.board_owner.get(board)

        got = outcome(lambda: self.world.boards.transfer(person, board, heir))

        assert got == ("refused" if owner == heir and held >= OWNER else expected(held, OWNER))
        if got == "done" and owner is not None:
            self.oracle.give(board, heir)
            self.oracle.share[board, owner] = ADMIN

    @rule(who=who, giver=who, whom=who, board=st.one_of(st.none(), boards))
    def hand_over(self, who: int, giver: int, whom: int, board: BoardId | None) -> None:
        person, old = self.people[who], self.people[giver].user_id
        heir = self.people[whom].user_id
        wish = TransferWish(from_id=old, to_id=heir, board_ids=board and (board,))

        got = outcome(lambda: self.world.transfers.transfer(person, wish))

        if person.user_id not in self.oracle.administrators:
            assert got == "forbidden"
            return
        owner = None if board is None else self.oracle.board_owner.get(board)
        if old == heir:
            assert got == "refused"
        elif board is not None and owner != old:
            assert got == ("refused" if owner else "unknown")
        else:
            assert got == "done"
            for image, place in self.oracle.place.items():
                if self.oracle.image_owner[image] == old and board in {None, place}:
                    self.oracle.image_owner[image] = heir
            for each, owner in list(self.oracle.board_owner.items()):
                if owner == old and board in {None, each}:
                    self.oracle.give(each, heir)

    @rule(target=links, who=who, board=boards)
    def make_a_link(self, who: int, board: BoardId) -> object:
        person = self.people[who]
        held = self.oracle.on_board(person.user_id, board)
        made: list[NewBoardLink] = []

        got = outcome(
            lambda: made.append(self.world.board_links.create(person, board, site="http://a"))
        )

        assert got == expected(held, ADMIN)
        if not made:
            return multiple()
        token = made[0].url.rpartition("/")[2]
        self.oracle.link[token] = board, person.user_id
        return token

    @rule(who=who, link=links)
    def take_a_link_back(self, who: int, link: str) -> None:
        if link not in self.oracle.link or not self.oracle.opens(link):
            return
        person, board = self.people[who], self.oracle.link[link][0]
        link_id = self.world.board_links.link_id(link)

        got = outcome(lambda: self.world.board_links.remove(person, board, link_id))

        assert got == expected(self.oracle.on_board(person.user_id, board), ADMIN)
        if got == "done":
            del self.oracle.link[link]

    @rule(link=links)
    def open_a_link(self, link: str) -> None:
        found: list[LinkedBoard] = []

        got = outcome(lambda: found.append(self.world.board_links.open(link, unlocked=None)))

        assert got == ("done" if self.oracle.opens(link) else "unknown")
        if found:
            board = self.oracle.link[link][0]
            there = {image for image, place in self.oracle.place.items() if place == board}
            assert {image.image_name for image in found[0].images} == there

    @rule(target=images, who=who)
    def send_an_image(self, who: int) -> ImageName:
        return self._sent(who, None)

    @rule(target=images, who=who, board=boards)
    def send_an_image_to_a_board(self, who: int, board: BoardId) -> object:
        person = self.people[who]
        if self.oracle.on_board(person.user_id, board) >= WRITE:
            return self._sent(who, board)
        got = outcome(
            lambda: self.world.images.upload(person, PNG, category="general", board_id=board)
        )
        assert got == expected(self.oracle.on_board(person.user_id, board), WRITE)
        return multiple()

    def _sent(self, who: int, board: BoardId | None) -> ImageName:
        person = self.people[who]
        image = self.world.images.upload(person, PNG, category="general", board_id=board)
        self.oracle.image_owner[image.image_name] = person.user_id
        self.oracle.place[image.image_name] = board
        return image.image_name

    @rule(who=who, image=images, board=st.one_of(st.none(), boards))
    def move(self, who: int, image: ImageName, board: BoardId | None) -> None:
        person = self.people[who]
        me = person.user_id

        got = outcome(lambda: self.world.images.move(person, image, board))

        goal = "done" if board is None else expected(self.oracle.on_board(me, board), WRITE)
        takes = self.oracle.takes(me, image)
        seen = "forbidden" if self.oracle.on_image(me, image) else "unknown"
        assert got == (goal if goal != "done" else "done" if takes else seen)
        if got == "done":
            self.oracle.place[image] = board

    @rule(who=who, image=images)
    def delete_an_image(self, who: int, image: ImageName) -> None:
        person = self.people[who]
        held = self.oracle.on_image(person.user_id, image)

        got = outcome(lambda: self.world.images.delete(person, image))

        assert got == expected(held, WRITE)
        if got == "done":
            self.oracle.drop(image)

    @rule(who=who, chosen=st.lists(images, max_size=4))
    def delete_many(self, who: int, chosen: list[ImageName]) -> None:
        person = self.people[who]
        may = [i for i in dict.fromkeys(chosen) if self.oracle.on_image(person.user_id, i) >= WRITE]

        assert self.world.images.delete_many(person, chosen).image_names == may

        for image in may:
            self.oracle.drop(image)

    @rule(who=who, chosen=st.lists(images, max_size=4), board=st.one_of(st.none(), boards))
    def move_many(self, who: int, chosen: list[ImageName], board: BoardId | None) -> None:
        person = self.people[who]
        me = person.user_id
        if board is not None and self.oracle.on_board(me, board) < WRITE:
            return
        may = [image for image in dict.fromkeys(chosen) if self.oracle.takes(me, image)]

        assert self.world.images.move_many(person, chosen, board).image_names == may

        for image in may:
            self.oracle.place[image] = board

    @rule(who=who, image=images)
    def star(self, who: int, image: ImageName) -> None:
        person = self.people[who]
        held = self.oracle.on_image(person.user_id, image)

        got = outcome(lambda: self.world.images.update(person, image, ImageChanges(starred=True)))

        assert got == expected(held, WRITE)

    @invariant()
    def everybody_sees_what_they_may(self) -> None:
        for person in self.people:
            me = person.user_id
            boards = self.world.boards.list(person, BoardQuery(limit=None)).items
            seen = {summary.board.board_id: int(summary.permission) for summary in boards}
            held = {board: self.oracle.on_board(me, board) for board in self.oracle.board_owner}
            assert seen == {board: level for board, level in held.items() if level}
            query = ImageQuery(scope=ImageScope.VISIBLE)
            names = set(self.world.images.names(person, query).image_names)
            assert names == {i for i in self.oracle.image_owner if self.oracle.on_image(me, i)}

    @invariant()
    def what_is_kept_is_what_counting_gives(self) -> None:
        with self.world.database.writing() as work:
            assert work.images.recount() == 0

    @invariant()
    def a_search_finds_what_is_seen(self) -> None:
        query = ImageQuery(scope=ImageScope.VISIBLE, search="2026*")
        for person in self.people:
            names = set(self.world.images.names(person, query).image_names)
            me = person.user_id
            assert names == {i for i in self.oracle.image_owner if self.oracle.on_image(me, i)}

    @invariant()
    def rows_and_files_agree(self) -> None:
        assert set(self.world.storage.names()) == set(self.oracle.image_owner)


class SharingOnSqlite(Sharing):
    """The same in SQL, where lists compile the rules rather than call them."""

    def database(self) -> Database:
        folder = self.opened.enter_context(TemporaryDirectory())
        return self.opened.enter_context(open_database(f"sqlite:///{folder}/invoke.db"))


Sharing.TestCase.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestSharing = Sharing.TestCase
SharingOnSqlite.TestCase.settings = settings(max_examples=3, stateful_step_count=20, deadline=None)
TestSharingOnSqlite = SharingOnSqlite.TestCase
