"""What becomes of what a person owns when the account goes: removed, or handed over.

Of pictures there can be very many: `remove_pictures`, `return_guests_pictures` and `hand_over_pictures` take
some of them, and leave the account with the others. The rest goes with the account in one unit of work.
"""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.ports.unit_of_work import Work
from invoke_core.services import _deleting, flows
from invoke_core.services._image_news import tell_of_board, tell_of_lost_board

EVERYTHING = 2**31 - 1  # pictures


def owns_many(work: Work, user_id: UserId) -> bool:
    """Return whether the user has more pictures, those in the bin included, than one step takes."""
    images = work.images.usage(owner_id=user_id).images
    return (
        images > _deleting.STEP
        or images + len(work.bin.oldest(_deleting.STEP + 1, owner_id=user_id)) > _deleting.STEP
    )


def has_many_guests(work: Work, user_id: UserId) -> bool:
    """Return whether others have more pictures on the user's boards than one step takes."""
    guests = 0
    for board in work.boards.owned_by(user_id):
        every = work.images.usage(board_id=board.board_id)
        own = work.images.usage(owner_id=user_id, board_id=board.board_id)
        guests += every.images - own.images
    return guests > _deleting.STEP


def remove_content(work: Work, user_id: UserId, now: datetime) -> Sequence[ImageName]:
    """Remove everything that the user owns; return the names whose files must go after the commit."""
    flows.remove_jobs(work, user_id, now)
    boards = work.boards.owned_by(user_id)
    for workflow in work.workflows.owned_by(user_id):
        work.workflows.remove(workflow.workflow_id)
    for preset in work.style_presets.owned_by(user_id):
        work.style_presets.remove(preset.preset_id)
    image_names = remove_pictures(work, user_id, now, limit=EVERYTHING)
    return_guests_pictures(work, user_id, now, limit=EVERYTHING)
    for board in boards:
        guests = [grant.user_id for grant in work.boards.grants(board.board_id)]
        work.boards.remove(board.board_id)
        tell_of_lost_board(work, board, [user_id, *guests], now)
    return image_names


def hand_over(work: Work, user_id: UserId, heir_id: UserId, now: datetime) -> None:
    """Give the user's boards, pictures, workflows and presets to another; jobs not ended are dropped.

    A grant that the heir had on such a board goes: the owner may do everything.
    """
    flows.remove_jobs(work, user_id, now)
    for board in work.boards.owned_by(user_id):
        if any(grant.user_id == heir_id for grant in work.boards.grants(board.board_id)):
            work.boards.remove_grant(board.board_id, heir_id)
        work.boards.put(attrs.evolve(board, owner_id=heir_id, updated_at=now))
        tell_of_board(work, board.board_id, now)
    hand_over_pictures(work, user_id, heir_id, now, limit=EVERYTHING)
    for workflow in work.workflows.owned_by(user_id):
        work.workflows.put(attrs.evolve(workflow, owner_id=heir_id, updated_at=now))
    for preset in work.style_presets.owned_by(user_id):
        work.style_presets.put(attrs.evolve(preset, owner_id=heir_id, updated_at=now))
    work.bin.hand_over(user_id, heir_id)


def hand_over_pictures(
    work: Work, user_id: UserId, heir_id: UserId, now: datetime, *, limit: int
) -> int:
    """Give so many of the user's pictures to another, none of the bin; return how many it were."""
    images = work.images.owned_by(user_id, limit=limit)
    for image in images:
        work.images.put(attrs.evolve(image, owner_id=heir_id, updated_at=now))
        audience = Audience.of_image(heir_id, image.board_id)
        body = {"image_name": image.image_name, "board_id": image.board_id}
        work.news.tell(NewsKind.IMAGE_CHANGED, audience, body, now)
    return len(images)


def return_guests_pictures(work: Work, user_id: UserId, now: datetime, *, limit: int) -> int:
    """Give so many pictures on the boards of a user, who has none left there, back; return how many."""
    returned = 0
    for board in work.boards.owned_by(user_id):
        images = work.images.on_board(board.board_id, limit=limit - returned)
        returned += len(images)
        for image in images:
            work.images.put(attrs.evolve(image, board_id=None, updated_at=now))
            body = {"image_name": image.image_name, "board_id": None}
            work.news.tell(NewsKind.IMAGE_CHANGED, Audience.of_user(image.owner_id), body, now)
        if returned == limit:
            break
    return returned


def remove_pictures(
    work: Work, user_id: UserId, now: datetime, *, limit: int
) -> Sequence[ImageName]:
    """Remove so many of the user's pictures, then of those in the bin; return their names.

    Their files must go after the commit.
    """
    images = work.images.owned_by(user_id, limit=limit)
    own_boards = {board.board_id for board in work.boards.owned_by(user_id)}
    for image in images:
        # Nobody is in the audience of a board that is about to go: `tell_of_lost_board` reaches them.
        audience = Audience.of_user(user_id)
        if image.board_id is not None and image.board_id not in own_boards:
            audience = Audience.of_board(image.board_id)
        body = {"image_name": image.image_name, "board_id": image.board_id}
        work.news.tell(NewsKind.IMAGE_DELETED, audience, body, now)
    image_names = [image.image_name for image in images]
    work.images.remove(image_names)
    binned = work.bin.oldest(limit - len(images), owner_id=user_id)
    work.bin.remove(binned)
    image_names += binned
    work.doomed_files.add(image_names, now)
    return image_names
