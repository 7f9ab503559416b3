"""Stand-ins for time and chance that do the same in every run."""

import itertools
import random
import threading
import uuid
from datetime import datetime, timedelta

from invoke_core.testing.builders import NOON


class FixedClock:
    """A clock that moves only when it is told to. Thread-safe."""

    def __init__(self, now: datetime = NOON) -> None:
        """Begin at `now`, aware, UTC; the monotonic clock begins at 1,000 seconds."""
        self._start = now
        self._passed = timedelta(0)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the time of day, aware, UTC."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return 1000.0 + self._passed.total_seconds()

    def advance(self, interval: timedelta | float) -> None:
        """Let time pass on both clocks; a number counts seconds."""
        if not isinstance(interval, timedelta):
            interval = timedelta(seconds=interval)
        with self._lock:
            self._passed += interval


class FakeRandomness:
    """Values that look random, are each new, and come in the same order in every run. Thread-safe."""

    def __init__(self, seed: int = 0) -> None:
        """Begin the sequence of this seed; two seeds share no identifier."""
        self._seed = seed
        self._numbers = itertools.count(1)  # `next` on it is atomic

    def identifier(self) -> str:
        """Return a UUID that grows with every call, so that lists by id keep the order of making."""
        return str(uuid.UUID(int=(self._seed << 64) + next(self._numbers), version=4))

    def secret(self) -> str:
        """Return a URL-safe text of 43 characters."""
        return f"secret-{self._seed}-{next(self._numbers)}".ljust(43, "x")

    def seed(self) -> int:
        """Return a number from 0 to 2^32 - 1."""
        return random.Random(f"{self._seed}/{next(self._numbers)}").randrange(2**32)
