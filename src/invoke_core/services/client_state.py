"""What clients remember for the people who use them."""

from collections.abc import Sequence

import attrs

from invoke_core.domain.client_state import checked_key, checked_value, require_room
from invoke_core.domain.principals import Principal, require_usable
from invoke_core.ports.clock import Clock
from invoke_core.ports.unit_of_work import Reading, Writing


@attrs.frozen
class ClientStateService:
    """Texts by key, everybody's for themselves: nobody, administrators included, sees another's."""

    reading: Reading
    writing: Writing
    clock: Clock

    def get(self, principal: Principal, key: str) -> str | None:
        """Return what was set last under the key, or None."""
        require_usable(principal)
        with self.reading() as work:
            return work.client_state.find(principal.user_id, checked_key(key))

    def set(self, principal: Principal, key: str, value: str) -> None:
        """Keep a text under a key.

        Raises:
            Invalid: the key is out of range, or one of them holds a character that cannot be stored.
            TooLarge: the text is too long.
            TooMany: the principal would have more than is kept for one.
        """
        require_usable(principal)
        user_id, key, value = principal.user_id, checked_key(key), checked_value(value)
        with self.writing() as work:
            work.client_state.put(user_id, key, value, self.clock.now())
            # A set over the limits raises, and so was never made.
            require_room(
                len(work.client_state.keys(user_id)), work.client_state.characters(user_id)
            )

    def keys(self, principal: Principal, prefix: str) -> Sequence[str]:
        """Return one's keys that begin with the prefix, in the order of their characters."""
        require_usable(principal)
        with self.reading() as work:
            return work.client_state.keys(principal.user_id, prefix)

    def delete(self, principal: Principal, key: str) -> None:
        """Forget what was set under a key; nothing happens where nothing was."""
        require_usable(principal)
        with self.writing() as work:
            work.client_state.remove(principal.user_id, checked_key(key))

    def delete_all(self, principal: Principal) -> None:
        """Forget all that one's clients remember."""
        require_usable(principal)
        with self.writing() as work:
            work.client_state.remove_all(principal.user_id)
