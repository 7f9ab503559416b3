"""How forecasts of waits came true, and what the next ones are corrected by.

A forecast is a mean and a variance. It foresees no new submissions, cancellations and warm models, so it is
wrong in ways that its variance does not know. Every start that was forecast gives a score: by how many
standard deviations it came later. What is shown follows from the quantiles of the latest scores: the median
of the scores mends the expected wait, their 90th percentile gives the time by which nine in ten start (split
conformal prediction: Vovk, Gammerman, Shafer 2005; Lei and others 2018).
"""

import math
from collections.abc import Sequence
from functools import cached_property
from statistics import NormalDist

import attrs

from invoke_core.domain.estimates import NINE_IN_TEN, Expectation

KEPT = 300  # scores: older ones are forgotten, so that the correction follows the day
BELIEVED = 30  # scores without which the forecast's own variance is believed
LEAST = 0.05  # standard deviation of a wait, in parts of it, whatever the forecast says
FLOOR = (
    1.0  # second of deviation: so long a forecast is kept, and so coarse is when a start is seen
)
SHORTEST = 10.0  # seconds of a wait below which an error in parts of it says nothing
_NORMAL = NormalDist()


@attrs.frozen
class ShownWait:
    """What people are shown of a job that waits."""

    median: float  # seconds until it starts
    p90: float  # seconds in which nine of ten such jobs have started


@attrs.frozen(kw_only=True)
class Accuracy:
    """How what was shown came true, of the latest starts that waited for ten seconds and more."""

    compared: int  # starts
    median_error: float  # of the shown median, in parts of the real wait
    p90_error: float  # nine in ten errors are at most so large
    within_p90: float  # part of the starts that came by the time that was shown


@attrs.frozen
class _Compared:
    error: float
    is_within: bool


@attrs.frozen
class Calibration:
    """The latest scores, and how what was shown came true. A start changes it after it was compared."""

    scores: tuple[float, ...] = ()
    compared: tuple[_Compared, ...] = ()

    def shown(self, wait: Expectation) -> ShownWait:
        """Return what is shown of a forecast."""
        deviation = _deviation(wait)
        middle, late = self._quantiles
        median = max(0.0, wait.seconds + middle * deviation)
        return ShownWait(median, max(median, wait.seconds + late * deviation))

    def learned(self, wait: Expectation, shown: ShownWait, real: float) -> "Calibration":
        """Return the calibration after a start.

        Args:
            wait: what was forecast.
            shown: what was shown then.
            real: seconds that it took from then on.
        """
        deviation = _deviation(wait)
        scores = self.scores
        if deviation > 0:
            scores = (*scores, (real - wait.seconds) / deviation)[-KEPT:]
        compared = self.compared
        if real >= SHORTEST:
            error = abs(shown.median - real) / real
            compared = (*compared, _Compared(error, real <= shown.p90))[-KEPT:]
        return Calibration(scores, compared)

    def accuracy(self) -> Accuracy | None:
        """Return how what was shown came true; None where nothing was compared yet."""
        if not self.compared:
            return None
        errors = sorted(each.error for each in self.compared)
        return Accuracy(
            compared=len(errors),
            median_error=_quantile(errors, 0.5),
            p90_error=_quantile(errors, 0.9),
            within_p90=sum(each.is_within for each in self.compared) / len(errors),
        )

    @cached_property
    def _quantiles(self) -> tuple[float, float]:
        """Return the median and the 90th percentile of the scores."""
        missing = max(0, BELIEVED - len(self.scores))
        assumed = [_NORMAL.inv_cdf((place + 0.5) / missing) for place in range(missing)]
        known = sorted([*self.scores, *assumed])
        if not self.scores:
            return 0.0, NINE_IN_TEN
        return _quantile(known, 0.5), _quantile(known, 0.9 * (1 + 1 / len(known)))


def _deviation(wait: Expectation) -> float:
    """Return the seconds that one score stands for; 0 where the job starts at once.

    Of runs that take milliseconds the forecast knows the wait more exactly than anybody is told it. Were they
    scored by that, a start a second late would be hundreds of deviations late, and the next long wait would
    be shown as hours.
    """
    deviation = math.hypot(math.sqrt(wait.variance), LEAST * wait.seconds)
    return max(FLOOR, deviation) if deviation > 0 else 0.0


def _quantile(ordered: Sequence[float], part: float) -> float:
    """Return the value that so large a part of the ordered ones does not exceed."""
    place = min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)
    return ordered[max(0, place)]
