"""That lists, searches and kept counts are right whatever happens to images, transfers under way included."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import Enum, auto

import attrs
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.boards import Board, Visibility
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.image_lists import Position
from invoke_core.domain.images import Image, ImageQuery, ImageScope, permission_on_image
from invoke_core.domain.principals import Principal, link_holder
from invoke_core.domain.statistics import ImageUsage
from invoke_core.domain.transfers import TransferPhase, includes_image
from invoke_core.domain.users import User
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_principal,
    a_transfer,
    a_user,
    an_image,
)
from invoke_core.testing.visibility import TakenBack, quietly

NAMES = ("Giver", "Heir", "Third")
GIVER, HEIR, THIRD = range(3)


class Deed(Enum):
    """What can happen to images."""

    ADD = auto()
    STAR = auto()  # or take the star away
    MOVE = auto()  # to a board, or to none
    REMOVE = auto()
    BIN = auto()
    RESTORE = auto()
    COLLECT = auto()  # the next two of the giver's images are written down; of one board, or all
    TRANSFER = auto()  # the rest is, and what is written down begins to be the heir's
    REWRITE = auto()  # the next two rows follow
    HAND_OVER = auto()  # the giver's bin
    RESIZE = auto()  # the files take another size than was thought


@attrs.frozen(kw_only=True)
class Step:
    """One deed, done to whatever `number` stands for, counted round."""

    deed: Deed
    number: int
    owner: int
    board: int  # no board: past the last one
    starred: bool


_steps = st.lists(
    st.builds(
        Step,
        deed=st.sampled_from([*Deed, Deed.COLLECT, Deed.TRANSFER, *[Deed.REWRITE] * 3]),
        number=st.integers(0, 5),
        owner=st.sampled_from([GIVER, GIVER, HEIR, THIRD]),
        board=st.integers(0, 2),
        starred=st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


@attrs.frozen
class _Walk:
    """A store, and beside it what it should hold: whose each image is, above all."""

    work: Work
    users: Sequence[User]
    boards: Sequence[Board]
    images: dict[ImageName, Image] = attrs.field(factory=dict, init=False)
    binned: dict[ImageName, Image] = attrs.field(factory=dict, init=False)

    @classmethod
    def begun(cls, work: Work, *, amid_transfer: bool) -> "_Walk":
        users = [a_user(work, display_name=name) for name in NAMES]
        private = a_board(work, users[GIVER])
        shared = a_board(work, users[THIRD], visibility=Visibility.SHARED)
        walk = cls(work, users, [private, shared])
        for board in range(3):
            walk._add(Step(deed=Deed.ADD, number=board, owner=GIVER, board=board, starred=False))
        if amid_transfer:
            walk._transfer()
        return walk

    def take(self, step: Step) -> None:
        """Do what the step says, where there is anything to do it to."""
        names = sorted(self.images)
        name = names[step.number % len(names)] if names else None
        match step.deed:
            case Deed.ADD:
                self._add(step)
            case Deed.COLLECT:
                self._collect(step)
            case Deed.TRANSFER:
                self._transfer()
            case Deed.REWRITE:
                self._rewrite()
            case Deed.RESTORE:
                self._restore(step)
            case Deed.HAND_OVER:
                self._hand_over()
            case _ if name is not None:
                self._change(step, name)

    def _board(self, step: Step) -> Board | None:
        return self.boards[step.board] if step.board < len(self.boards) else None

    def _add(self, step: Step) -> None:
        image = an_image(
            self.work,
            self.users[step.owner],
            self._board(step),
            starred=step.starred,
            metadata={"positive_prompt": "red" if step.number % 2 else "heir"},
            created_at=NOON + timedelta(seconds=step.number),
        )
        self.images[image.image_name] = image

    def _change(self, step: Step, name: ImageName) -> None:
        image = self.work.images.get(name)
        match step.deed:
            case Deed.STAR:
                self._put(attrs.evolve(image, starred=step.starred))
            case Deed.MOVE:
                board = self._board(step)
                self._put(attrs.evolve(image, board_id=board.board_id if board else None))
            case Deed.RESIZE:
                self.work.stock.put_size(name, 10 * step.number)
                self.images[name] = attrs.evolve(image, size_bytes=10 * step.number)
            case Deed.REMOVE:
                self.work.images.remove([name])
                del self.images[name]
            case Deed.BIN:
                self.work.bin.put_in([name], deleted_at=NOON, deleted_by=image.owner_id)
                self.binned[name] = self.images.pop(name)

    def _put(self, image: Image) -> None:
        self.work.images.put(image)
        self.images[image.image_name] = image

    def _restore(self, step: Step) -> None:
        if not self.binned:
            return
        names = sorted(self.binned)
        image = self.binned.pop(names[step.number % len(names)])
        self.work.bin.take_out([image])
        self.images[image.image_name] = image

    def _hand_over(self) -> None:
        giver, heir = self.users[GIVER].user_id, self.users[HEIR].user_id
        self.work.bin.hand_over(giver, heir)
        self.binned.update(_given(self.binned.values(), giver, heir))

    def _collect(self, step: Step) -> None:
        transfer = self.work.transfers.unfinished()
        if transfer is None:
            board = self._board(step)
            transfer = a_transfer(
                self.work,
                self.users[GIVER],
                self.users[HEIR],
                board_ids=None if board is None else (board.board_id,),
            )
        if transfer.phase is TransferPhase.COLLECTING:
            places = self.work.transfers.collect(transfer, limit=2)
            if places:
                self.work.transfers.put(transfer.collected_to(places[-1]))

    def _transfer(self) -> None:
        giver, heir = self.users[GIVER], self.users[HEIR]
        transfer = self.work.transfers.unfinished() or a_transfer(self.work, giver, heir)
        if transfer.phase is TransferPhase.MOVING:
            return
        self.work.transfers.collect(transfer)
        moving = [i for i in self.images.values() if includes_image(transfer.wish, i)]
        lie = {image.board_id for image in moving if image.board_id}
        assert self.work.transfers.count(transfer.transfer_id) == len(moving)
        assert list(self.work.transfers.touched_boards(transfer.transfer_id)) == sorted(lie)
        self.work.transfers.put(attrs.evolve(transfer, phase=TransferPhase.MOVING))
        self.images.update(_given(moving, giver.user_id, heir.user_id))

    def _rewrite(self) -> None:
        transfer = self.work.transfers.unfinished()
        if transfer is None or transfer.phase is TransferPhase.COLLECTING:
            return
        names = self.work.transfers.move(transfer, limit=2)
        after = (
            attrs.evolve(transfer, moved_name=names[-1])
            if names
            else attrs.evolve(transfer, phase=TransferPhase.DONE)
        )
        self.work.transfers.put(after)

    def check_counts(self) -> None:
        """Require what is kept to be what counting gives."""
        work = self.work
        assert work.images.recount() == 0
        assert list(work.stock.miscounted()) == []
        for user in self.users:
            own = [image for image in self.images.values() if image.owner_id == user.user_id]
            binned = [image for image in self.binned.values() if image.owner_id == user.user_id]
            assert work.images.usage(owner_id=user.user_id) == _usage(own)
            assert work.stock.usage(user.user_id) == _usage([*own, *binned]).size_bytes
            for board in self.boards:
                here = [image for image in own if image.board_id == board.board_id]
                found = work.images.usage(owner_id=user.user_id, board_id=board.board_id)
                assert found == _usage(here)
        for board in self.boards:
            lying = [i for i in self.images.values() if i.board_id == board.board_id]
            summary = work.boards.summary(link_holder(board.board_id), board.board_id)
            assert summary.image_count == len(lying)
            assert list(work.boards.shown_images(board.board_id)) == _in_order(lying)

    def check_lists(self, principal: Principal, first: int = 0, every: int = 1) -> None:
        """Require lists of the principal's to be what the rule says: every one, or a part of them."""
        for query in list(self._queries())[first % every :: every]:
            wanted = _in_order(i for i in self.images.values() if self._is_of(i, principal, query))
            page = self.work.images.list_visible(principal, query)
            names = self.work.images.names_visible(principal, query)
            asked = (principal, query)
            assert sorted(page.items, key=_name) == sorted(wanted, key=_name), asked
            assert page.total == len(wanted), asked
            assert list(names.image_names) == [image.image_name for image in page.items], asked
            assert names.starred_count == sum(image.starred for image in wanted), asked
            assert _paged(self.work, principal, query) == list(page.items), asked
            if query.search is None:
                assert list(page.items) == wanted, asked

    def _queries(self) -> Iterable[ImageQuery]:
        every = ImageQuery(scope=ImageScope.VISIBLE)
        yield every
        yield ImageQuery(scope=ImageScope.OWN)
        yield attrs.evolve(every, uncategorised=True)
        yield attrs.evolve(every, board_id=self.boards[0].board_id)
        yield attrs.evolve(every, since=NOON + timedelta(seconds=2))
        for user in self.users[:THIRD]:
            yield attrs.evolve(every, owner_id=user.user_id)
            # Words of the prompt, and of the owner's name.
            yield attrs.evolve(every, search=user.display_name)
        yield ImageQuery(scope=ImageScope.OWN, search="red")
        yield attrs.evolve(every, owner_id=self.users[HEIR].user_id, search="he*")

    def _is_of(self, image: Image, principal: Principal, query: ImageQuery) -> bool:
        board = next((b for b in self.boards if b.board_id == image.board_id), None)
        own = query.board_id is None and query.scope is ImageScope.OWN
        return (
            permission_on_image(image, principal, board, []) is not None
            and query.board_id in {None, image.board_id}
            and not (query.uncategorised and image.board_id)
            and not (own and image.owner_id != principal.user_id)
            and query.owner_id in {None, image.owner_id}
            and (query.since is None or image.created_at >= query.since)
            and self._has_words(image, query)
        )

    def _has_words(self, image: Image, query: ImageQuery) -> bool:
        metadata = self.work.images.metadata(image.image_name) or {}
        owner = next(user for user in self.users if user.user_id == image.owner_id)
        words = [str(metadata["positive_prompt"]), owner.display_name.lower()]
        return all(
            any(word.startswith(term.word) if term.begins else word == term.word for word in words)
            for term in query.terms
        )


