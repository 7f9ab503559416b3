"""Identities, and sign-ins under way at providers, in dictionaries."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import IdentityId, UserId
from invoke_core.domain.identities import Identity, ProviderLogin
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryIdentityRepository:
    """See `IdentityRepository`."""

    state: State

    def find(self, issuer: str, subject: str) -> Identity | None:
        """Return the identity of exactly this issuer and subject, or None."""
        for identity in self.state.identities.values():
            if (identity.issuer, identity.subject) == (issuer, subject):
                return identity
        return None

    def of_user(self, user_id: UserId) -> Sequence[Identity]:
        """Return the account's identities, oldest first, then by id."""
        found = [each for each in self.state.identities.values() if each.user_id == user_id]
        return sorted(found, key=lambda identity: (identity.created_at, identity.identity_id))

    def add(self, identity: Identity) -> None:
        """Keep a new identity."""
        if identity.identity_id in self.state.identities:
            raise _taken(identity)
        self._keep(identity)

    def put(self, identity: Identity) -> None:
        """Replace the identity of this id."""
        if identity.identity_id not in self.state.identities:
            raise NotFound("identity", identity.identity_id)
        self._keep(identity)

    def remove(self, identity_id: IdentityId) -> None:
        """Forget the identity."""
        self.state.identities.pop(identity_id, None)

    def _keep(self, identity: Identity) -> None:
        other = self.find(identity.issuer, identity.subject)
        if other is not None and other.identity_id != identity.identity_id:
            raise _taken(identity)
        if identity.user_id is not None and identity.user_id not in self.state.users:
            raise NotFound("user", identity.user_id)
        self.state.identities[identity.identity_id] = identity


@attrs.frozen
class MemoryProviderLoginRepository:
    """See `ProviderLoginRepository`."""

    state: State

    def add(self, login: ProviderLogin, *, keep: int) -> None:
        """Keep the sign-in; of its network only the newest `keep` stay."""
        logins = self.state.provider_logins
        if login.digest in logins:
            raise Conflict("There is a sign-in of this state already.")
        logins[login.digest] = login
        own = [each for each in logins.values() if each.network == login.network]
        own.sort(key=lambda each: (each.created_at, each.digest), reverse=True)
        for older in own[keep:]:
            del logins[older.digest]

    def find(self, digest: str) -> ProviderLogin | None:
        """Return the sign-in of exactly this digest; else None."""
        return self.state.provider_logins.get(digest)

    def take(self, digest: str) -> ProviderLogin | None:
        """Return the sign-in of exactly this digest and forget it; else None."""
        found = self.state.provider_logins.get(digest)
        if found is not None:
            del self.state.provider_logins[digest]
        return found

    def remove_expired(self, before: datetime) -> int:
        """Forget sign-ins whose `expires_at` is before."""
        logins = self.state.provider_logins
        old = [digest for digest, login in logins.items() if login.expires_at < before]
        for digest in old:
            del logins[digest]
        return len(old)


def _taken(identity: Identity) -> Conflict:
    return Conflict(f"There is an identity {identity.identity_id!r} already.")
