"""Where the images of a list lie: which shelves of `image_counts` it is read from.

Who may see what is decided here: images on other shelves are not read.
"""

from enum import StrEnum

import attrs

from invoke_adapters.sql.owners import Moving
from invoke_core.domain.identifiers import NOBODY, UserId
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.principals import Principal


class Level(StrEnum):
    """What the images of a shelf have in common, besides being of one kind."""

    ALL = "all"
    BOARD = "board"
    OWNER = "owner"
    PAIR = "pair"  # owner and board


class Where(StrEnum):
    """On which boards."""

    ANY = "any"
    ONE = "one"
    NONE = "none"  # on no board


class Part(StrEnum):
    """Which of the images on the shelves of an owner belong to the account that is asked for."""

    ALL = "all"
    LEFT = "left"  # what the transfer that moves did not write down
    GIVEN = "given"  # what it wrote down, of whoever gives it


@attrs.frozen
class Source:
    """Shelves of one level."""

    level: Level
    where: Where
    seen: bool | None = None  # only boards that the viewer sees, or does not see; None: whatever
    part: Part = Part.ALL

    @property
    def is_of_one(self) -> bool:
        """Return whether its shelves are of one owner and one board, each of which may be everybody's."""
        return self.level in {Level.ALL, Level.OWNER} or self.where is not Where.ANY


def sources(
    principal: Principal, query: ImageQuery, transfer: Moving | None = None
) -> tuple[Source, ...]:
    """Return where the images lie that the query is of and the principal may see, none of them twice.

    Args:
        principal: who asks.
        query: which images.
        transfer: the one that is rewriting rows.
    """
    found = _sources(principal, query)
    owner_id = listed_owner(principal, query)
    if transfer is None or not transfer.changes(owner_id):
        return found
    of_owner = [each for each in found if each.level in {Level.OWNER, Level.PAIR}]
    others = tuple(each for each in found if each not in of_owner)
    if owner_id == transfer.from_id:
        return (*others, *(attrs.evolve(each, part=Part.LEFT) for each in of_owner))
    return (*found, *(attrs.evolve(each, part=Part.GIVEN) for each in of_owner))


def listed_owner(principal: Principal, query: ImageQuery) -> UserId:
    """Return whose shelves a list looks at, where it looks at somebody's."""
    return principal.user_id if query.owner_id is None else query.owner_id


def _sources(principal: Principal, query: ImageQuery) -> tuple[Source, ...]:
    where = Where.NONE if query.uncategorised else Where.ANY
    if query.board_id is not None:
        where = Where.ONE
    owner_id, me = query.owner_id, principal.user_id
    if query.scope is ImageScope.OWN and where is not Where.ONE:
        if owner_id not in {None, me}:
            return ()
        owner_id = me
    if owner_id == NOBODY:  # whose id is no owner's, but the key of everybody's counts
        return ()
    if principal.is_admin or owner_id == me:
        if owner_id is not None:
            return (Source(Level.OWNER if where is Where.ANY else Level.PAIR, where),)
        return (Source(Level.ALL if where is Where.ANY else Level.BOARD, where),)
    if owner_id is not None:
        return () if where is Where.NONE else (Source(Level.PAIR, where, seen=True),)
    if me == NOBODY:
        return () if where is Where.NONE else (Source(Level.BOARD, where, seen=True),)
    own_on_none = Source(Level.PAIR, Where.NONE)
    if where is Where.NONE:
        return (own_on_none,)
    lying = (Source(Level.BOARD, where, seen=True), Source(Level.PAIR, where, seen=False))
    return lying if where is Where.ONE else (*lying, own_on_none)
