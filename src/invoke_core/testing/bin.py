"""What every store of deleted pictures does, of the storage's books, and of archives that were asked for."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.bin import BinQuery
from invoke_core.domain.downloads import DownloadId
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.principals import INTERNAL
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.stock import StockItem
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import (
    NOON,
    a_binned_image,
    a_board,
    a_download,
    a_transfer,
    a_user,
    an_image,
)
from invoke_core.testing.transfers import moving

UNKNOWN = ImageName("none.png")
SECOND = timedelta(seconds=1)


class BinRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_what_is_put_in_is_an_image_no_more(self, database: Database) -> None:
        with database.writing() as work:
            binned = a_binned_image(work, metadata={"seed": 7})
            name = binned.image.image_name

        with database.reading() as work:
            assert list(work.bin.find_many([name])) == [binned]
            assert list(work.images.find_many([name])) == []
            everything = ImageQuery(scope=ImageScope.VISIBLE)
            assert work.images.list_visible(INTERNAL, everything).total == 0
            with pytest.raises(NotFound):
                work.images.metadata(name)

    def test_what_is_put_in_amid_a_transfer_is_the_heirs(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            image = an_image(work, owner)
            moving(work, a_transfer(work, owner, heir))
            work.bin.put_in([image.image_name], deleted_at=NOON, deleted_by=heir.user_id)

            (binned,) = work.bin.find_many([image.image_name])
            assert binned.image.owner_id == heir.user_id

    def test_unknown_images_are_not_put_in(self, database: Database) -> None:
        with database.writing() as work:
            kept = an_image(work)
            work.bin.put_in([UNKNOWN], deleted_at=NOON, deleted_by=kept.owner_id)

            assert list(work.bin.find_many([UNKNOWN])) == []
            assert work.images.get(kept.image_name) == kept

    def test_a_board_loses_the_cover_that_is_put_in(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work)
            board = a_board(work, cover_image_name=image.image_name)
            work.bin.put_in([image.image_name], deleted_at=NOON, deleted_by=image.owner_id)

            assert work.boards.get(board.board_id).cover_image_name is None

    def test_a_board_can_go_before_what_left_it(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            binned = a_binned_image(work, board=board)
            work.boards.remove(board.board_id)

            assert list(work.bin.find_many([binned.image.image_name])) == [binned]

    def test_what_is_taken_out_is_as_it_is_given_with_all_its_texts(
        self, database: Database
    ) -> None:
        metadata, workflow = {"prompt": "é\u0000\ud800"}, {"nodes": {"中": [1]}}
        with database.writing() as work:
            binned = a_binned_image(
                work, metadata=metadata, workflow=workflow, starred=True, node_id="node"
            )
            board = a_board(work)
            image = attrs.evolve(binned.image, board_id=board.board_id, updated_at=NOON + SECOND)
            work.bin.take_out([image])

        with database.reading() as work:
            assert work.images.get(image.image_name) == image
            assert work.images.metadata(image.image_name) == metadata
            assert work.images.workflow(image.image_name) == workflow
            assert list(work.bin.find_many([image.image_name])) == []

    def test_what_is_taken_out_is_found_by_its_words(self, database: Database) -> None:
        with database.writing() as work:
            binned = a_binned_image(work, metadata={"positive_prompt": "a red circle"})
            work.bin.take_out([binned.image])

            query = ImageQuery(scope=ImageScope.VISIBLE, search="RED CIRCLE")
            found = work.images.list_visible(INTERNAL, query).items
            assert list(found) == [binned.image]

    def test_only_what_is_in_the_bin_is_taken_out(self, database: Database) -> None:
        with database.writing() as work:
            binned = a_binned_image(work)
            with pytest.raises(NotFound):
                work.bin.take_out([attrs.evolve(binned.image, image_name=UNKNOWN)])

    def test_nothing_is_taken_out_to_an_unknown_board(self, database: Database) -> None:
        with database.writing() as work:
            binned = a_binned_image(work)
            with pytest.raises(NotFound):
                work.bin.take_out([attrs.evolve(binned.image, board_id=BoardId("none"))])

    def test_binned_images_come_once_in_the_order_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            first, second = a_binned_image(work), a_binned_image(work)
            names = [second.image.image_name, first.image.image_name]

            assert list(work.bin.find_many([UNKNOWN, *names, *names])) == [second, first]

    def test_the_last_deleted_comes_first_then_by_name(self, database: Database) -> None:
        with database.writing() as work:
            b = a_binned_image(work, image_name=ImageName("b.png"))
            a = a_binned_image(work, image_name=ImageName("a.png"))
            last = a_binned_image(work, deleted_at=NOON + SECOND)

            page = work.bin.list(BinQuery())
            assert list(page.items) == [last, a, b]
            page = work.bin.list(BinQuery(offset=1, limit=1))
            assert (list(page.items), page.offset, page.limit, page.total) == ([a], 1, 1, 3)

    def test_a_bin_is_its_owners(self, database: Database) -> None:
        with database.writing() as work:
            owner, board = a_user(work), a_board(work)
            own = a_binned_image(work, owner)
            on_board = a_binned_image(work, owner, board)
            a_binned_image(work, board=board)

            page = work.bin.list(BinQuery(owner_id=owner.user_id))
            assert {i.image.image_name for i in page.items} == {
                own.image.image_name,
                on_board.image.image_name,
            }
            assert page.total == 2

    def test_what_left_a_board_is_listed_whoever_owns_it(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            left = a_binned_image(work, a_user(work), board)
            a_binned_image(work)

            assert list(work.bin.list(BinQuery(board_id=board.board_id)).items) == [left]

    def test_the_oldest_come_first_as_far_as_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            young = a_binned_image(work, owner, deleted_at=NOON + SECOND).image.image_name
            b = a_binned_image(work, image_name=ImageName("b.png")).image.image_name
            a = a_binned_image(work, image_name=ImageName("a.png")).image.image_name

            assert list(work.bin.oldest(10)) == [a, b, young]
            assert list(work.bin.oldest(2)) == [a, b]
            assert list(work.bin.oldest(10, owner_id=owner.user_id)) == [young]
            assert list(work.bin.oldest(10, deleted_before=NOON + SECOND)) == [a, b]
            assert list(work.bin.oldest(10, deleted_before=NOON)) == []

    def test_what_is_removed_is_gone(self, database: Database) -> None:
        with database.writing() as work:
            gone, kept = a_binned_image(work), a_binned_image(work)
            work.bin.remove([gone.image.image_name, UNKNOWN])

            names = [gone.image.image_name, kept.image.image_name]
            assert list(work.bin.find_many(names)) == [kept]

    def test_a_bin_is_handed_over_whole(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)
            own, other = a_binned_image(work, owner), a_binned_image(work)
            work.bin.hand_over(owner.user_id, heir.user_id)

            names = [own.image.image_name, other.image.image_name]
            image = attrs.evolve(own.image, owner_id=heir.user_id)
            assert list(work.bin.find_many(names)) == [attrs.evolve(own, image=image), other]

    def test_a_bin_is_not_handed_over_to_nobody(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.bin.hand_over(a_user(work).user_id, UserId("nobody"))

    def test_an_account_cannot_go_before_its_bin(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            binned = a_binned_image(work, owner)
            with pytest.raises(Conflict):
                work.users.remove(owner.user_id)
            work.bin.remove([binned.image.image_name])
            work.users.remove(owner.user_id)


class StockRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_usage_follows_every_change(self, database: Database) -> None:
        with database.writing() as work:
            owner, heir = a_user(work), a_user(work)

            def usages() -> tuple[int, int]:
                return work.stock.usage(owner.user_id), work.stock.usage(heir.user_id)

            assert usages() == (0, 0)
            big, small = (
                an_image(work, owner, size_bytes=2**40),
                an_image(work, owner, size_bytes=7),
            )
            assert usages() == (2**40 + 7, 0)
            work.images.put(attrs.evolve(small, starred=True))
            assert usages() == (2**40 + 7, 0)
            work.bin.put_in([small.image_name], deleted_at=NOON, deleted_by=owner.user_id)
            assert usages() == (2**40 + 7, 0)
            work.images.put(attrs.evolve(big, owner_id=heir.user_id))
            assert usages() == (7, 2**40)
            work.bin.hand_over(owner.user_id, heir.user_id)
            assert usages() == (0, 2**40 + 7)
            work.bin.take_out([attrs.evolve(small, owner_id=heir.user_id)])
            work.images.remove([big.image_name])
            assert usages() == (0, 7)
            work.stock.put_size(small.image_name, 9)
            assert usages() == (0, 9)
            work.images.remove([small.image_name])
            assert usages() == (0, 0)

    def test_nobody_unknown_uses_anything(self, database: Database) -> None:
        with database.reading() as work:
            assert work.stock.usage(UserId("nobody")) == 0

    def test_usages_are_those_of_each_owner(self, database: Database) -> None:
        with database.writing() as work:
            full, other, empty = (a_user(work) for _ in range(3))
            an_image(work, full, size_bytes=7)
            a_binned_image(work, full, size_bytes=3)
            an_image(work, other, size_bytes=5)
            wanted = [full.user_id, empty.user_id, UserId("nobody")]

            assert dict(work.stock.usages(wanted)) == dict(zip(wanted, (10, 0, 0), strict=True))
            assert dict(work.stock.usages([])) == {}

    def test_the_books_list_images_and_binned_ones_by_name(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            for name in ("c.png", "a.png"):
                an_image(work, owner, image_name=ImageName(name), size_bytes=7)
            a_binned_image(work, owner, image_name=ImageName("b.png"), size_bytes=7)

            a, b, c = (
                StockItem(image_name=ImageName(f"{n}.png"), owner_id=owner.user_id, size_bytes=7)
                for n in "abc"
            )
            assert list(work.stock.list(None, 10)) == [a, b, c]
            assert list(work.stock.list(None, 2)) == [a, b]
            assert list(work.stock.list(a.image_name, 10)) == [b, c]
            assert list(work.stock.list(c.image_name, 10)) == []

    def test_known_are_images_and_binned_ones(self, database: Database) -> None:
        with database.writing() as work:
            names = [an_image(work).image_name, a_binned_image(work).image.image_name]

            assert work.stock.known([UNKNOWN, *names]) == set(names)

    def test_sizes_are_corrected_wherever_the_picture_is(self, database: Database) -> None:
        with database.writing() as work:
            image, binned = an_image(work), a_binned_image(work)
            for name in (image.image_name, binned.image.image_name, UNKNOWN):
                work.stock.put_size(name, 77)

            assert [item.size_bytes for item in work.stock.list(None, 10)] == [77, 77]
            assert work.images.get(image.image_name).size_bytes == 77

    def test_what_was_never_miscounted_is_not_recounted(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            an_image(work, owner, size_bytes=10)

            assert list(work.stock.miscounted()) == []
            assert list(work.stock.recount()) == []
            assert work.stock.usage(owner.user_id) == 10


class DownloadRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_an_archive_comes_back_as_it_was_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            named = a_download(work)
            of_board = a_download(work, image_names=(), board_id=BoardId("gone by now"))

        with database.reading() as work:
            assert work.downloads.get(named.download_id) == named
            assert work.downloads.get(of_board.download_id) == of_board

    def test_an_unknown_archive_is_not_found(self, database: Database) -> None:
        with database.reading() as work, pytest.raises(NotFound):
            work.downloads.get(DownloadId("none"))

    def test_somebody_asked_for_it(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            a_download(work, user_id=UserId("nobody"))

    def test_old_ones_are_forgotten(self, database: Database) -> None:
        with database.writing() as work:
            old, kept = a_download(work), a_download(work, created_at=NOON + SECOND)

            assert work.downloads.remove_made(NOON + SECOND) == 1

            assert work.downloads.get(kept.download_id) == kept
            with pytest.raises(NotFound):
                work.downloads.get(old.download_id)

    def test_they_go_with_their_account(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            download = a_download(work, user)
            work.users.remove(user.user_id)

            with pytest.raises(NotFound):
                work.downloads.get(download.download_id)
