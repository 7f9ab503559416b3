"""How long a job will run, judged by those that ran before.

A kind of job is a model, a size and a number of steps; the mean run time of each kind is kept. A kind that
never ran is judged by its pixels and steps, at the rate of its model, else of all models, else of a guess.
"""

from collections.abc import Iterable, Mapping

from invoke_core.domain.generation import Generation

Measured = Mapping[str, tuple[float, int]]  # kind: mean GPU-seconds, how many were measured

MEMORY = 50  # runs: older ones fade, so that a mean follows a faster card or a new driver
ALL_KINDS = "*"  # what stands for jobs of every kind together
GUESS = 0.2e-6  # GPU-seconds for a pixel and step, before anything was measured


def kind_of(generation: Generation) -> str:
    """Return the kind that a generation belongs to, as `model|width x height|steps that are run`."""
    size = f"{generation.width}x{generation.height}"
    return f"{generation.model}|{size}|{_steps_run(generation)}"


def estimate(generation: Generation, measured: Measured) -> float:
    """Return the GPU-seconds that a generation is expected to take."""
    known = measured.get(kind_of(generation))
    if known is not None:
        return known[0]
    own_model = [kind for kind in measured if kind.startswith(f"{generation.model}|")]
    others = [kind for kind in measured if kind != ALL_KINDS]
    rate = _rate(measured, own_model) or _rate(measured, others) or GUESS
    return rate * generation.width * generation.height * _steps_run(generation)


def with_measurement(before: tuple[float, int] | None, gpu_seconds: float) -> tuple[float, int]:
    """Return the mean and count of a kind after one more run."""
    mean, count = before or (0.0, 0)
    mean += (gpu_seconds - mean) / min(count + 1, MEMORY)
    return mean, count + 1


def _steps_run(generation: Generation) -> int:
    strength = generation.init_image.strength if generation.init_image else 1.0
    return max(1, round(generation.steps * strength))


def _rate(measured: Measured, kinds: Iterable[str]) -> float:
    """Return the GPU-seconds for a pixel and step over these kinds; 0 where there are none."""
    seconds = work = 0.0
    for kind in kinds:
        mean, count = measured[kind]
        _, size, steps = kind.rsplit("|", 2)
        width, height = size.split("x")
        seconds += mean * count
        work += int(width) * int(height) * int(steps) * count
    return seconds / work if work else 0.0
