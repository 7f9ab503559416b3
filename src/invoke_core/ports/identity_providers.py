"""Other places where people sign in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identities import Handshake, Vouched


class IdentityProvider(Protocol):
    """One provider. Thread-safe; slow, so never inside a unit of work."""

    def sign_in_address(self, callback: str, handshake: Handshake) -> str:
        """Return where the browser goes to sign in.

        Args:
            callback: the address of ours that it comes back to.
            handshake: the secrets of this sign-in.

        Raises:
            Unavailable: the provider does not answer, or not as one.
        """

    def vouch(
        self, callback: str, handshake: Handshake, answer: Mapping[str, str], now: datetime
    ) -> Vouched:
        """Return who signed in there, by what the browser brought back.

        Args:
            callback: as it was given to `sign_in_address`.
            handshake: the secrets of this sign-in.
            answer: the parameters with which the browser came back; the state among them is checked.
            now: aware.

        Raises:
            Unauthenticated: nobody did, or the answer or what the provider says is not right.
            Unavailable: the provider does not answer, or not as one.
        """

    def sign_out_address(self, back: str) -> str | None:
        """Return where the browser goes to sign out there too; None: the provider offers no such place.

        Args:
            back: where it comes back to afterwards.

        Raises:
            Unavailable: the provider does not answer, or not as one.
        """
