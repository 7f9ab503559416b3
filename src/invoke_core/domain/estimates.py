"""How long a job will run, judged by those that ran before.

A kind of job is a model, a size and a number of steps; mean and variance of the run times of each kind are
kept. A kind that never ran is judged by its pixels and steps, at the rate of its model, else of all models,
else of a guess.

Jobs that are drawn together take longer than one and shorter than each by itself; how long passes of so many
jobs take is kept beside it.
"""

import math
from collections.abc import Iterable, Mapping

import attrs

from invoke_core.domain.generation import Generation

MEMORY = 50  # runs: older ones fade, so that a mean follows a faster card or a new driver
GUESS = 0.2e-6  # GPU-seconds for a pixel and step, before anything was measured
CPU_GUESS = (
    5e-6  # the same of a processor: what the model that comes with the server takes on one core
)
ALL_KINDS = "*"  # what stands for jobs of every kind together
DOUBT = 0.5  # standard deviation of a run time that was never measured, in parts of the estimate
NINE_IN_TEN = 1.2816  # standard deviations above the mean, of a normal distribution


@attrs.frozen
class PassTime:
    """What is known of passes in which so many jobs of one kind are drawn together."""

    jobs: int
    mean: float  # GPU-seconds of the whole pass
    measured: int  # passes
    variance: float = 0.0  # GPU-seconds squared


@attrs.frozen
class RunTime:
    """What is known of the run times of one kind of job."""

    mean: float  # GPU-seconds; of a job that was drawn with others, its share
    measured: int  # runs
    variance: float = 0.0  # GPU-seconds squared
    most: int = 1  # jobs that the runner that ran the last one draws together
    passes: tuple[PassTime, ...] = ()  # by `jobs`, ascending


@attrs.frozen
class Drawn:
    """A pass in which jobs of one kind were drawn."""

    jobs: int
    seconds: float  # GPU-seconds of all of it
    most: int  # jobs that the runner draws together at present


Measured = Mapping[str, RunTime]  # by kind


@attrs.frozen
class Expectation:
    """How long something will take: a distribution by its mean and variance."""

    seconds: float
    variance: float = 0.0

    @property
    def p90(self) -> float:
        """Return the seconds that it takes at most in nine cases of ten."""
        return self.seconds + NINE_IN_TEN * math.sqrt(self.variance)

    def then(self, other: "Expectation") -> "Expectation":
        """Return how long both take, one after the other."""
        return Expectation(self.seconds + other.seconds, self.variance + other.variance)


def kind_of(generation: Generation) -> str:
    """Return the kind that a generation belongs to, as `model|width x height|steps that are run`."""
    size = f"{generation.width}x{generation.height}"
    return f"{generation.model}|{size}|{_steps_run(generation)}"


def estimate(generation: Generation, measured: Measured) -> float:
    """Return the GPU-seconds that a generation is expected to take."""
    return expectation(generation, measured).seconds


def expectation(generation: Generation, measured: Measured) -> Expectation:
    """Return how long a generation is expected to run, on one device."""
    return expectation_of(kind_of(generation), measured)


def expectation_of(kind: str, measured: Measured, guess: float = GUESS) -> Expectation:
    """Return how long a job of this kind is expected to run, on one device.

    Args:
        kind: see `kind_of`.
        measured: what is known.
        guess: seconds for a pixel and step where nothing is.
    """
    known = measured.get(kind)
    if known is not None:
        return Expectation(known.mean, known.variance)
    model, *_ = kind.rsplit("|", 2)
    own_model = [each for each in measured if each.startswith(f"{model}|")]
    others = [each for each in measured if each != ALL_KINDS]
    rate = _rate(measured, own_model) or _rate(measured, others) or guess
    seconds = rate * _work(kind)
    return Expectation(seconds, (DOUBT * seconds) ** 2)


def most_together(kind: str, measured: Measured) -> int:
    """Return how many jobs of this kind are drawn together, where so many wait."""
    known = measured.get(kind)
    return known.most if known is not None else 1


def pass_expectation(kind: str, jobs: int, measured: Measured, guess: float = GUESS) -> Expectation:
    """Return how long a pass of so many jobs of this kind is expected to run, on one device.

    Between sizes that ran it is interpolated, beyond them it grows with the number of jobs. `guess`: see
    `expectation_of`.
    """
    known = measured.get(kind)
    passes = known.passes if known is not None else ()
    if not passes:
        alone = expectation_of(kind, measured, guess)
        return Expectation(jobs * alone.seconds, jobs * alone.variance)
    below = next((each for each in reversed(passes) if each.jobs <= jobs), None)
    above = next((each for each in passes if each.jobs >= jobs), None)
    if below is None or above is None:
        nearest = below or above
        assert nearest is not None  # there is at least one
        part = jobs / nearest.jobs
        return Expectation(part * nearest.mean, part**2 * nearest.variance)
    if below is above:
        return Expectation(below.mean, below.variance)
    part = (jobs - below.jobs) / (above.jobs - below.jobs)
    return Expectation(
        below.mean + part * (above.mean - below.mean),
        below.variance + part * (above.variance - below.variance),
    )


def with_measurement(before: RunTime | None, gpu_seconds: float) -> RunTime:
    """Return what is known of a kind after one more run."""
    known = before or RunTime(0.0, 0)
    mean, variance = _after(known, gpu_seconds)
    return attrs.evolve(known, mean=mean, measured=known.measured + 1, variance=variance)


def with_pass(known: RunTime, drawn: Drawn) -> RunTime:
    """Return what is known of a kind after one more pass."""
    sizes = {each.jobs: each for each in known.passes}
    before = sizes.get(drawn.jobs) or PassTime(drawn.jobs, 0.0, 0)
    mean, variance = _after(before, drawn.seconds)
    sizes[drawn.jobs] = PassTime(drawn.jobs, mean, before.measured + 1, variance)
    return attrs.evolve(known, most=drawn.most, passes=tuple(sizes[jobs] for jobs in sorted(sizes)))


def _after(known: RunTime | PassTime, seconds: float) -> tuple[float, float]:
    """Return mean and variance after one more measurement.

    They are exponentially weighted (Welford 1962; West 1979), with the weights of plain ones for the first
    `MEMORY` measurements.
    """
    part = 1 / min(known.measured + 1, MEMORY)
    difference = seconds - known.mean
    return known.mean + part * difference, (1 - part) * (known.variance + part * difference**2)


def _steps_run(generation: Generation) -> int:
    strength = generation.init_image.strength if generation.init_image else 1.0
    return max(1, round(generation.steps * strength))


def _rate(measured: Measured, kinds: Iterable[str]) -> float:
    """Return the GPU-seconds for a pixel and step over these kinds; 0 where there are none."""
    seconds = work = 0.0
    for kind in kinds:
        known = measured[kind]
        seconds += known.mean * known.measured
        work += _work(kind) * known.measured
    return seconds / work if work else 0.0


def _work(kind: str) -> int:
    """Return the pixels times the steps of a kind."""
    _, size, steps = kind.rsplit("|", 2)
    width, height = size.split("x")
    return int(width) * int(height) * int(steps)
