"""What is told of images and boards, and to whom."""

from collections.abc import Iterable
from datetime import datetime

from invoke_core.domain.boards import Board, Visibility
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.ports.unit_of_work import Work
from invoke_core.services._places import Place


def tell_of_image(work: Work, kind: NewsKind, image: Image, place: Place, at: datetime) -> None:
    """Tell whoever may see the image there: who sees the board, its owner and administrators."""
    board_id = None if place.board is None else place.board.board_id
    body = {"image_name": image.image_name, "board_id": board_id}
    work.news.tell(kind, Audience.of_image(image.owner_id, board_id), body, at)


def tell_of_board(work: Work, board_id: BoardId, at: datetime) -> None:
    """Tell whoever may see the board that it, or what lies on it, changed."""
    body = {"board_id": board_id}
    work.news.tell(NewsKind.BOARD_CHANGED, Audience.of_board(board_id), body, at)


def tell_people_of_board(
    work: Work, board_id: BoardId, user_ids: Iterable[UserId], at: datetime
) -> None:
    """Tell people who will not, or may not, see the board any more that it changed."""
    for user_id in sorted(set(user_ids)):
        body = {"board_id": board_id}
        work.news.tell(NewsKind.BOARD_CHANGED, Audience.of_user(user_id), body, at)


def tell_of_lost_board(work: Work, before: Board, user_ids: Iterable[UserId], at: datetime) -> None:
    """Tell those who saw the board, and these people, that it went out of sight."""
    if before.visibility is Visibility.PRIVATE:
        tell_people_of_board(work, before.board_id, user_ids, at)
    else:  # everybody saw it, so everybody may hear of it
        body = {"board_id": before.board_id}
        work.news.tell(NewsKind.BOARD_CHANGED, Audience.everybody(), body, at)
