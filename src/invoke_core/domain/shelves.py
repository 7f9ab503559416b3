"""What people make for themselves and may show to everybody: workflows and style presets."""

from enum import StrEnum
from typing import Protocol

from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.principals import Principal, Via, require_usable
from invoke_core.errors import Forbidden, Invalid, NotFound


class Shelf(StrEnum):
    """Where a thing stands, by InvokeAI's names."""

    USER = "user"  # with its owner, who may make it public
    DEFAULT = "default"  # with the server: everybody sees it, administrators alone change it


class Whose(StrEnum):
    """Whose things a list is of."""

    OWN = "own"  # one's own, for administrators too, and those of the server
    VISIBLE = "visible"  # all that one may see


class Shelved(Protocol):
    """What the rules need to know of a thing."""

    @property
    def owner_id(self) -> UserId:
        """Whose it is."""

    @property
    def shelf(self) -> Shelf:
        """Where it stands."""

    @property
    def is_public(self) -> bool:
        """Whether its owner shows it to everybody."""


def may_see(thing: Shelved, principal: Principal) -> bool:
    """Return whether the principal may see the thing."""
    return (
        principal.is_admin
        or thing.owner_id == principal.user_id
        or thing.is_public
        or thing.shelf is Shelf.DEFAULT
    )


def may_change(thing: Shelved, principal: Principal) -> bool:
    """Return whether the principal may change the thing, publish it and delete it."""
    own = thing.owner_id == principal.user_id and thing.shelf is Shelf.USER
    return principal.is_admin or own


def require_sight(kind: str, id: str, thing: Shelved, principal: Principal) -> None:
    """Raise NotFound where the principal may not know of the thing."""
    require_usable(principal)
    if not may_see(thing, principal):
        raise NotFound(kind, id)


def require_change(kind: str, id: str, thing: Shelved, principal: Principal) -> None:
    """Refuse unless the principal may change the thing.

    Raises:
        NotFound: the principal may not know of it.
        Forbidden: the principal may see it, but not change it.
    """
    require_sight(kind, id, thing, principal)
    if not may_change(thing, principal):
        raise Forbidden(f"Only its owner and administrators may change this {kind}.")


def owner_on(shelf: Shelf, principal: Principal) -> UserId:
    """Return who owns what the principal puts there: on the server's shelf, the server.

    Raises:
        Forbidden: it is the server's shelf, and the principal is no administrator.
    """
    require_usable(principal)
    if shelf is Shelf.USER:
        return principal.user_id
    if not principal.is_admin:
        raise Forbidden("Only administrators may put something among the default ones.")
    return SYSTEM


def moved(thing: Shelved, shelf: Shelf, principal: Principal) -> UserId:
    """Return who owns a thing once the principal has put it on a shelf; raises as `owner_on` does."""
    return thing.owner_id if thing.shelf is shelf else owner_on(shelf, principal)


def own_things(principal: Principal) -> Whose:
    """Return whose things are one's own: where nobody signs in, everything is."""
    return Whose.VISIBLE if principal.via is Via.SINGLE_USER else Whose.OWN


def storable(text: str, field: str) -> str:
    """Return the text; raise Invalid where a database could not keep it."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid("The text holds a character that cannot be stored.", field=field)
    return text
