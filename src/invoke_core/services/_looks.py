"""Looks of administrators into what is hidden from them as people: written down before they see it."""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from invoke_core.domain.audit import (
    AuditAction,
    Facts,
    Stranger,
    Target,
    as_person,
    is_private_look,
)
from invoke_core.domain.boards import Board, Grant, Permission, permission_on
from invoke_core.domain.images import Image, ImageQuery, ImageScope
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import SeenJob
from invoke_core.domain.throttle import address_key
from invoke_core.ports.unit_of_work import Work, Writing
from invoke_core.services._places import Places

ONCE_IN = timedelta(hours=1)

Deed = tuple[AuditAction, Target]
"""What was done, and to what."""

EVERYBODYS_IMAGES: Deed = (AuditAction.IMAGE_LOOK, Target("images"))


class Hourly:
    """Writes the same deed of the same one down once an hour; in memory, so that a repeat writes nothing.

    Thread-safe. Of two that come together both may be written: what counts is that none is seen before
    it is written.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.Lock()
        self._noted: dict[tuple[str, Deed], datetime] = {}

    def write_down(
        self,
        writing: Writing,
        who: Principal | Stranger,
        deeds: Iterable[Deed],
        now: datetime,
        *,
        after: Facts | None = None,
    ) -> None:
        """Record those of the deeds that were not within the hour, in one unit of work of its own.

        Raises:
            Unavailable: they cannot be written down now.
            StorageFull: the disk is full.
        """
        name = _name(who)
        fresh = [deed for deed in dict.fromkeys(deeds) if self._is_fresh((name, deed), now)]
        if not fresh:
            return
        with writing() as work:
            for action, target in fresh:
                work.audit.record(who, action, target, at=now, after=after)
        with self._lock:
            self._noted = {k: at for k, at in self._noted.items() if now < at + ONCE_IN}
            self._noted.update(((name, deed), now) for deed in fresh)

    def _is_fresh(self, key: tuple[str, Deed], now: datetime) -> bool:
        with self._lock:
            noted = self._noted.get(key)
        return noted is None or not noted <= now < noted + ONCE_IN


def _name(who: Principal | Stranger) -> str:
    if isinstance(who, Stranger):  # by network alone: a flood of typed addresses is one deed
        return address_key(who.address)
    return f"{who.user_id} {who.via} {who.operating_system_user}"


def acts_as_administrator(
    principal: Principal, needed: Permission, board: Board, grants: Iterable[Grant]
) -> bool:
    """Return whether it takes an administrator's rights to do this with the board."""
    if not is_private_look(principal):
        return False
    return (permission_on(board, as_person(principal), grants) or 0) < needed


def board_looks(principal: Principal, board: Board, grants: Iterable[Grant]) -> Sequence[Deed]:
    """Return the look into a board where it takes an administrator's rights; else nothing."""
    if not acts_as_administrator(principal, Permission.READ, board, grants):
        return ()
    return [(AuditAction.BOARD_LOOK, Target("board", board.board_id))]


def others_images(
    work: Work, principal: Principal, images: Iterable[Image], needed: Permission
) -> Sequence[Image]:
    """Return those images for which it takes an administrator's rights to do this."""
    if not is_private_look(principal):
        return ()
    images = list(images)
    places, person = Places(work), as_person(principal)
    places.read(images)
    return [image for image in images if not places.allows(needed, image, person)]


def image_looks(work: Work, principal: Principal, images: Iterable[Image]) -> Sequence[Deed]:
    """Return the looks into images where they take an administrator's rights."""
    hidden = others_images(work, principal, images, Permission.READ)
    return [(AuditAction.IMAGE_LOOK, Target("image", image.image_name)) for image in hidden]


def place_looks(work: Work, principal: Principal, images: Iterable[Image]) -> Sequence[Deed]:
    """Return the looks into boards, or among people's uncategorised images, where the images lie."""
    return [
        (AuditAction.BOARD_LOOK, Target("board", image.board_id))
        if image.board_id
        else (AuditAction.IMAGE_LOOK, Target("user", image.owner_id))
        for image in others_images(work, principal, images, Permission.READ)
    ]


def query_looks(work: Work, principal: Principal, query: ImageQuery) -> Sequence[Deed]:
    """Return the looks of a list of images."""
    if not is_private_look(principal):
        return ()
    if query.board_id is not None:
        board = work.boards.get(query.board_id)
        return board_looks(principal, board, work.boards.grants(query.board_id))
    return [EVERYBODYS_IMAGES] if query.scope is ImageScope.VISIBLE else ()


def job_looks(principal: Principal, jobs: Iterable[SeenJob]) -> Sequence[Deed]:
    """Return the looks at other people's jobs, which show their prompts: one for each person."""
    if not is_private_look(principal):
        return ()
    owners = [seen.details.job.owner_id for seen in jobs if seen.details is not None]
    return [
        (AuditAction.JOB_LOOK, Target("user", owner_id))
        for owner_id in dict.fromkeys(owners)
        if owner_id != principal.user_id
    ]
