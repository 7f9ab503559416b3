"""Where identifiers, secrets and seeds come from."""

from typing import Protocol


class Randomness(Protocol):
    """Unpredictable values, each new."""

    def identifier(self) -> str:
        """Return a new UUID as text (RFC 9562)."""

    def secret(self) -> str:
        """Return a URL-safe text of 256 random bits."""

    def seed(self) -> int:
        """Return a number from 0 to 2^32 - 1."""
