"""Second factors in SQL."""

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper, upsert
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.second_factor import SecondFactor
from invoke_core.errors import NotFound

SECOND_FACTORS = Mapper(SecondFactor, schema.second_factors, "user_id")


@attrs.frozen
class SqlSecondFactorRepository:
    """See `SecondFactorRepository`."""

    connection: sa.Connection

    def find(self, user_id: UserId) -> SecondFactor | None:
        """Return the account's second factor; None where there is none."""
        return SECOND_FACTORS.find(self.connection, user_id)

    def put(self, factor: SecondFactor) -> None:
        """Keep the factor, in place of the account's other one."""
        try:
            with attempt(self.connection):
                upsert(self.connection, schema.second_factors, SECOND_FACTORS.row(factor))
        except sa.exc.IntegrityError as error:
            raise NotFound("user", factor.user_id) from error

    def remove(self, user_id: UserId) -> None:
        """Forget the account's second factor."""
        self.connection.execute(SECOND_FACTORS.delete, {KEY: user_id})
