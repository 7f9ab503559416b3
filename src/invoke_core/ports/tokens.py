"""Signed tokens."""

from typing import Protocol

from invoke_core.domain.tokens import Claims


class TokenCodec(Protocol):
    """Signs and reads tokens. Thread-safe."""

    def issue(self, claims: Claims) -> str:
        """Return the signed token."""

    def read(self, token: str) -> Claims:
        """Return what a token of ours says.

        Raises:
            Unauthenticated: it is malformed, expired, for another audience, misses a claim, or was not
                signed by a key that counts.
        """
