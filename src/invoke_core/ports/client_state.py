"""What has to be kept of clients' memory."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import UserId


class ClientStateRepository(Protocol):
    """Texts by person and key, inside one unit of work; they go with the account."""

    def find(self, user_id: UserId, key: str) -> str | None:
        """Return the person's value of exactly this key, or None."""

    def put(self, user_id: UserId, key: str, value: str, at: datetime) -> None:
        """Keep the value, in place of the one before; raise NotFound for an unknown person."""

    def keys(self, user_id: UserId, prefix: str = "") -> Sequence[str]:
        """Return the person's keys that begin with exactly this, in the order of their characters."""

    def remove(self, user_id: UserId, key: str) -> None:
        """Forget the value; nothing happens where there is none."""

    def remove_all(self, user_id: UserId) -> None:
        """Forget all that is kept for the person."""

    def characters(self, user_id: UserId) -> int:
        """Return how many characters the person's keys and values have together."""
