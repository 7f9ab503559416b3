"""Submissions in a dictionary."""

from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.submissions import Submission
from invoke_core.errors import NotFound


@attrs.frozen
class MemorySubmissionRepository:
    """See `SubmissionRepository`."""

    state: State

    def find(self, user_id: UserId, key: str) -> Submission | None:
        """Return the user's submission with this key."""
        return self.state.submissions.get((user_id, key))

    def put(self, submission: Submission) -> None:
        """Keep it, in place of the user's one with the same key."""
        if submission.user_id not in self.state.users:
            raise NotFound("user", submission.user_id)
        self.state.submissions[submission.user_id, submission.key] = submission

    def remove_before(self, at: datetime) -> int:
        """Forget submissions that came before."""
        old = [key for key, kept in self.state.submissions.items() if kept.at < at]
        for key in old:
            del self.state.submissions[key]
        return len(old)
