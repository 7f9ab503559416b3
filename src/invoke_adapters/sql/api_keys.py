"""API keys in SQL."""

from collections.abc import Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, HotQuery, Mapper
from invoke_adapters.sql.users import USERS
from invoke_core.domain.api_keys import ApiKey
from invoke_core.domain.identifiers import ApiKeyId, UserId
from invoke_core.domain.users import User
from invoke_core.errors import Conflict, NotFound

API_KEYS = Mapper(ApiKey, schema.api_keys, "key_id")
_keys = schema.api_keys.c


def _with_user(row: Sequence[Any]) -> tuple[ApiKey, User]:
    width = len(API_KEYS.names)
    return API_KEYS.value(row[:width]), USERS.value(row[width:])


_WITH_USER = HotQuery(
    sa.select(*API_KEYS.columns, *USERS.columns)
    .join_from(schema.api_keys, schema.users)
    .where(_keys.digest == sa.bindparam(KEY)),
    _with_user,
    kept=True,
)


@attrs.frozen
class SqlApiKeyRepository:
    """See `ApiKeyRepository`."""

    connection: sa.Connection

    def find_with_user(self, digest: str) -> tuple[ApiKey, User] | None:
        """Return the key of a digest and its account as it is now; None if unknown."""
        return _WITH_USER.find(self.connection, digest)

    def of_user(self, user_id: UserId) -> Sequence[ApiKey]:
        """Return the account's keys, oldest first, then by id."""
        query = API_KEYS.select.where(_keys.user_id == user_id)
        return API_KEYS.all(self.connection, query.order_by(_keys.created_at, _keys.key_id))

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        try:
            with attempt(self.connection):
                self.connection.execute(API_KEYS.insert, API_KEYS.row(key))
        except sa.exc.IntegrityError as error:
            known = API_KEYS.is_known(self.connection, key.key_id)
            if known or self.find_with_user(key.digest):
                raise Conflict(f"There is an API key {key.key_id!r} already.") from error
            raise NotFound("user", key.user_id) from error

    def remove(self, key_id: ApiKeyId) -> None:
        """Forget the key."""
        self.connection.execute(API_KEYS.delete, {KEY: key_id})

    def remove_of_user(self, user_id: UserId) -> int:
        """Forget the account's keys; return how many went."""
        own = sa.delete(schema.api_keys).where(_keys.user_id == user_id)
        return self.connection.execute(own).rowcount
