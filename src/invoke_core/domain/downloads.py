"""Many pictures as one archive, asked for now and fetched within a day."""

from datetime import datetime, timedelta
from typing import NewType

import attrs

from invoke_core.domain.identifiers import BoardId, ImageName, UserId

DownloadId = NewType("DownloadId", str)

LIFE = timedelta(hours=24)


@attrs.frozen(kw_only=True)
class Download:
    """What somebody wants to fetch: named pictures, or all of a board as they are then."""

    download_id: DownloadId
    user_id: UserId
    image_names: tuple[ImageName, ...]
    board_id: BoardId | None
    created_at: datetime  # aware, UTC

    def has_ended(self, now: datetime) -> bool:
        """Return whether it can be fetched no more."""
        return now >= self.created_at + LIFE
