"""Submissions in SQL."""

from datetime import datetime

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import upsert
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.submissions import Submission
from invoke_core.errors import NotFound

_submissions = schema.submissions.c
_FIND = sa.select(schema.submissions).where(
    _submissions.user_id == sa.bindparam("user"), _submissions.key == sa.bindparam("word")
)


@attrs.frozen
class SqlSubmissionRepository:
    """See `SubmissionRepository`."""

    connection: sa.Connection

    def find(self, user_id: UserId, key: str) -> Submission | None:
        """Return the user's submission with this key."""
        row = self.connection.execute(_FIND, {"user": user_id, "word": key}).mappings().first()
        return None if row is None else Submission(**row)

    def put(self, submission: Submission) -> None:
        """Keep it, in place of the user's one with the same key."""
        try:
            with attempt(self.connection):
                row = attrs.asdict(submission, recurse=False)
                upsert(self.connection, schema.submissions, row)
        except sa.exc.IntegrityError as error:
            raise NotFound("user", submission.user_id) from error

    def remove_before(self, at: datetime) -> int:
        """Forget submissions that came before."""
        return self.connection.execute(
            sa.delete(schema.submissions).where(_submissions.at < at)
        ).rowcount
