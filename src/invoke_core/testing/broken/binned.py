"""Ways to keep deleted pictures, the storage's books, and archives wrongly."""

from collections.abc import Mapping
from typing import Any

import attrs

from invoke_core.domain.boards import BoardQuery
from invoke_core.domain.principals import INTERNAL
from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    forgiving,
    returning,
    with_first,
    with_query,
)


def _keeps_the_image(work: Any, real: Any, image_names: Any, **how: Any) -> None:
    images = work.images.find_many(image_names)
    real(image_names, **how)
    for image in images:
        work.images.add(image)


def _bins_the_unknown(work: Any, real: Any, image_names: Any, **how: Any) -> None:
    every = [item.image_name for item in work.stock.list(None, 10)]
    real(image_names if work.images.find_many(image_names) else every, **how)


def _gives_it_back(work: Any, real: Any, image_names: Any, **how: Any) -> None:
    real(image_names, **how)
    transfer = work.transfers.unfinished()
    if transfer is not None:
        work.bin.hand_over(transfer.to_id, transfer.from_id)


def _keeps_covers(work: Any, real: Any, image_names: Any, **how: Any) -> None:
    every = BoardQuery(include_archived=True, limit=None)
    boards = [summary.board for summary in work.boards.list_visible(INTERNAL, every).items]
    real(image_names, **how)
    for board in boards:
        work.boards.put(board)


def _only_with_their_board(work: Any, real: Any, image_names: Any) -> Any:
    every = BoardQuery(include_archived=True, limit=None)
    known = {s.board.board_id for s in work.boards.list_visible(INTERNAL, every).items}
    return [b for b in real(image_names) if b.image.board_id is None or b.image.board_id in known]


def _loses_texts(work: Any, real: Any, images: Any) -> None:
    real(images)
    work.images.remove([image.image_name for image in images])
    for image in images:
        work.images.add(image)


def _loses_words(work: Any, real: Any, images: Any) -> None:
    texts = []
    real(images)
    for image in images:
        name = image.image_name
        texts.append((work.images.metadata(name), work.images.workflow(name)))
    work.images.remove([image.image_name for image in images])
    for image, (_, workflow) in zip(images, texts, strict=True):
        work.images.add(image, workflow=workflow)


def _drops_the_board(work: Any, real: Any, images: Any) -> None:
    every = BoardQuery(include_archived=True, limit=None)
    known = {s.board.board_id for s in work.boards.list_visible(INTERNAL, every).items}
    real([i if i.board_id in known else attrs.evolve(i, board_id=None) for i in images])


def _of_boards_owner(work: Any, real: Any, query: Any) -> Any:
    page = real(query)
    if query.board_id is None:
        return page
    owner_id = work.boards.get(query.board_id).owner_id
    items = [binned for binned in page.items if binned.image.owner_id == owner_id]
    return attrs.evolve(page, items=items, total=len(items))


def _with_todays(work: Any, real: Any, limit: int, **which: Any) -> Any:
    which.pop("deleted_before", None)
    return real(limit, **which)


def _takes_everybodys(work: Any, real: Any, user_id: Any, heir_id: Any) -> None:
    for name in work.bin.oldest(10):
        (binned,) = work.bin.find_many([name])
        real(binned.image.owner_id, heir_id)


def _takes_the_bin_along(work: Any, real: Any, user_id: Any) -> None:
    work.bin.remove(work.bin.oldest(10, owner_id=user_id))
    real(user_id)


