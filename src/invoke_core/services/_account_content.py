"""What becomes of a person's jobs, boards and pictures when the account pauses or goes."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain.boards import OPEN_TO_ALL, Board
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.ports.unit_of_work import Work
from invoke_core.services import flows


def remove_content(work: Work, user_id: UserId, now: datetime) -> Sequence[ImageName]:
    """Remove everything that the user owns; return the names whose files must go after the commit."""
    flows.remove_jobs(work, user_id, now)
    boards = work.boards.owned_by(user_id)
    for board in boards:
        _return_guests_images(work, board, now)
    image_names = _remove_images(work, user_id, now)
    for board in boards:
        _remove_board(work, board, now)
    return image_names


def _return_guests_images(work: Work, board: Board, now: datetime) -> None:
    for image in work.images.on_board(board.board_id):
        if image.owner_id != board.owner_id:
            work.images.put(attrs.evolve(image, board_id=None, updated_at=now))
            work.news.tell(
                NewsKind.IMAGE_CHANGED,
                Audience.of_user(image.owner_id),
                {"image_name": image.image_name, "board_id": None},
                now,
            )


def _remove_images(work: Work, user_id: UserId, now: datetime) -> Sequence[ImageName]:
    images = work.images.owned_by(user_id)
    for image in images:
        audience = Audience.of_user(user_id)
        if image.board_id is not None:
            audience = Audience.of_board(image.board_id)
        work.news.tell(
            NewsKind.IMAGE_DELETED,
            audience,
            {"image_name": image.image_name, "board_id": image.board_id},
            now,
        )
    image_names = [image.image_name for image in images]
    work.images.remove(image_names)
    return image_names


def _remove_board(work: Work, board: Board, now: datetime) -> None:
    # Nobody is in the audience of a board that is gone, so its people are named one by one.
    audiences = [
        Audience.of_user(user_id)
        for user_id in [board.owner_id, *(g.user_id for g in work.boards.grants(board.board_id))]
    ]
    if board.visibility in OPEN_TO_ALL:
        audiences = [Audience.everybody()]
    work.boards.remove(board.board_id)
    for audience in audiences:
        work.news.tell(NewsKind.BOARD_CHANGED, audience, {"board_id": board.board_id}, now)
