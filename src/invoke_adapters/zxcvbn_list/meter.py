"""How hard a password is to guess, as the package zxcvbn estimates it."""

import threading
from collections.abc import Sequence

from invoke_core.errors import Unavailable
from invoke_core.ports.strength import Strength

MAX_CHARACTERS = 72  # the package refuses more; what follows can only make a password stronger
WAIT_SECONDS = 5.0  # some texts that are made for it take the estimate seconds


class ZxcvbnMeter:
    """A strength meter, imported when it is first asked. Thread-safe: one estimate at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # the package keeps the words of its caller in a global

    def rate(self, password: str, words: Sequence[str]) -> Strength:
        """See `StrengthMeter`."""
        if not password:
            return Strength(score=0)
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise Unavailable("Too many passwords are being judged: try again.", retry_after=5)
        try:
            from zxcvbn import zxcvbn

            found = zxcvbn(password[:MAX_CHARACTERS], user_inputs=list(words))
        finally:
            self._lock.release()
        feedback = found["feedback"]
        advice = [feedback["warning"], *feedback["suggestions"]]
        return Strength(score=found["score"], advice=tuple(filter(None, advice)))
