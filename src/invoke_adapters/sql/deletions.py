"""Deletions of accounts in SQL."""

from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import Mapper
from invoke_core.domain.deletions import Deletion
from invoke_core.domain.identifiers import UserId
from invoke_core.errors import Conflict, NotFound

DELETIONS = Mapper(Deletion, schema.account_deletions, "user_id")
_deletions = schema.account_deletions.c


@attrs.frozen
class SqlDeletionRepository:
    """See `DeletionRepository`."""

    connection: sa.Connection

    def add(self, deletion: Deletion) -> None:
        """Keep a new deletion."""
        try:
            with attempt(self.connection):
                self.connection.execute(DELETIONS.insert, DELETIONS.row(deletion))
        except sa.exc.IntegrityError as error:
            if DELETIONS.is_known(self.connection, deletion.user_id):
                raise Conflict("This account is being deleted already.") from error
            raise NotFound("user", deletion.user_id) from error

    def find(self, user_id: UserId) -> Deletion | None:
        """Return the deletion of the account, or None."""
        return DELETIONS.find(self.connection, user_id)

    def list(self) -> Sequence[Deletion]:
        """Return every deletion, the oldest first."""
        query = DELETIONS.select.order_by(_deletions.created_at, _deletions.user_id)
        return DELETIONS.all(self.connection, query)
