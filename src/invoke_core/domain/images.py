"""What a stored picture is, and who may see, change or move it."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from invoke_core.domain.boards import Board, Grant, Permission, permission_on
from invoke_core.domain.identifiers import BoardId, ImageName, RunId, UserId
from invoke_core.domain.image_lists import Position
from invoke_core.domain.principals import Principal, Via, require_no_duty
from invoke_core.domain.search import MOST_MATCHES, Term, terms
from invoke_core.errors import Forbidden, Invalid, NotFound

METADATA_TEXT = "invokeai_metadata"  # InvokeAI's key: how the picture was made, a JSON object
WORKFLOW_TEXT = "invokeai_workflow"
GRAPH_TEXT = "invokeai_graph"
KEPT_TEXTS = (METADATA_TEXT, WORKFLOW_TEXT, GRAPH_TEXT)  # PNG text chunks; all others are dropped

MAX_NAMES = 1000  # in one call on many images

_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.png")


def is_image_name(text: str) -> bool:
    """Return whether the text is of the form that the server names pictures in: a UUID and `.png`."""
    return _NAME.fullmatch(text) is not None


class ImageCategory(StrEnum):
    """What a picture is for, by InvokeAI's names."""

    GENERAL = "general"
    CONTROL = "control"
    MASK = "mask"
    USER = "user"
    OTHER = "other"


class ImageOrigin(StrEnum):
    """Where a picture came from."""

    INTERNAL = "internal"  # generated here
    EXTERNAL = "external"  # uploaded


@attrs.frozen(kw_only=True)
class Image:
    """A stored picture. Its content lies in the image storage under its name."""

    image_name: ImageName
    owner_id: UserId
    board_id: BoardId | None  # None: uncategorised
    origin: ImageOrigin
    category: ImageCategory = ImageCategory.GENERAL
    width: int  # pixels
    height: int  # pixels
    is_intermediate: bool = False
    starred: bool = False
    has_workflow: bool = False
    size_bytes: int  # of the picture and its thumbnail
    run_id: RunId | None = None
    node_id: str | None = None
    created_at: datetime  # aware, UTC
    updated_at: datetime


@attrs.frozen
class ImagePlace:
    """Where an image stands in a list that is ordered by time and then by name."""

    created_at: datetime  # aware, UTC
    image_name: ImageName

    @classmethod
    def of(cls, image: Image) -> "ImagePlace":
        """Return the place of the image."""
        return cls(image.created_at, image.image_name)


@attrs.frozen(kw_only=True)
class ImageChanges:
    """What is to change on an image; None leaves it as it is."""

    starred: bool | None = None
    is_intermediate: bool | None = None
    category: ImageCategory | None = None
    run_id: RunId | None = None


def changed(image: Image, changes: ImageChanges, now: datetime) -> Image:
    """Return the image after the changes."""
    wished = attrs.asdict(changes, filter=lambda _, value: value is not None)
    return attrs.evolve(image, updated_at=now, **wished)


class ImageScope(StrEnum):
    """Whose pictures a list is of, where no board is named."""

    OWN = "own"  # one's own, for administrators too
    VISIBLE = "visible"  # all that one may see


@attrs.frozen(kw_only=True)
class ImageQuery:
    """Which of the images that one may see, and in what order.

    Order: starred ones first if wished; of a search the best matches first; then by time of creation, then
    by name.
    """

    board_id: BoardId | None = None
    uncategorised: bool = False  # only images on no board; with `board_id` None
    scope: ImageScope = ImageScope.OWN
    categories: Sequence[ImageCategory] | None = None  # None: every one
    is_intermediate: bool | None = None
    owner_id: UserId | None = None  # only this person's
    model: str | None = None  # only those made with it: its name, case ignored, or its key
    since: datetime | None = None  # aware; those made then or later
    until: datetime | None = None  # aware; those made before
    search: str | None = None  # see `invoke_core.domain.search`
    starred_first: bool = False
    descending: bool = True
    after: Position | None = None  # only those that stand after it
    offset: int = 0
    limit: int = 50
    most: int = MOST_MATCHES  # what is looked for is looked for among so many of the newest matches

    @property
    def terms(self) -> tuple[Term, ...]:
        """Return the terms of the search; without any nothing is searched for."""
        return terms(self.search or "")

    @property
    def is_search(self) -> bool:
        """Return whether something is looked for in the words of pictures."""
        return self.model is not None or bool(self.terms)


def own_scope(principal: Principal) -> ImageScope:
    """Return the scope of one's own images: where nobody signs in, everything is one's own."""
    return ImageScope.VISIBLE if principal.via is Via.SINGLE_USER else ImageScope.OWN


def require_few(names: Sequence[str]) -> None:
    """Raise Invalid over 1,000 names in one call."""
    if len(names) > MAX_NAMES:
        raise Invalid(f"Name at most {MAX_NAMES:,} images in one call.", field="image_names")


def permission_on_image(
    image: Image, principal: Principal, board: Board | None, grants: Iterable[Grant]
) -> Permission | None:
    """Return the most that the principal may do with the image, or None.

    An image follows its board; an uncategorised one is its owner's and the administrators'. Its
    owner always sees it.

    Args:
        image: the picture.
        principal: who asks.
        board: the one that the image lies on; None where it lies on none.
        grants: those of the board.
    """
    if principal.is_admin:
        return Permission.OWNER
    own = image.owner_id == principal.user_id
    if board is None:
        return Permission.OWNER if own else None
    held = permission_on(board, principal, grants)
    if own:
        return max(held or Permission.READ, Permission.READ)
    return held


def require_on_image(
    needed: Permission,
    image: Image,
    principal: Principal,
    board: Board | None,
    grants: Iterable[Grant],
) -> Permission:
    """Return what the principal may do with the image, which is at least `needed`.

    Raises:
        NotFound: the principal may not know of the image.
        Forbidden: the principal may see it, but not do this.
    """
    require_no_duty(principal)
    held = permission_on_image(image, principal, board, grants)
    if held is None:
        raise NotFound("image", image.image_name)
    if held < needed:
        raise Forbidden(f"This needs {needed.name.lower()} permission on the image's board.")
    return held


def may_take_away(
    image: Image, principal: Principal, board: Board | None, grants: Iterable[Grant]
) -> bool:
    """Return whether the image may leave where it is: with WRITE there, or for its owner."""
    held = permission_on_image(image, principal, board, grants)
    return image.owner_id == principal.user_id or (held or 0) >= Permission.WRITE


def require_takeable(
    image: Image, principal: Principal, board: Board | None, grants: Sequence[Grant]
) -> None:
    """Refuse unless the principal may take the image away from where it is.

    Raises:
        NotFound: the principal may not know of the image.
        Forbidden: the principal may see it, but not take it away.
    """
    if not may_take_away(image, principal, board, grants):
        require_on_image(Permission.WRITE, image, principal, board, grants)
