"""What has to be kept of invitations and reset links."""

from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.links import AccountLink


class LinkRepository(Protocol):
    """Links to accounts, at most one an account, inside one unit of work."""

    def put(self, link: AccountLink) -> None:
        """Keep the link, in place of the one that the account had.

        Raises:
            NotFound: the account is unknown.
        """

    def find(self, digest: str) -> AccountLink | None:
        """Return the link with exactly this digest, or None."""

    def remove(self, user_id: UserId) -> None:
        """Forget the account's link; nothing happens where it has none."""

    def remove_expired(self, before: datetime) -> int:
        """Forget links whose `expires_at` is before; return how many went."""
