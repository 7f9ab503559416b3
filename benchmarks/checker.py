"""How often the checker of the bundled model is right: `python -m benchmarks.checker`.

It must accept 99 % of a thousand real drawings, and refuse 99 % of as many spoiled ones.
"""

import sys

import numpy as np

from training import check, draw, spoil

COUNT = 1000


def main() -> int:
    rng = np.random.default_rng(11)
    scenes = [*draw.training_scenes(), *draw.held_back_scenes()]
    chosen = [scenes[i] for i in rng.integers(len(scenes), size=COUNT)]
    real = [check.judge(draw.draw(scene, rng).pixels, scene).faultless for scene in chosen]
    print(f"real drawings accepted: {np.mean(real):.2%} of {COUNT}")
    refused = []
    for number, spoiler in enumerate(spoil.SPOILERS):
        part = chosen[number :: len(spoil.SPOILERS)]
        kind = [not check.judge(spoiler(scene, rng), scene).faultless for scene in part]
        print(f"  {spoiler.__name__:14} refused: {np.mean(kind):.1%} of {len(part)}")
        refused += kind
    print(f"spoiled drawings refused: {np.mean(refused):.2%} of {len(refused)}")
    return 0 if np.mean(real) >= 0.99 and np.mean(refused) >= 0.99 else 1


if __name__ == "__main__":
    sys.exit(main())
