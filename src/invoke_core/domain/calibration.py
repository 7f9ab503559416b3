"""How forecasts of waits came true, and what the next ones are corrected by.

A forecast is a mean and a variance. It foresees no new submissions, cancellations and warm models, so it is
wrong in ways that its variance does not know. Every start that was forecast gives a score: by how many times
it came later, as a logarithm, in standard deviations. What is shown follows from the quantiles of the latest
scores of jobs that stood alike: the median of the scores mends the expected wait, their 90th percentile gives
the time by which nine in ten start (conformal prediction by category: Vovk, Gammerman, Shafer 2005; Lei and
others 2018).
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import attrs

from invoke_core.domain.estimates import NINE_IN_TEN, Expectation

KEPT = 100  # scores of a category: older ones are forgotten, so that the correction follows the day
BELIEVED = 10  # scores without which the forecast's own variance is believed
COMPARED = 300  # starts by which the accuracy is told
LEAST = 0.2  # standard deviation of the logarithm of a wait, whatever the forecast says
SHORTEST = 10.0  # seconds of a wait below which an error in parts of it says nothing
_NORMAL = NormalDist()

Category = tuple[int, int]


@attrs.frozen
class Situation:
    """What tells, beside the forecast, how far off it will be: later submissions of others go between."""

    turn: int = 1  # the job's place among its owner's; 1 = their next
    people: int = 1  # who have work among the next starts

    @property
    def category(self) -> Category:
        """Return what jobs that stand alike have in common: powers of two, up to 16th turns and 4 people."""
        return min(5, self.turn.bit_length()), min(3, self.people.bit_length())


ALONE = Situation()


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

    scores: Mapping[Category, tuple[float, ...]] = attrs.field(factory=dict)
    compared: tuple[_Compared, ...] = ()

    def shown(self, wait: Expectation, situation: Situation = ALONE) -> ShownWait:
        """Return what is shown of a forecast."""
        if wait.seconds <= 0:
            return ShownWait(0.0, 0.0)
        deviation = _deviation(wait)
        middle, late = _quantiles(self.scores.get(situation.category, ()))
        median = max(0.0, _longer(wait, middle * deviation))
        return ShownWait(median, max(median, _longer(wait, late * deviation)))

    def learned(
        self, wait: Expectation, shown: ShownWait, real: float, situation: Situation = ALONE
    ) -> "Calibration":
        """Return the calibration after a start.

        Args:
            wait: what was forecast.
            shown: what was shown then.
            real: seconds that it took from then on.
            situation: where the job stood then.
        """
        scores = dict(self.scores)
        if wait.seconds > 0:
            score = math.log((real + SHORTEST) / (wait.seconds + SHORTEST)) / _deviation(wait)
            category = situation.category
            scores[category] = (*scores.get(category, ()), score)[-KEPT:]
        compared = self.compared
        if real >= SHORTEST:
            error = abs(shown.median - real) / real
            compared = (*compared, _Compared(error, real <= shown.p90))[-COMPARED:]
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


def _quantiles(scores: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 90th percentile of scores."""
    if not scores:
        return 0.0, NINE_IN_TEN
    missing = max(0, BELIEVED - len(scores))
    assumed = [_NORMAL.inv_cdf((place + 0.5) / missing) for place in range(missing)]
    known = sorted([*scores, *assumed])
    return _quantile(known, 0.5), _quantile(known, 0.9 * (1 + 1 / len(known)))


def _deviation(wait: Expectation) -> float:
    """Return the standard deviation of the logarithm of a wait.

    `SHORTEST` is added to whatever a logarithm is taken of. Of runs that take milliseconds the forecast knows
    the wait more exactly than anybody is told it; a start a second late would be many times the wait late,
    and the next long wait would be shown as hours.
    """
    return max(LEAST, math.log1p(math.sqrt(wait.variance) / (wait.seconds + SHORTEST)))


def _longer(wait: Expectation, logarithm: float) -> float:
    return (wait.seconds + SHORTEST) * math.exp(logarithm) - SHORTEST


def _quantile(ordered: Sequence[float], part: float) -> float:
    """Return the value that so large a part of the ordered ones does not exceed."""
    place = min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)
    return ordered[max(0, place)]
