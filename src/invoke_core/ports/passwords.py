"""What has to be kept of the passwords that an account had before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import UserId


class FormerPasswordRepository(Protocol):
    """Hashes of former passwords, inside one unit of work."""

    def add(self, user_id: UserId, password_hash: str, at: datetime, *, keep: int) -> None:
        """Remember a hash that was replaced; of more than `keep` the newest stay.

        Raises:
            NotFound: the account is unknown.
        """

    def recent(self, user_id: UserId, limit: int) -> Sequence[str]:
        """Return the account's last hashes, the newest first, at most `limit`."""
