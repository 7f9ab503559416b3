"""What time it is."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Times of day are for people and expiry; intervals are measured on the monotonic clock."""

    def now(self) -> datetime:
        """Return the time of day, aware, UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back, from an arbitrary start."""
