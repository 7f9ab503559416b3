"""How passwords are kept: slow on purpose, so never inside a unit of work."""

from typing import Protocol

import attrs


@attrs.frozen
class Verdict:
    """What comparing a password with a hash showed."""

    matches: bool
    needs_upgrade: bool = False  # an older scheme or cost: hash again while the password is at hand


class PasswordHasher(Protocol):
    """Hashes that are salted, slow, and never cut a password short. Thread-safe."""

    def hash(self, password: str) -> str:
        """Return a new hash of the password's NFC form."""

    def verify(self, password: str, password_hash: str | None) -> Verdict:
        """Compare a password's NFC form with a hash.

        An unknown account is `None`: it costs the time of a wrong password and never matches. Text that
        is no hash never matches either.
        """

    def fingerprint(self, password_hash: str | None) -> str:
        """Return a short digest that changes with the hash; fast."""