def _given(
    images: Iterable[Image], giver: UserId, heir: UserId
) -> Iterable[tuple[ImageName, Image]]:
    return [
        (image.image_name, attrs.evolve(image, owner_id=heir))
        for image in images
        if image.owner_id == giver
    ]


def _usage(images: Sequence[Image]) -> ImageUsage:
    return ImageUsage(images=len(images), size_bytes=sum(image.size_bytes for image in images))


def _name(image: Image) -> ImageName:
    return image.image_name


def _in_order(images: Iterable[Image]) -> list[Image]:
    return sorted(images, key=lambda image: (image.created_at, image.image_name), reverse=True)


def _paged(work: Work, principal: Principal, query: ImageQuery) -> list[Image]:
    """Return the images of a query, fetched two at a time."""
    query = attrs.evolve(query, limit=2)
    page = work.images.list_visible(principal, query)
    found = list(page.items)
    while page.next_cursor is not None:
        query = attrs.evolve(query, after=Position.of_cursor(page.next_cursor))
        page = work.images.list_visible(principal, query)
        found += page.items
    return found


class ImageWalkContract:
    """A subclass provides the fixture `database`, empty."""

    @quietly
    @given(steps=_steps, who=st.integers(0, 4), amid_transfer=st.booleans())
    def test_lists_and_counts_are_right_whatever_happens_to_images(
        self, database: Database, steps: list[Step], who: int, amid_transfer: bool
    ) -> None:
        with suppress(TakenBack), database.writing() as work:
            walk = _Walk.begun(work, amid_transfer=amid_transfer)
            principals = [a_principal(user) for user in walk.users]
            principals.append(a_principal(a_user(work, is_admin=True)))
            principals.append(link_holder(walk.boards[0].board_id))
            for step in steps:
                walk.take(step)
                walk.check_counts()
                walk.check_lists(principals[who], step.number, every=4)
            walk.check_lists(principals[who])
            raise TakenBack
