"""When it takes an administrator's rights to see or change what stands on a shelf."""

from collections.abc import Sequence

from invoke_core.domain.audit import as_person, is_private_look
from invoke_core.domain.principals import Principal
from invoke_core.domain.shelves import Shelved, Whose, may_change, may_see
from invoke_core.services._looks import Deed


def shelf_looks(principal: Principal, thing: Shelved, deed: Deed) -> Sequence[Deed]:
    """Return the deed where the thing is hidden from the principal as a person; else nothing."""
    if not is_private_look(principal) or may_see(thing, as_person(principal)):
        return ()
    return [deed]


def list_looks(principal: Principal, whose: Whose, deed: Deed) -> Sequence[Deed]:
    """Return the deed where a list shows everybody's private things; else nothing."""
    return [deed] if whose is Whose.VISIBLE and is_private_look(principal) else ()


def changes_as_administrator(principal: Principal, thing: Shelved) -> bool:
    """Return whether it takes an administrator's rights to change the thing."""
    return is_private_look(principal) and not may_change(thing, as_person(principal))
