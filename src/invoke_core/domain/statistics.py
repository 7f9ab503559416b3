"""What an account has made and holds, in numbers."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain.boards import Board
from invoke_core.domain.queue import QueueCounts


@attrs.frozen(kw_only=True)
class ImageUsage:
    """How many pictures, and what their files take."""

    images: int = 0
    size_bytes: int = 0  # thumbnails included


@attrs.frozen(kw_only=True)
class UserStatistics:
    """An account in numbers."""

    boards: int
    images: int  # intermediate ones included, those in the bin not
    workflows: int
    storage_bytes: int  # that the files of its pictures take, thumbnails and bin included
    jobs: QueueCounts
    gpu_seconds: float  # that its ended jobs ran, for as long as the queue remembers them
    last_login_at: datetime | None
    active_sessions: int


@attrs.frozen(kw_only=True)
class BoardContent:
    """A board that would change hands, or go."""

    board: Board
    images: int  # whoever owns them
    guests_images: int  # of other people


@attrs.frozen(kw_only=True)
class AccountContent:
    """What a deletion would remove or hand over."""

    boards: Sequence[BoardContent]  # ordered by id
    images: int  # of the account, wherever they lie, but for those in the bin
    workflows: int
    style_presets: int
    storage_bytes: int  # the bin included
    unfinished_jobs: int  # pending or running: these end in any case
