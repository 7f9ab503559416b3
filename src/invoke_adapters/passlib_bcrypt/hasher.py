"""`PasswordHasher` on passlib: `bcrypt_sha256` for what is new, plain `bcrypt` for what was there."""

import hashlib
import os
import threading
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from invoke_core.domain.passwords import MAX_PASSWORD_CHARACTERS
from invoke_core.errors import Invalid
from invoke_core.ports.hashing import Verdict

if TYPE_CHECKING:
    from passlib.context import CryptContext

LEGACY_BYTES = 72  # where bcrypt, and so every plain hash of others, cuts a password
_LEGACY_PREFIXES = ("$2a$", "$2b$", "$2y$")


class PasslibBcryptHasher:
    """`bcrypt_sha256` hashes, which take a password whole; thread-safe.

    Plain bcrypt hashes (the guide's recovery recipe, rows of other installations) verify and ask for an
    upgrade. A burst of sign-ins is worked off a few at a time, so that it leaves processors to others.
    """

    def __init__(self, rounds: int = 12, *, at_once: int | None = None) -> None:
        """Make a hasher.

        Args:
            rounds: the cost, as a power of two: 4 to 31.
            at_once: how many passwords are hashed at the same time; None: one fewer than there are
                processors, at least one.
        """
        self._rounds = rounds
        processors = len(os.sched_getaffinity(0))
        self._slots = threading.BoundedSemaphore(at_once or max(1, processors - 1))
        # Well-formed, of nobody's password, and as slow to compare with as a real one. The last
        # character of a salt carries four bits that must be zero.
        self._nobody = f"$bcrypt-sha256$v=2,t=2b,r={rounds}${'.' * 22}${'.' * 31}"

    @cached_property
    def _context(self) -> "CryptContext":
        # Imported at the first password: the server is ready before anybody can type one.
        from passlib.context import CryptContext

        return CryptContext(
            schemes=["bcrypt_sha256", "bcrypt"],
            deprecated=["bcrypt"],
            bcrypt_sha256__rounds=self._rounds,
            bcrypt__rounds=self._rounds,
        )

    def hash(self, password: str) -> str:
        """Return a new hash of the password's NFC form.

        Raises:
            Invalid: the password is over 1,024 characters, or no valid text.
        """
        text = _usable(password)
        if text is None:
            raise Invalid("This text cannot be a password.", field="password")
        with self._slots:
            return str(self._context.hash(text))

    def verify(self, password: str, password_hash: str | None) -> Verdict:
        """Compare a password's NFC form with a hash; see `PasswordHasher.verify`."""
        text = _usable(password)
        if text is None or password_hash is None or not self._is_hash(password_hash):
            self._matches("", self._nobody)
            return Verdict(matches=False)
        if password_hash.startswith(_LEGACY_PREFIXES):
            matches = self._matches_legacy(password, text, password_hash)
        else:
            matches = self._matches(text, password_hash)
        return Verdict(
            matches=matches,
            needs_upgrade=matches and bool(self._context.needs_update(password_hash)),
        )

    def fingerprint(self, password_hash: str | None) -> str:
        """Return 32 hexadecimal digits that change with the hash."""
        return hashlib.sha256((password_hash or "").encode("utf-8", "replace")).hexdigest()[:32]

    def _is_hash(self, text: str) -> bool:
        try:
            return self._context.identify(text) is not None
        except (ValueError, TypeError):
            return False

    def _matches(self, password: str | bytes, password_hash: str) -> bool:
        with self._slots:
            try:
                return bool(self._context.verify(password, password_hash))
            except (
                ValueError,
                TypeError,
            ):  # begins like a hash and is none, or costs beyond bcrypt
                return False

    def _matches_legacy(self, typed: str, normalised: str, password_hash: str) -> bool:
        candidates = _legacy_forms(typed, normalised)
        if not candidates:  # plain bcrypt ends at a NUL, so it never took such a password
            self._matches("", self._nobody)
            return False
        return any(self._matches(candidate, password_hash) for candidate in candidates)


def _usable(password: str) -> str | None:
    """Return the NFC form, or None for what can be nobody's password."""
    if len(password) > 4 * MAX_PASSWORD_CHARACTERS:  # NFC shortens a text, but never so far
        return None
    text = unicodedata.normalize("NFC", password)
    if len(text) > MAX_PASSWORD_CHARACTERS or any("\ud800" <= c <= "\udfff" for c in text):
        return None
    return text


def _legacy_forms(typed: str, normalised: str) -> list[bytes]:
    """Return what plain bcrypt may have been given for this password, likeliest first, each once.

    Others cut at 72 bytes: bcrypt itself anywhere, InvokeAI before a character that would be cut in two;
    and they kept the text as it was typed.
    """
    forms: dict[bytes, None] = {}
    for text in (normalised, typed):
        cut = text.encode()[:LEGACY_BYTES]
        forms[cut] = None
        forms[cut.decode(errors="ignore").encode()] = None
    return [form for form in forms if b"\0" not in form]
