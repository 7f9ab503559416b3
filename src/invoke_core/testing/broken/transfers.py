"""Ways to keep transfers wrongly."""

from collections.abc import Mapping
from typing import Any

import attrs

from invoke_core.domain.images import ImagePlace
from invoke_core.domain.transfers import Transfer, TransferPhase
from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    returning,
)


def _only_collecting(found: Transfer | None) -> Transfer | None:
    return None if found is None or found.phase is TransferPhase.MOVING else found


def _by_name(work: Any, real: Any, transfer: Any, *, limit: int = 1000) -> Any:
    images = sorted(work.images.owned_by(transfer.from_id), key=lambda i: i.image_name)
    real(transfer, limit=1000)
    reached = transfer.collected_name or ""
    return [ImagePlace.of(image) for image in images if image.image_name > reached][:limit]


def _without_boards(work: Any, real: Any, transfer: Any, **how: Any) -> Any:
    return real(attrs.evolve(transfer, board_ids=None), **how)


def _stays_counted(work: Any, real: Any, transfer_id: Any) -> Any:
    """Count images that were taken off the boards as well."""
    transfer = work.transfers.get(transfer_id)
    listed = len(work.images.owned_by(transfer.from_id))
    return max(real(transfer_id), listed)


def _not_yet(work: Any, real: Any, transfer: Any) -> None:
    """Give nothing to the heir before the rows are rewritten."""
    phase = transfer.phase
    early = phase is TransferPhase.MOVING and transfer.moved_name is None
    real(attrs.evolve(transfer, phase=TransferPhase.COLLECTING) if early else transfer)


def _one_less(work: Any, real: Any, transfer: Any, *, limit: int = 1000) -> Any:
    return real(transfer, limit=1000)


def _gives_up(work: Any, real: Any, transfer: Any, **how: Any) -> Any:
    """Find no way on from an image that is gone."""
    last = transfer.moved_name
    return real(transfer, **how) if last is None or work.images.find_many([last]) else []


def _writes_the_old_owner(work: Any, real: Any, image: Any) -> None:
    transfer = work.transfers.unfinished()
    kept = image if transfer is None else attrs.evolve(image, owner_id=transfer.started_by)
    real(attrs.evolve(kept, starred=False))


def _of_any_owner(work: Any, real: Any, transfer: Any, **how: Any) -> Any:
    return real(attrs.evolve(transfer, undoes=None), **how)


def _of_every_transfer(work: Any, real: Any, transfer_id: Any) -> Any:
    every = work.transfers.list(limit=None).items
    return [item for each in every for item in real(each.transfer_id)]


def _keeps_items(work: Any, real: Any, transfer_id: Any) -> None:
    transfer, items = work.transfers.get(transfer_id), work.transfers.items(transfer_id)
    real(transfer_id)
    work.transfers.add(transfer)
    for item in items:
        work.transfers.add_item(transfer_id, item)


def _at_once(work: Any, real: Any, before: Any, *, limit: int = 1000) -> Any:
    return real(before, limit=1000)


TRANSFERS: Mapping[str, Fault] = {
    "test_a_transfer_comes_back_whole": Fault("transfers.get", after(evolved(collected_name=None))),
    "test_an_unknown_transfer_is_not_found": Fault("transfers.put", forgiving(NotFound)),
    "test_an_id_is_taken_once": Fault("transfers.add", forgiving(Conflict)),
    "test_transfers_come_newest_first_then_by_id": Fault("transfers.list", after(backwards)),
    "test_the_unfinished_one_is_found": Fault("transfers.unfinished", after(_only_collecting)),
    "test_the_one_that_undoes_another_is_found": Fault("transfers.undone_by", returning(None)),
    "test_images_are_collected_in_steps_by_time_and_name": Fault("transfers.collect", _by_name),
    "test_what_is_collected_lies_on_the_boards_and_within_the_time": Fault(
        "transfers.collect", _without_boards
    ),
    "test_what_is_written_down_follows_images_that_change": Fault(
        "transfers.count", _stays_counted
    ),
    "test_what_is_written_down_belongs_to_the_heir_for_every_question": Fault(
        "transfers.put", _not_yet
    ),
    "test_an_image_that_changes_meanwhile_is_the_heirs_all_the_same": Fault(
        "images.put", _writes_the_old_owner
    ),
    "test_rows_are_rewritten_in_steps": Fault("transfers.move", _one_less),
    "test_rows_are_rewritten_whatever_became_of_the_last_one": Fault("transfers.move", _gives_up),
    "test_an_undoing_transfer_collects_what_the_heir_still_has": Fault(
        "transfers.collect", _of_any_owner
    ),
    "test_the_boards_on_which_it_lies_are_told": Fault(
        "transfers.touched_boards", after(backwards)
    ),
    "test_what_else_moved_comes_ordered_by_kind_and_id": Fault(
        "transfers.items", _of_every_transfer
    ),
    "test_a_removed_transfer_is_gone_with_what_it_wrote_down": Fault(
        "transfers.remove", _keeps_items
    ),
    "test_old_transfers_are_forgotten_in_steps": Fault("transfers.forget", _at_once),
}

IMAGE_WALKS: Mapping[str, Fault] = {
    "test_lists_and_counts_are_right_whatever_happens_to_images": Fault("transfers.put", _not_yet),
}
