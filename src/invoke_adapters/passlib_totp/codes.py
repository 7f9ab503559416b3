"""`OneTimeCodes` on `passlib.totp`: RFC 6238, sealed by AES-256 under keys of our own."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from invoke_core.domain.second_factor import DRIFT_STEPS, STEP_SECONDS
from invoke_core.errors import Unavailable

if TYPE_CHECKING:
    from passlib.totp import TOTP

MAX_CODE_CHARACTERS = 32


class PasslibOneTimeCodes:
    """Codes of six digits, SHA-1, thirty seconds: what every app can show. Thread-safe."""

    def __init__(
        self,
        keys: Callable[[], Mapping[str, str]],
        *,
        issuer: str = "Invoke",
        digits: int = 6,
        algorithm: Literal["sha1", "sha256", "sha512"] = "sha1",
    ) -> None:
        """Make codes.

        Args:
            keys: returns the keys of the seal by their tag, a number; the greatest seals what is new.
                Called at the first use.
            issuer: what an app calls this server; without a colon.
            digits: of a code: 6 to 10.
            algorithm: the hash of RFC 6238, 1.2.
        """
        self._keys = keys
        self._issuer = issuer
        self._digits = digits
        self._algorithm = algorithm

    @cached_property
    def _factory(self) -> "type[TOTP]":
        # Imported at the first code: most processes never see one.
        from passlib.totp import TOTP

        factory: type[TOTP] = TOTP.using(
            secrets=dict(self._keys()),
            issuer=self._issuer,
            digits=self._digits,
            alg=self._algorithm,
            period=STEP_SECONDS,
        )
        return factory

    def new_secret(self) -> str:
        """Return a new secret of as many bits as the algorithm's digest has, sealed."""
        return str(self._factory.new().to_json(encrypt=True))

    def reveal(self, sealed: str) -> str:
        """Return the secret as an app takes it."""
        return str(self._opened(sealed).base32_key)

    def uri(self, sealed: str, account: str) -> str:
        """Return the address that an app reads from a picture."""
        # A colon parts the issuer from the account there.
        return str(self._opened(sealed).to_uri(label=account.replace(":", " ")))

    def match(self, sealed: str, code: str, now: datetime, *, after: int = 0) -> int | None:
        """Return the time step whose code was typed; None where it is none that counts."""
        from passlib.exc import TokenError

        digits = "".join(code.split())
        if len(code) > MAX_CODE_CHARACTERS or not (digits.isascii() and digits.isdigit()):
            return None
        try:
            found = self._opened(sealed).match(
                digits, now, window=DRIFT_STEPS * STEP_SECONDS, last_counter=after
            )
        except TokenError:
            return None
        return int(found.counter)

    def _opened(self, sealed: str) -> "TOTP":
        try:
            return self._factory.from_source(sealed)
        except (KeyError, ValueError, TypeError) as error:
            raise Unavailable(
                "The second factor cannot be read, for the key that seals it is gone:"
                " ask an administrator to reset it."
            ) from error
