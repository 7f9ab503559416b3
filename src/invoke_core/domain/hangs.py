"""When a runner counts as hung: it shows nothing of itself for longer than what it showed before explains."""

from typing import Self

import attrs

TIMES = 10  # how much longer something may take than the same took before


@attrs.frozen(kw_only=True)
class Signs:
    """What one pass has shown of itself; times are seconds on one monotonic clock.

    Between its steps a pass has a rhythm of its own, and a pause that is out of it means something. Before
    the first one a model may be loaded from a slow disk. How long the second one takes is only known from the
    first; and after the last one a large picture is decoded, which takes longer where a step does.
    """

    at: float  # of the last sign
    has_begun: bool = False  # a step was done
    is_ending: bool = False  # the last one of a picture was
    slowest: float | None = None  # time between two steps; None: there were no two
    longest: float = 0.0  # time between any two signs, that before the first step too

    def stepped(self, now: float, *, is_last: bool) -> Self:
        """Return the signs after a step; `is_last` where it was the last one of its picture."""
        took = now - self.at
        is_rhythm = self.has_begun and not self.is_ending
        return attrs.evolve(
            self,
            at=now,
            has_begun=True,
            is_ending=is_last,
            slowest=max(self.slowest or 0.0, took) if is_rhythm else self.slowest,
            longest=max(self.longest, took),
        )

    def drawn(self, now: float) -> Self:
        """Return the signs as somebody begins to wait for the pictures, all steps being done."""
        return attrs.evolve(self, at=now, has_begun=True, is_ending=True)

    def patience(self, limit: float) -> float:
        """Return the seconds that the next sign may take.

        Args:
            limit: what a step may take that nothing is known of.
        """
        if not self.has_begun:
            return TIMES * limit
        known = self.longest if self.slowest is None or self.is_ending else self.slowest
        return max(limit, TIMES * known)

    def is_overdue(self, now: float, limit: float) -> bool:
        """Return whether the next sign should have come by now; see `patience`."""
        return now - self.at > self.patience(limit)
