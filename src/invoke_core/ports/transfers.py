"""What has to be kept of content that goes from one account to another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import BoardId, ImageName, TransferId
from invoke_core.domain.images import ImagePlace
from invoke_core.domain.pages import Page
from invoke_core.domain.statistics import ImageUsage
from invoke_core.domain.transfers import MovedItem, Transfer, TransferWish


class TransferRepository(Protocol):
    """Transfers, and what each of them moves, inside one unit of work.

    An image *matches* a transfer that undoes none where it belongs to `from_id`, lies on one of the
    `board_ids` (if any are named) and was made within its time; one that undoes another where the other
    wrote it down and it belongs to `from_id` now.

    While a transfer is COLLECTING, what is written down follows images that change: in the unit of work in
    which one up to `collected` comes to match, it is written down; in which one matches no more, crossed out.
    Once `collect` finds no more, what is written down is exactly what matches.
    """

    def add(self, transfer: Transfer) -> None:
        """Keep a new transfer; raise Conflict where the id is taken."""

    def put(self, transfer: Transfer) -> None:
        """Replace the transfer of this id; raise NotFound where there is none.

        From the unit of work on that puts it with the phase MOVING, every image that is written down
        and belongs to `from_id` belongs to `to_id`, whatever repository is asked.
        """

    def get(self, transfer_id: TransferId) -> Transfer:
        """Return the transfer; raise NotFound where there is none."""

    def remove(self, transfer_id: TransferId) -> None:
        """Forget the transfer and what it wrote down; raise NotFound where there is none."""

    def list(self, *, offset: int = 0, limit: int | None = 50) -> Page[Transfer]:
        """Return transfers, the newest first, then by id downwards."""

    def unfinished(self) -> Transfer | None:
        """Return the transfer that is not DONE, or None; there is at most one."""

    def undone_by(self, transfer_id: TransferId) -> Transfer | None:
        """Return the transfer that undoes this one, or None."""

    def collect(self, transfer: Transfer, *, limit: int = 1000) -> Sequence[ImagePlace]:
        """Write down the next images that match, after `transfer.collected`, by time and then by name.

        Returns:
            Their places in this order; fewer than `limit`: there are no more.
        """

    def count(self, transfer_id: TransferId) -> int:
        """Return how many images are written down, of a transfer that is COLLECTING; kept, not counted."""

    def move(self, transfer: Transfer, *, limit: int = 1000) -> Sequence[ImageName]:
        """Rewrite the next images that are written down, after `transfer.moved_name`.

        Only of a transfer that is MOVING, in whatever order the store walks best; those that are gone are
        passed over.

        Returns:
            Names, the last of which is the next `moved_name`; fewer than `limit`: there are no more.
        """

    def usage(self, wish: TransferWish) -> ImageUsage:
        """Return how many images match a transfer of the wish now, and what they take."""

    def touched_boards(self, transfer_id: TransferId) -> Sequence[BoardId]:
        """Return the boards on which what is written down lies, ordered by id; kept, not looked for.

        Of a transfer that is COLLECTING.
        """

    def add_item(self, transfer_id: TransferId, item: MovedItem) -> None:
        """Write down something else that moved."""

    def items(self, transfer_id: TransferId) -> Sequence[MovedItem]:
        """Return what else moved, ordered by kind and id."""

    def forget(self, before: datetime, *, limit: int = 1000) -> int:
        """Forget what is left of DONE transfers whose `created_at` is before, images first.

        Returns:
            How many images or transfers went, at most `limit`; 0: there are no more.
        """