BIN: Mapping[str, Fault] = {
    "test_what_is_put_in_is_an_image_no_more": Fault("bin.put_in", _keeps_the_image),
    "test_what_is_put_in_amid_a_transfer_is_the_heirs": Fault("bin.put_in", _gives_it_back),
    "test_unknown_images_are_not_put_in": Fault("bin.put_in", _bins_the_unknown),
    "test_a_board_loses_the_cover_that_is_put_in": Fault("bin.put_in", _keeps_covers),
    "test_a_board_can_go_before_what_left_it": Fault("bin.find_many", _only_with_their_board),
    "test_what_is_taken_out_is_as_it_is_given_with_all_its_texts": Fault(
        "bin.take_out", _loses_texts
    ),
    "test_what_is_taken_out_is_found_by_its_words": Fault("bin.take_out", _loses_words),
    "test_only_what_is_in_the_bin_is_taken_out": Fault("bin.take_out", forgiving(NotFound)),
    "test_nothing_is_taken_out_to_an_unknown_board": Fault("bin.take_out", _drops_the_board),
    "test_binned_images_come_once_in_the_order_asked_for": Fault(
        "bin.find_many", with_first(sorted)
    ),
    "test_the_last_deleted_comes_first_then_by_name": Fault("bin.list", after(backwards)),
    "test_a_bin_is_its_owners": Fault("bin.list", with_query(owner_id=None)),
    "test_what_left_a_board_is_listed_whoever_owns_it": Fault("bin.list", _of_boards_owner),
    "test_the_oldest_come_first_as_far_as_asked_for": Fault("bin.oldest", _with_todays),
    "test_what_is_removed_is_gone": Fault("bin.remove", returning(None)),
    "test_a_bin_is_handed_over_whole": Fault("bin.hand_over", _takes_everybodys),
    "test_a_bin_is_not_handed_over_to_nobody": Fault("bin.hand_over", forgiving(NotFound)),
    "test_an_account_cannot_go_before_its_bin": Fault("users.remove", _takes_the_bin_along),
}


def _without_the_bin(work: Any, real: Any, owner_id: Any) -> int:
    binned = work.bin.find_many(work.bin.oldest(10, owner_id=owner_id))
    wrong: int = real(owner_id) - sum(each.image.size_bytes for each in binned)
    return wrong


def _images_alone(work: Any, real: Any, *which: Any) -> Any:
    return [item for item in real(*which) if work.images.find_many([item.image_name])]


def _known_images_alone(work: Any, real: Any, image_names: Any) -> Any:
    return {image.image_name for image in work.images.find_many(image_names)}


def _sizes_of_images_alone(work: Any, real: Any, image_name: Any, size: int) -> None:
    if work.images.find_many([image_name]):
        real(image_name, size)


STOCK: Mapping[str, Fault] = {
    "test_usage_follows_every_change": Fault("stock.usage", _without_the_bin),
    "test_nobody_unknown_uses_anything": Fault("stock.usage", after(lambda size: size or None)),
    "test_usages_are_those_of_each_owner": Fault(
        "stock.usages", after(lambda sizes: {who: size for who, size in sizes.items() if size})
    ),
    "test_the_books_list_images_and_binned_ones_by_name": Fault("stock.list", _images_alone),
    "test_known_are_images_and_binned_ones": Fault("stock.known", _known_images_alone),
    "test_sizes_are_corrected_wherever_the_picture_is": Fault(
        "stock.put_size", _sizes_of_images_alone
    ),
    "test_what_was_never_miscounted_is_not_recounted": Fault(
        "stock.miscounted", returning(["somebody"])
    ),
}


def _of_everything(work: Any, real: Any, download: Any) -> None:
    real(attrs.evolve(download, board_id=None))


def _forgets_all(work: Any, real: Any, before: Any) -> Any:
    return real(before.replace(year=9999))


def _refuses_to_remove(work: Any, real: Any, user_id: Any) -> None:
    raise Conflict("The account still has archives.")


DOWNLOADS: Mapping[str, Fault] = {
    "test_an_archive_comes_back_as_it_was_asked_for": Fault("downloads.add", _of_everything),
    "test_an_unknown_archive_is_not_found": Fault("downloads.get", forgiving(NotFound)),
    "test_somebody_asked_for_it": Fault("downloads.add", forgiving(NotFound)),
    "test_old_ones_are_forgotten": Fault("downloads.remove_made", _forgets_all),
    "test_they_go_with_their_account": Fault("users.remove", _refuses_to_remove),
}

__all__ = ["BIN", "DOWNLOADS", "STOCK"]
