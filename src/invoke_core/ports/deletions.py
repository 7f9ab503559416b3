"""What has to be kept of accounts whose deletion is under way."""

from collections.abc import Sequence
from typing import Protocol

from invoke_core.domain.deletions import Deletion
from invoke_core.domain.identifiers import UserId


class DeletionRepository(Protocol):
    """Deletions that have begun, inside one unit of work; each goes with its account."""

    def add(self, deletion: Deletion) -> None:
        """Keep a new deletion; raise Conflict where the account has one, NotFound where it is unknown."""

    def find(self, user_id: UserId) -> Deletion | None:
        """Return the deletion of the account, or None."""

    def list(self) -> Sequence[Deletion]:
        """Return every deletion, the oldest first, then by account."""
