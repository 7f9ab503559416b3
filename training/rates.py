"""How the learning rate moves during a run."""

import math


def rate(step: int, steps: int, peak: float, *, warm: int = 50, hold: float = 0.5) -> float:
    """Return the learning rate of a step: up, level, then down half a cosine to 2 % of the peak.

    Args:
        step: counted from 0.
        steps: how many there are.
        peak: the level rate.
        warm: steps to rise over.
        hold: the fraction of the run at which the rate begins to fall.
    """
    if step < warm:
        return peak * (step + 1) / warm
    fallen = max(0.0, step / steps - hold) / (1 - hold)
    return peak * (0.02 + 0.98 * (1 + math.cos(math.pi * min(1.0, fallen))) / 2)
