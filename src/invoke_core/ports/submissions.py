"""What has to be kept of submissions that may come twice."""

from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.submissions import Submission


class SubmissionRepository(Protocol):
    """Submissions that came with a key, inside one unit of work."""

    def find(self, user_id: UserId, key: str) -> Submission | None:
        """Return the user's submission with this key, however old; None where there is none."""

    def put(self, submission: Submission) -> None:
        """Keep it, in place of the user's one with the same key; raise NotFound for an unknown user."""

    def remove_before(self, at: datetime) -> int:
        """Forget submissions that came before; return how many."""
