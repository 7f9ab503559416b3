"""What has to be kept of people at other places, and of sign-ins that are under way there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import IdentityId, UserId
from invoke_core.domain.identities import Identity, ProviderLogin


class IdentityRepository(Protocol):
    """Identities, inside one unit of work. They outlive their account: then it is None."""

    def find(self, issuer: str, subject: str) -> Identity | None:
        """Return the identity of exactly this issuer and subject, or None."""

    def of_user(self, user_id: UserId) -> Sequence[Identity]:
        """Return the account's identities, oldest first, then by id."""

    def add(self, identity: Identity) -> None:
        """Keep a new identity.

        Raises:
            Conflict: its id, or its issuer and subject, is another's.
            NotFound: the account is unknown.
        """

    def put(self, identity: Identity) -> None:
        """Replace the identity of this id.

        Raises:
            NotFound: no identity has this id, or the account is unknown.
            Conflict: its issuer and subject are another's.
        """

    def remove(self, identity_id: IdentityId) -> None:
        """Forget the identity; nothing happens where it is gone."""


class ProviderLoginRepository(Protocol):
    """Sign-ins by providers that are under way, inside one unit of work."""

    def add(self, login: ProviderLogin, *, keep: int) -> None:
        """Keep the sign-in; of its network only the newest `keep` stay.

        Raises:
            Conflict: there is one of this digest.
        """

    def find(self, digest: str) -> ProviderLogin | None:
        """Return the sign-in of exactly this digest, which goes on counting; else None."""

    def take(self, digest: str) -> ProviderLogin | None:
        """Return the sign-in of exactly this digest and forget it, so that it counts once; else None."""

    def remove_expired(self, before: datetime) -> int:
        """Forget sign-ins whose `expires_at` is before; return how many went."""
