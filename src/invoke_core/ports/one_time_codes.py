"""Codes that an app shows, each for half a minute (RFC 6238)."""

from datetime import datetime
from typing import Protocol


class OneTimeCodes(Protocol):
    """Makes secrets, and knows the codes that follow from them. Thread-safe.

    A secret is kept sealed: the text is of no use to whoever has a copy of the database alone. Sealing and
    opening are slow on purpose, so never inside a unit of work. Where the seal cannot be opened, because
    its key is gone, every method raises Unavailable.
    """

    def new_secret(self) -> str:
        """Return a new secret of at least 160 bits, sealed."""

    def reveal(self, sealed: str) -> str:
        """Return the secret as an app takes it: base32 without padding."""

    def uri(self, sealed: str, account: str) -> str:
        """Return the `otpauth://totp/…` address that an app reads from a picture.

        Args:
            sealed: the secret.
            account: whose it is, as the app shows it.
        """

    def match(self, sealed: str, code: str, now: datetime, *, after: int = 0) -> int | None:
        """Return the time step whose code was typed; None where it is none that counts.

        The present step counts, the one before it and the one after it. Spaces are passed over, and text
        that is no code is none that counts.

        Args:
            sealed: the secret.
            code: what was typed.
            now: aware.
            after: steps up to this one count no more.
        """
