"""Clients' memory in SQL."""

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import upsert
from invoke_core.domain.identifiers import UserId
from invoke_core.errors import NotFound

_state = schema.client_state.c


@attrs.frozen
class SqlClientStateRepository:
    """See `ClientStateRepository`."""

    connection: sa.Connection

    def find(self, user_id: UserId, key: str) -> str | None:
        """Return the person's value of exactly this key, or None."""
        query = sa.select(_state.value).where(_state.user_id == user_id, _state.key == key)
        found: str | None = self.connection.execute(query).scalar_one_or_none()
        return found

    def put(self, user_id: UserId, key: str, value: str, at: datetime) -> None:
        """Keep the value, in place of the one before."""
        row = {"user_id": user_id, "key": key, "value": value, "updated_at": at}
        try:
            with attempt(self.connection):
                upsert(self.connection, schema.client_state, row)
        except sa.exc.IntegrityError as error:
            raise NotFound("user", user_id) from error

    def keys(self, user_id: UserId, prefix: str = "") -> Sequence[str]:
        """Return the person's keys that begin with exactly this."""
        begins = sa.func.substr(_state.key, 1, len(prefix)) == prefix
        query = sa.select(_state.key).where(_state.user_id == user_id, begins)
        return list(self.connection.execute(query.order_by(_state.key)).scalars())

    def remove(self, user_id: UserId, key: str) -> None:
        """Forget the value."""
        own = (_state.user_id == user_id, _state.key == key)
        self.connection.execute(sa.delete(schema.client_state).where(*own))

    def remove_all(self, user_id: UserId) -> None:
        """Forget all that is kept for the person."""
        self.connection.execute(sa.delete(schema.client_state).where(_state.user_id == user_id))

    def characters(self, user_id: UserId) -> int:
        """Return how many characters the person's keys and values have together."""
        length = sa.func.length(_state.key) + sa.func.length(_state.value)
        query = sa.select(sa.func.coalesce(sa.func.sum(length), 0))
        return int(self.connection.execute(query.where(_state.user_id == user_id)).scalar_one())
