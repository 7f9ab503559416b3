"""Tallies of wrong sign-ins, and known devices, in SQL."""

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import among, upsert
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.throttle import MAX_DEVICES, Tally
from invoke_core.errors import NotFound

_tallies = schema.throttle_tallies.c
_devices = schema.devices.c

_ACCOUNT = sa.bindparam("account_", type_=sa.Text())
_ADDRESS = sa.bindparam("address_", type_=sa.Text())
_IS = sa.and_(_tallies.account == _ACCOUNT, _tallies.address == _ADDRESS)
_FIND = sa.select(schema.throttle_tallies).where(_IS)
_REMOVE = sa.delete(schema.throttle_tallies).where(_IS)


@attrs.frozen
class SqlThrottleRepository:
    """See `ThrottleRepository`."""

    connection: sa.Connection

    def find(self, account: str, address: str) -> Tally | None:
        """Return the tally of exactly this account and address, or None."""
        key = {"account_": account, "address_": address}
        row = self.connection.execute(_FIND, key).mappings().first()
        return None if row is None else Tally(**row)

    def of_accounts(self, accounts: Sequence[str]) -> Sequence[Tally]:
        """Return the tallies of these accounts, by account, then address."""
        query = sa.select(schema.throttle_tallies)
        query = query.where(among(self.connection, _tallies.account, accounts))
        query = query.order_by(_tallies.account, _tallies.address)
        return [Tally(**row) for row in self.connection.execute(query).mappings()]

    def put(self, tally: Tally) -> None:
        """Keep the tally, in place of the one of its account and address."""
        upsert(self.connection, schema.throttle_tallies, attrs.asdict(tally))

    def remove(self, account: str, address: str) -> None:
        """Forget a tally."""
        self.connection.execute(_REMOVE, {"account_": account, "address_": address})

    def remove_account(self, account: str) -> None:
        """Forget every tally of an account."""
        own = _tallies.account == account
        self.connection.execute(sa.delete(schema.throttle_tallies).where(own))

    def remove_before(self, at: datetime) -> int:
        """Forget tallies whose last failure was before."""
        old = sa.delete(schema.throttle_tallies).where(_tallies.last_at < at)
        return self.connection.execute(old).rowcount

    def add_device(self, user_id: UserId, digest: str, at: datetime) -> None:
        """Know a device of the account from now on."""
        row = {"user_id": user_id, "digest": digest, "added_at": at}
        try:
            with attempt(self.connection):
                upsert(self.connection, schema.devices, row)
        except sa.exc.IntegrityError as error:
            raise NotFound("user", user_id) from error
        own = sa.select(_devices.digest).where(_devices.user_id == user_id)
        newest = own.order_by(_devices.added_at.desc(), _devices.digest.desc()).limit(MAX_DEVICES)
        older = sa.and_(_devices.user_id == user_id, _devices.digest.not_in(newest))
        self.connection.execute(sa.delete(schema.devices).where(older))

    def knows_device(self, user_id: UserId, digest: str) -> bool:
        """Return whether the device signed in to the account before."""
        key = sa.and_(_devices.user_id == user_id, _devices.digest == digest)
        return self.connection.execute(sa.select(_devices.digest).where(key)).first() is not None

    def remove_devices(self, user_id: UserId) -> None:
        """Forget the account's devices."""
        self.connection.execute(sa.delete(schema.devices).where(_devices.user_id == user_id))
