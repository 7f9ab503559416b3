"""How hard a password is to guess."""

from collections.abc import Sequence
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class Strength:
    """How long whoever tries the likely ones first would take."""

    score: int  # 0: at once, to 4: for ever
    advice: tuple[str, ...] = ()  # one sentence each


class StrengthMeter(Protocol):
    """Judges passwords; thread-safe, and takes milliseconds."""

    def rate(self, password: str, words: Sequence[str]) -> Strength:
        """Return how strong a password of any length is, of somebody to whom the words belong."""
