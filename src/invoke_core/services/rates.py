"""How many requests a person makes: more than so many within a minute are refused."""

import math
import threading
from collections import deque

from invoke_core.domain.identifiers import UserId
from invoke_core.errors import TooMany
from invoke_core.ports.clock import Clock

WINDOW_SECONDS = 60.0
PICTURES = 10  # times as many pictures as other things: a page of a gallery is a hundred of them


class RequestRates:
    """Counts the requests of each person in this process. Thread-safe.

    A moving window: within any minute at most the limit is let through. What is refused does not count, so
    whoever waits as long as they are told comes in.
    """

    def __init__(self, per_minute: int | None, clock: Clock) -> None:
        """Begin with nothing counted.

        Args:
            per_minute: requests of one person; None: no limit.
            clock: tells the time.
        """
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._let_through: dict[tuple[UserId, bool], deque[float]] = {}
        self._swept = float("-inf")

    def count(self, user_id: UserId, *, picture: bool = False) -> None:
        """Count a request of the person.

        Args:
            user_id: whose it is.
            picture: whether it fetches a picture; these are counted apart.

        Raises:
            TooMany: there were too many within the last minute; it tells when the next may come.
        """
        if self._per_minute is None:
            return
        now = self._clock.monotonic()
        with self._lock:
            self._sweep(now)
            most = self._per_minute * (PICTURES if picture else 1)
            times = self._let_through.setdefault((user_id, picture), deque(maxlen=most))
            if len(times) == most and now - times[0] < WINDOW_SECONDS:
                wait = max(1, math.ceil(WINDOW_SECONDS - (now - times[0])))
                raise TooMany(
                    f"More than {most:,} requests within a minute: go on in {wait} seconds.",
                    retry_after=wait,
                )
            times.append(now)  # which forgets the oldest of a full one

    def _sweep(self, now: float) -> None:
        """Forget, once in a window, whoever has asked for nothing within it."""
        if now - self._swept < WINDOW_SECONDS:
            return
        self._swept = now
        for key, times in list(self._let_through.items()):
            if now - times[-1] >= WINDOW_SECONDS:
                del self._let_through[key]
