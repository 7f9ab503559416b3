"""What changed, for whom: small facts that every process and every open page hears of."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs

from invoke_core.domain.identifiers import BoardId, UserId


class NewsKind(StrEnum):
    """What changed. The body of each kind is a mapping of short texts and numbers."""

    JOB_CHANGED = "job_changed"  # item_id, status
    BATCH_ENQUEUED = "batch_enqueued"  # batch_id, owner_id, enqueued
    JOBS_CHANGED = "jobs_changed"  # many at once: clients read the counts again
    QUEUE_PAUSED = "queue_paused"  # paused
    BOARD_CHANGED = "board_changed"  # board_id
    CONTENT_MOVED = "content_moved"  # much at once: clients read everything again
    IMAGE_CREATED = "image_created"  # image_name, board_id
    IMAGE_CHANGED = "image_changed"  # image_name, board_id
    IMAGE_DELETED = "image_deleted"  # image_name, board_id
    # user_id, session_id (or the id of an API key): null means every session of the account
    SESSION_ENDED = "session_ended"
    MODEL_CHANGED = "model_changed"  # key
    MAIL_WAITING = "mail_waiting"  # user_id: a letter is to be sent


class AudienceKind(StrEnum):
    """How the people who may hear of a change are named."""

    EVERYBODY = "everybody"
    ADMINISTRATORS = "administrators"
    USER = "user"  # that user, and administrators
    BOARD = "board"  # whoever may see the board
    IMAGE = "image"  # whoever may see an image of that owner on that board, or on none


@attrs.frozen
class Audience:
    """Who may hear of a change; decided anew for each listener at the moment of sending."""

    kind: AudienceKind
    id: str | None = None  # of the user or the board; None: the image lies on no board
    owner_id: UserId | None = None  # of the image

    @classmethod
    def everybody(cls) -> "Audience":
        """Return the audience of all who are signed in."""
        return cls(AudienceKind.EVERYBODY)

    @classmethod
    def administrators(cls) -> "Audience":
        """Return the audience of administrators."""
        return cls(AudienceKind.ADMINISTRATORS)

    @classmethod
    def of_user(cls, user_id: UserId) -> "Audience":
        """Return the audience of one user and administrators."""
        return cls(AudienceKind.USER, user_id)

    @classmethod
    def of_board(cls, board_id: BoardId) -> "Audience":
        """Return the audience of those who may see the board."""
        return cls(AudienceKind.BOARD, board_id)

    @classmethod
    def of_image(cls, owner_id: UserId, board_id: BoardId | None) -> "Audience":
        """Return the audience of those who may see an image of this owner that lies there."""
        return cls(AudienceKind.IMAGE, board_id, owner_id)


@attrs.frozen(kw_only=True)
class NewsItem:
    """One change, as it was told in the unit of work that made it."""

    news_id: int  # grows; never used twice
    kind: NewsKind
    audience: Audience
    body: Mapping[str, str | int | float | bool | None]
    at: datetime  # aware, UTC
