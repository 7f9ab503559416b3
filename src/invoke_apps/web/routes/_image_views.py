"""Pictures as clients see them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

from invoke_apps.web.routes.boards import NO_BOARD
from invoke_core.domain.identifiers import BoardId, ImageName
from invoke_core.domain.images import Image, ImageCategory, ImageOrigin


@attrs.frozen(kw_only=True)
class ImageView:
    """A stored picture."""

    image_name: str
    image_origin: ImageOrigin
    image_category: ImageCategory
    width: int
    height: int
    is_intermediate: bool
    starred: bool
    has_workflow: bool
    board_id: str | None
    user_id: str
    size_bytes: int
    session_id: str | None
    node_id: str | None
    created_at: datetime
    updated_at: datetime
    image_url: str
    thumbnail_url: str
    deleted_at: None = None

    @classmethod
    def of(cls, image: Image) -> "ImageView":
        """Return the picture as it is shown."""
        return cls(
            image_name=image.image_name,
            image_origin=image.origin,
            image_category=image.category,
            width=image.width,
            height=image.height,
            is_intermediate=image.is_intermediate,
            starred=image.starred,
            has_workflow=image.has_workflow,
            board_id=image.board_id,
            user_id=image.owner_id,
            size_bytes=image.size_bytes,
            session_id=image.run_id,
            node_id=image.node_id,
            created_at=image.created_at,
            updated_at=image.updated_at,
            image_url=image_url(image.image_name),
            thumbnail_url=thumbnail_url(image.image_name),
        )


def image_url(image_name: ImageName) -> str:
    """Return where the full picture is, relative to the server's root, as InvokeAI writes it."""
    return f"api/v1/images/i/{image_name}/full"


def thumbnail_url(image_name: ImageName) -> str:
    """Return where the thumbnail is, relative to the server's root."""
    return f"api/v1/images/i/{image_name}/thumbnail"


def board_words(boards: Sequence[BoardId | None]) -> list[str]:
    """Return the ids of boards; `none` stands for no board."""
    return [NO_BOARD if board_id is None else board_id for board_id in boards]


def named_board(text: str | None) -> BoardId | None:
    """Return the board that a parameter names; None for `none` and where nothing is named."""
    return None if text in {None, NO_BOARD} else BoardId(str(text))


def aware(at: datetime | None) -> datetime | None:
    """Return the time in UTC where it was given without a zone."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
