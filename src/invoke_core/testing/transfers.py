"""What every store of transfers does, and that what moves belongs to its heir at one instant."""

from collections.abc import Sequence
from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.boards import Permission
from invoke_core.domain.identifiers import BoardId, ImageName, TransferId
from invoke_core.domain.images import Image, ImagePlace, ImageQuery, ImageScope
from invoke_core.domain.statistics import ImageUsage
from invoke_core.domain.transfers import ItemKind, MovedItem, Transfer, TransferPhase
from invoke_core.domain.users import User
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_principal,
    a_transfer,
    a_user,
    an_image,
)

SECOND = timedelta(seconds=1)
UNKNOWN = TransferId("none")


def moving(work: Work, transfer: Transfer) -> Transfer:
    """Write everything down and make it true for every reader."""
    work.transfers.collect(transfer)
    work.transfers.put(attrs.evolve(transfer, phase=TransferPhase.MOVING))
    return work.transfers.get(transfer.transfer_id)


def own(work: Work, user: User) -> Sequence[ImageName]:
    """Return the names that the list of one's own images gives the user, sorted."""
    query = ImageQuery(scope=ImageScope.OWN)
    return sorted(work.images.names_visible(a_principal(user), query).image_names)


def names(images: Sequence[Image]) -> Sequence[ImageName]:
    """Return the names of images, sorted."""
    return sorted(image.image_name for image in images)


class TransferRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_transfer_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            transfer = a_transfer(
                work,
                a_user(work),
                a_user(work),
                board_ids=(BoardId("a"), BoardId("b")),
                since=NOON,
                until=NOON + SECOND,
                undoes=TransferId("other"),
                collected_at=NOON,
                collected_name=ImageName("a.png"),
                moved_name=ImageName("b.png"),
                boards=2,
                images=3,
                workflows=5,
                style_presets=6,
            )
            changed = attrs.evolve(transfer, phase=TransferPhase.DONE, images=4)
            first = work.transfers.get(transfer.transfer_id)
            work.transfers.put(changed)

        with database.reading() as work:
            assert (first, work.transfers.get(transfer.transfer_id)) == (transfer, changed)

    def test_an_unknown_transfer_is_not_found(self, database: Database) -> None:
        with database.writing() as work:
            transfer = a_transfer(work, a_user(work), a_user(work))
            with pytest.raises(NotFound):
                work.transfers.get(UNKNOWN)
            with pytest.raises(NotFound):
                work.transfers.put(attrs.evolve(transfer, transfer_id=UNKNOWN))
            with pytest.raises(NotFound):
                work.transfers.remove(UNKNOWN)

    def test_an_id_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            transfer = a_transfer(work, owner, heir)
            with pytest.raises(Conflict):
                a_transfer(work, owner, heir, transfer_id=transfer.transfer_id)

    def test_transfers_come_newest_first_then_by_id(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            a = a_transfer(work, owner, heir, transfer_id="a")
            b = a_transfer(work, owner, heir, transfer_id="b")
            new = a_transfer(work, owner, heir, transfer_id="0", created_at=NOON + SECOND)

            page = work.transfers.list(offset=1, limit=1)

            assert list(work.transfers.list().items) == [new, b, a]
            assert (list(page.items), page.total) == ([b], 3)

    def test_the_unfinished_one_is_found(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            a_transfer(work, owner, heir, phase=TransferPhase.DONE)
            assert work.transfers.unfinished() is None

            transfer = a_transfer(work, owner, heir)
            assert work.transfers.unfinished() == transfer
            transfer = moving(work, transfer)
            assert work.transfers.unfinished() == transfer

    def test_the_one_that_undoes_another_is_found(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            transfer = a_transfer(work, owner, heir)
            assert work.transfers.undone_by(transfer.transfer_id) is None

            undoing = a_transfer(work, heir, owner, undoes=transfer.transfer_id)

            assert work.transfers.undone_by(transfer.transfer_id) == undoing

    def test_images_are_collected_in_steps_by_time_and_name(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            an_image(work)
            made = [an_image(work, owner, image_name=f"{n}.png") for n in "abc"]
            made.append(an_image(work, owner, image_name="0.png", created_at=NOON + SECOND))
            transfer = a_transfer(work, owner, heir)

            walked: list[ImagePlace] = []
            while places := work.transfers.collect(transfer, limit=3):
                walked += places
                transfer = transfer.collected_to(places[-1])

            assert walked == [ImagePlace.of(image) for image in made]

    def test_what_is_collected_lies_on_the_boards_and_within_the_time(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            board = a_board(work, owner)
            an_image(work, a_user(work), board)
            an_image(work, owner, board, created_at=NOON - SECOND)
            an_image(work, owner, board, created_at=NOON + SECOND)
            an_image(work, owner, a_board(work, owner))
            an_image(work, owner)
            image = an_image(work, owner, board, size_bytes=7)
            transfer = a_transfer(
                work,
                owner,
                heir,
                board_ids=(board.board_id,),
                since=NOON,
                until=NOON + SECOND,
            )

            assert list(work.transfers.collect(transfer)) == [ImagePlace.of(image)]
            assert work.transfers.usage(transfer.wish) == ImageUsage(images=1, size_bytes=7)

    def test_what_is_written_down_follows_images_that_change(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            board, other = a_board(work, owner), a_board(work, owner)
            left, kept, gone = (an_image(work, owner, board) for _ in range(3))
            came, back = an_image(work, owner), an_image(work, owner, board)
            others = an_image(work, heir, other)
            transfer = a_transfer(work, owner, heir, board_ids=(board.board_id,))
            transfer = transfer.collected_to(work.transfers.collect(transfer)[-1])
            work.transfers.put(transfer)
            before = work.transfers.count(transfer.transfer_id)
            work.images.put(attrs.evolve(left, board_id=other.board_id))
            work.images.put(attrs.evolve(came, board_id=board.board_id))
            work.images.put(attrs.evolve(others, board_id=board.board_id))
            work.images.remove([gone.image_name])
            work.bin.put_in([back.image_name], deleted_at=NOON, deleted_by=owner.user_id)
            work.bin.take_out([back])
            work.transfers.collect(transfer)

            assert (before, work.transfers.count(transfer.transfer_id)) == (4, 3)
            assert list(work.transfers.touched_boards(transfer.transfer_id)) == [board.board_id]
            assert work.images.recount() == 0
            work.transfers.put(attrs.evolve(transfer, phase=TransferPhase.MOVING))

            assert names(work.images.owned_by(heir.user_id)) == names([others, kept, came, back])
            assert work.images.recount() == 0

    def test_what_is_written_down_belongs_to_the_heir_for_every_question(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            owner, heir, third = a_user(work), a_user(work), a_user(work)
            board = a_board(work, third)
            here, loose = an_image(work, owner, board), an_image(work, owner)
            hers, others = an_image(work, heir), an_image(work, third)
            transfer = moving(work, a_transfer(work, owner, heir))
            later = an_image(work, owner)

            for _ in range(2):  # before and after the rows are rewritten
                moved = names([here, loose])
                assert {work.images.get(name).owner_id for name in moved} == {heir.user_id}
                found = work.images.find_many([*moved, later.image_name])
                assert [image.owner_id for image in found] == [
                    heir.user_id,
                    heir.user_id,
                    owner.user_id,
                ]
                assert own(work, heir) == names([here, loose, hers])
                assert own(work, owner) == names([later])
                assert own(work, third) == names([others])
                page = work.images.list_visible(
                    a_principal(heir), ImageQuery(scope=ImageScope.VISIBLE)
                )
                assert names(page.items) == own(work, heir)
                assert {image.owner_id for image in page.items} == {heir.user_id}
                assert names(work.images.owned_by(heir.user_id)) == own(work, heir)
                assert names(work.images.owned_by(owner.user_id)) == own(work, owner)
                assert work.images.usage(owner_id=heir.user_id).images == 3
                assert work.images.usage(owner_id=owner.user_id).images == 1
                for lying in (
                    work.images.on_board(board.board_id),
                    work.boards.shown_images(board.board_id),
                ):
                    assert [image.owner_id for image in lying] == [heir.user_id]
                work.transfers.move(transfer)

    def test_an_image_that_changes_meanwhile_is_the_heirs_all_the_same(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            image = an_image(work, owner)
            transfer = moving(work, a_transfer(work, owner, heir))

            work.images.put(attrs.evolve(work.images.get(image.image_name), starred=True))
            assert work.images.recount() == 0
            work.transfers.move(transfer)
            assert work.images.recount() == 0

            after = work.images.get(image.image_name)
            assert (after.owner_id, after.starred) == (heir.user_id, True)

    def test_rows_are_rewritten_in_steps(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            made = [an_image(work, owner) for _ in range(5)]
            transfer = moving(work, a_transfer(work, owner, heir))
            work.images.remove([made[1].image_name])

            walked: list[ImageName] = []
            while step := work.transfers.move(transfer, limit=2):
                assert len(step) <= 2
                walked += step
                transfer = attrs.evolve(transfer, moved_name=step[-1])
            work.transfers.put(attrs.evolve(transfer, phase=TransferPhase.DONE))

            assert len(walked) == len(set(walked))
            assert set(walked) | {made[1].image_name} == {image.image_name for image in made}
            assert len(work.images.owned_by(heir.user_id)) == 4
            assert list(work.images.owned_by(owner.user_id)) == []

    def test_rows_are_rewritten_whatever_became_of_the_last_one(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            for seconds in (3, 1, 4, 0, 2):
                an_image(work, owner, created_at=NOON + seconds * SECOND)
            transfer = moving(work, a_transfer(work, owner, heir))
            kept = an_image(work, owner, created_at=NOON + SECOND)  # made since

            walked: set[ImageName] = set()
            while step := work.transfers.move(transfer, limit=2):
                walked |= set(step)
                work.images.remove([step[-1]])
                transfer = attrs.evolve(transfer, moved_name=step[-1])
            work.transfers.put(attrs.evolve(transfer, phase=TransferPhase.DONE))

            assert len(walked) == 5
            assert list(work.images.owned_by(owner.user_id)) == [kept]
            assert set(names(work.images.owned_by(heir.user_id))) < walked

    def test_an_undoing_transfer_collects_what_the_heir_still_has(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir, third = a_user(work), a_user(work), a_user(work)
            an_image(work, heir)
            kept, given_on = an_image(work, owner), an_image(work, owner)
            transfer = moving(work, a_transfer(work, owner, heir))
            work.transfers.move(transfer)
            work.transfers.put(attrs.evolve(transfer, phase=TransferPhase.DONE))
            work.images.put(attrs.evolve(given_on, owner_id=third.user_id))

            undoing = a_transfer(work, heir, owner, undoes=transfer.transfer_id)

            assert list(work.transfers.collect(undoing)) == [ImagePlace.of(kept)]
            assert work.transfers.count(undoing.transfer_id) == 1
            work.images.remove([kept.image_name])
            assert work.transfers.count(undoing.transfer_id) == 0

    def test_the_boards_on_which_it_lies_are_told(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            b, a = a_board(work, board_id="b"), a_board(work, board_id="a")
            for board in (b, b, a, None):
                an_image(work, owner, board)
            an_image(work, board=a_board(work))
            transfer = a_transfer(work, owner, heir)
            work.transfers.collect(transfer)

            touched = work.transfers.touched_boards(transfer.transfer_id)

            assert list(touched) == [a.board_id, b.board_id]

    def test_what_else_moved_comes_ordered_by_kind_and_id(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            transfer, other = a_transfer(work, owner, heir), a_transfer(work, owner, heir)
            b = MovedItem(kind=ItemKind.BOARD, item_id="b")
            a = MovedItem(kind=ItemKind.BOARD, item_id="a", heir_permission=Permission.WRITE)
            workflow = MovedItem(kind=ItemKind.WORKFLOW, item_id="a")
            for item in (workflow, b, a):
                work.transfers.add_item(transfer.transfer_id, item)
            work.transfers.add_item(other.transfer_id, b)

            assert list(work.transfers.items(transfer.transfer_id)) == [a, b, workflow]

    def test_a_removed_transfer_is_gone_with_what_it_wrote_down(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            an_image(work, owner)
            transfer = a_transfer(work, owner, heir)
            work.transfers.collect(transfer)
            board = MovedItem(kind=ItemKind.BOARD, item_id="b")
            work.transfers.add_item(transfer.transfer_id, board)

            work.transfers.remove(transfer.transfer_id)
            again = a_transfer(work, owner, heir, transfer_id=transfer.transfer_id)

            assert list(work.transfers.items(again.transfer_id)) == []
            work.transfers.put(attrs.evolve(again, phase=TransferPhase.MOVING))
            assert len(work.images.owned_by(owner.user_id)) == 1

    def test_old_transfers_are_forgotten_in_steps(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            for _ in range(3):
                an_image(work, owner)
            old = moving(work, a_transfer(work, owner, heir))
            work.transfers.put(attrs.evolve(old, phase=TransferPhase.DONE))
            new = a_transfer(work, owner, heir, phase=TransferPhase.DONE, created_at=NOON + SECOND)
            unfinished = a_transfer(work, owner, heir)

            steps = []
            while step := work.transfers.forget(NOON + SECOND, limit=2):
                steps.append(step)

            assert steps == [2, 1, 1]
            assert set(work.transfers.list().items) == {new, unfinished}
