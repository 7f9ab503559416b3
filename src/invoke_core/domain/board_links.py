"""Links that show one board to whoever holds them, without an account."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from invoke_core.domain.boards import Board, Grant, Permission, permission_on
from invoke_core.domain.identifiers import SYSTEM, BoardId, BoardLinkId, ImageName, UserId
from invoke_core.domain.images import ImagePlace
from invoke_core.domain.principals import Principal, Via
from invoke_core.domain.users import User
from invoke_core.errors import Invalid

LINK_LIFE = timedelta(days=30)  # unless another end is named
MAX_LINKS = 100  # of one board
MAX_PASSWORD_CHARACTERS = 1024


@attrs.frozen(kw_only=True)
class BoardLink:
    """A link to a board."""

    link_id: BoardLinkId
    board_id: BoardId
    digest: str  # of the token, which is kept nowhere
    password_hash: str | None = attrs.field(default=None, repr=False)
    metadata: bool = False  # whether it also shows how the pictures were made
    created_by: UserId
    created_at: datetime  # aware, UTC
    expires_at: datetime


def works(
    link: BoardLink, board: Board, creator: User, grants: Iterable[Grant], now: datetime
) -> bool:
    """Return whether the link shows its board.

    It does until it expires, and while whoever made it could make it anew: nobody keeps a way in for
    others that they have lost themselves.

    Args:
        link: the link.
        board: the one that it is to.
        creator: the account that made it.
        grants: those of the board.
        now: aware, UTC.
    """
    if now >= link.expires_at:
        return False
    if creator.user_id == SYSTEM:  # the host's command line, or a server without accounts
        return True
    person = Principal(user_id=creator.user_id, is_admin=creator.is_admin, via=Via.INTERNAL)
    return creator.is_active and (permission_on(board, person, grants) or 0) >= Permission.ADMIN


def expiry(wished: datetime | None, now: datetime) -> datetime:
    """Return when a new link ends: as wished, else in 30 days.

    Raises:
        Invalid: it has no time zone, or is past already.
    """
    if wished is None:
        return now + LINK_LIFE
    if wished.tzinfo is None:
        raise Invalid("The time needs its zone, such as a Z at its end.", field="expires_at")
    if wished <= now:
        raise Invalid("This time has passed already.", field="expires_at")
    return wished


def checked_link_password(text: str | None) -> str | None:
    """Return the password of a link; raise Invalid outside 1 to 1,024 characters."""
    if text is not None and not 1 <= len(text) <= MAX_PASSWORD_CHARACTERS:
        raise Invalid("A link's password has 1 to 1,024 characters.", field="password")
    return text


def unlocking(token: str, link: BoardLink) -> str:
    """Return what proves that the password of the link was given, for whoever gave it to keep.

    It follows from the token and from the stored hash (HMAC-SHA-256), and so can be made neither by
    whoever holds the link alone nor by whoever reads the database alone, and is good for no other link.
    """
    key = (link.password_hash or "").encode()
    text = f"{link.link_id}\n{token}".encode("utf-8", "surrogatepass")
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def is_unlocked(link: BoardLink, token: str, shown: str | None) -> bool:
    """Return whether the link needs no password, or what was shown proves that it was given."""
    if link.password_hash is None:
        return True
    proof = (shown or "").encode("utf-8", "surrogatepass")
    return hmac.compare_digest(unlocking(token, link).encode(), proof)


def link_account(link_id: BoardLinkId) -> str:
    """Return under which name wrong passwords of the link are counted; no account has this address."""
    return f"{link_id}@link"


def board_link_url(site: str, token: str) -> str:
    """Return the address that a person opens; its last path segment is the token.

    Args:
        site: the address of the server, such as `https://invoke.example.com/`.
        token: the secret of the link.
    """
    return f"{site.rstrip('/')}/links/{token}"


def cursor_of(place: ImagePlace) -> str:
    """Return a place as an opaque text, for `place_of`."""
    content = json.dumps([place.created_at.isoformat(), place.image_name])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def place_of(cursor: str) -> ImagePlace:
    """Return the place that `cursor_of` wrote; raise Invalid for any other text."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created_at, image_name = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        at = datetime.fromisoformat(created_at)
        if at.tzinfo is None or not isinstance(image_name, str):
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise Invalid(
            "This cursor is not one that a list gave: begin without one.", field="cursor"
        ) from error
    return ImagePlace(at, ImageName(image_name))
