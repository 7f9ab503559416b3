"""API keys in dictionaries."""

from collections.abc import Sequence

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.api_keys import ApiKey
from invoke_core.domain.identifiers import ApiKeyId, UserId
from invoke_core.domain.users import User
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryApiKeyRepository:
    """See `ApiKeyRepository`."""

    state: State

    def find_with_user(self, digest: str) -> tuple[ApiKey, User] | None:
        """Return the key of a digest and its account as it is now; None if unknown."""
        for key in self.state.api_keys.values():
            if key.digest == digest:
                return key, self.state.users[key.user_id]
        return None

    def of_user(self, user_id: UserId) -> Sequence[ApiKey]:
        """Return the account's keys, oldest first, then by id."""
        found = [key for key in self.state.api_keys.values() if key.user_id == user_id]
        return sorted(found, key=lambda key: (key.created_at, key.key_id))

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        if key.key_id in self.state.api_keys or self.find_with_user(key.digest):
            raise Conflict(f"There is an API key {key.key_id!r} already.")
        if key.user_id not in self.state.users:
            raise NotFound("user", key.user_id)
        self.state.api_keys[key.key_id] = key

    def remove(self, key_id: ApiKeyId) -> None:
        """Forget the key."""
        self.state.api_keys.pop(key_id, None)

    def remove_of_user(self, user_id: UserId) -> int:
        """Forget the account's keys; return how many went."""
        own = [key.key_id for key in self.of_user(user_id)]
        for key_id in own:
            del self.state.api_keys[key_id]
        return len(own)
