"""What has to be kept of API keys."""

from collections.abc import Sequence
from typing import Protocol

from invoke_core.domain.api_keys import ApiKey
from invoke_core.domain.identifiers import ApiKeyId, UserId
from invoke_core.domain.users import User


class ApiKeyRepository(Protocol):
    """API keys, inside one unit of work; they go with their account."""

    def find_with_user(self, digest: str) -> tuple[ApiKey, User] | None:
        """Return the key of a digest and its account as it is now, in one indexed query; None if unknown."""

    def of_user(self, user_id: UserId) -> Sequence[ApiKey]:
        """Return the account's keys, oldest first, then by id; expired ones too."""

    def add(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            Conflict: its id or its digest is another key's.
            NotFound: the account is unknown.
        """

    def remove(self, key_id: ApiKeyId) -> None:
        """Forget the key; nothing happens where it is gone already."""

    def remove_of_user(self, user_id: UserId) -> int:
        """Forget the account's keys; return how many went."""
