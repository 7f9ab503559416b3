"""Clients' memory in dictionaries."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import UserId
from invoke_core.errors import NotFound


@attrs.frozen
class MemoryClientStateRepository:
    """See `ClientStateRepository`."""

    state: State

    def find(self, user_id: UserId, key: str) -> str | None:
        """Return the person's value of exactly this key, or None."""
        return self.state.client_state.get((user_id, key))

    def put(self, user_id: UserId, key: str, value: str, at: datetime) -> None:
        """Keep the value, in place of the one before."""
        if user_id not in self.state.users:
            raise NotFound("user", user_id)
        self.state.client_state[user_id, key] = value

    def keys(self, user_id: UserId, prefix: str = "") -> Sequence[str]:
        """Return the person's keys that begin with exactly this."""
        own = [key for owner_id, key in self.state.client_state if owner_id == user_id]
        return sorted(key for key in own if key.startswith(prefix))

    def remove(self, user_id: UserId, key: str) -> None:
        """Forget the value."""
        self.state.client_state.pop((user_id, key), None)

    def remove_all(self, user_id: UserId) -> None:
        """Forget all that is kept for the person."""
        for key in self.keys(user_id):
            del self.state.client_state[user_id, key]

    def characters(self, user_id: UserId) -> int:
        """Return how many characters the person's keys and values have together."""
        state = self.state.client_state
        return sum(len(key) + len(state[user_id, key]) for key in self.keys(user_id))
