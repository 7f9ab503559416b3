"""Identities, and sign-ins under way at providers, in SQL."""

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper
from invoke_core.domain.identifiers import IdentityId, UserId
from invoke_core.domain.identities import Identity, ProviderLogin
from invoke_core.errors import Conflict, InvokeError, NotFound

IDENTITIES = Mapper(Identity, schema.identities, "identity_id")
LOGINS = Mapper(ProviderLogin, schema.provider_logins, "digest")
_identities = schema.identities.c
_logins = schema.provider_logins.c


@attrs.frozen
class SqlIdentityRepository:
    """See `IdentityRepository`."""

    connection: sa.Connection

    def find(self, issuer: str, subject: str) -> Identity | None:
        """Return the identity of exactly this issuer and subject, or None."""
        query = IDENTITIES.select.where(
            _identities.issuer == issuer, _identities.subject == subject
        )
        row = self.connection.execute(query).first()
        return None if row is None else IDENTITIES.value(row)

    def of_user(self, user_id: UserId) -> Sequence[Identity]:
        """Return the account's identities, oldest first, then by id."""
        query = IDENTITIES.select.where(_identities.user_id == user_id)
        return IDENTITIES.all(
            self.connection, query.order_by(_identities.created_at, _identities.identity_id)
        )

    def add(self, identity: Identity) -> None:
        """Keep a new identity."""
        try:
            with attempt(self.connection):
                self.connection.execute(IDENTITIES.insert, IDENTITIES.row(identity))
        except sa.exc.IntegrityError as error:
            if IDENTITIES.is_known(self.connection, identity.identity_id):
                raise _taken(identity) from error
            raise self._clash(identity) from error

    def put(self, identity: Identity) -> None:
        """Replace the identity of this id."""
        try:
            with attempt(self.connection):
                changed = IDENTITIES.put(self.connection, IDENTITIES.row(identity))
        except sa.exc.IntegrityError as error:
            raise self._clash(identity) from error
        if not changed:
            raise NotFound("identity", identity.identity_id)

    def remove(self, identity_id: IdentityId) -> None:
        """Forget the identity."""
        self.connection.execute(IDENTITIES.delete, {KEY: identity_id})

    def _clash(self, identity: Identity) -> InvokeError:
        """Return what a broken constraint means: another identity, or an unknown account."""
        other = self.find(identity.issuer, identity.subject)
        if other is not None and other.identity_id != identity.identity_id:
            return _taken(identity)
        return NotFound("user", identity.user_id or "")


@attrs.frozen
class SqlProviderLoginRepository:
    """See `ProviderLoginRepository`."""

    connection: sa.Connection

    def add(self, login: ProviderLogin, *, keep: int) -> None:
        """Keep the sign-in; of its network only the newest `keep` stay."""
        try:
            with attempt(self.connection):
                self.connection.execute(LOGINS.insert, LOGINS.row(login))
        except sa.exc.IntegrityError as error:  # there is no other key
            raise Conflict("There is a sign-in of this state already.") from error
        own = sa.select(_logins.digest).where(_logins.network == login.network)
        newest = own.order_by(_logins.created_at.desc(), _logins.digest.desc()).limit(keep)
        older = sa.and_(_logins.network == login.network, _logins.digest.not_in(newest))
        self.connection.execute(sa.delete(schema.provider_logins).where(older))

    def find(self, digest: str) -> ProviderLogin | None:
        """Return the sign-in of exactly this digest; else None."""
        return LOGINS.find(self.connection, digest)

    def take(self, digest: str) -> ProviderLogin | None:
        """Return the sign-in of exactly this digest and forget it; else None."""
        taking = sa.delete(schema.provider_logins).where(_logins.digest == digest)
        row = self.connection.execute(taking.returning(*LOGINS.columns)).first()
        return None if row is None else LOGINS.value(row)

    def remove_expired(self, before: datetime) -> int:
        """Forget sign-ins whose `expires_at` is before."""
        old = sa.delete(schema.provider_logins).where(_logins.expires_at < before)
        return self.connection.execute(old).rowcount


def _taken(identity: Identity) -> Conflict:
    return Conflict(f"There is an identity {identity.identity_id!r} already.")
