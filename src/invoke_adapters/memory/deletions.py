"""Deletions of accounts in a dictionary."""

from collections.abc import Sequence

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.deletions import Deletion
from invoke_core.domain.identifiers import UserId
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryDeletionRepository:
    """See `DeletionRepository`."""

    state: State

    def add(self, deletion: Deletion) -> None:
        """Keep a new deletion."""
        if deletion.user_id not in self.state.users:
            raise NotFound("user", deletion.user_id)
        if deletion.user_id in self.state.deletions:
            raise Conflict("This account is being deleted already.")
        self.state.deletions[deletion.user_id] = deletion

    def find(self, user_id: UserId) -> Deletion | None:
        """Return the deletion of the account, or None."""
        return self.state.deletions.get(user_id)

    def list(self) -> Sequence[Deletion]:
        """Return every deletion, the oldest first."""
        return sorted(self.state.deletions.values(), key=lambda d: (d.created_at, d.user_id))
