"""The whole queue under seeds of everything that goes wrong: `python -m benchmarks.simulation` (R16).

Each seed plays people, a server and workers on one virtual clock: crashes at any step, processes held for
minutes, lost and repeated requests, wrong clocks, a busy database. After every commit the promises of the
queue are checked; see `tests/simulation`. Exits with 1 where a seed finds something, and says which.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import attrs

from tests.simulation.run import STEPS, SeedFailed, Simulation


@attrs.frozen
class Played:
    """What became of a seed."""

    failure: str | None
    steps: int  # those of the settling included
    commits: int
    jobs: Counter[str]  # by their end
    gap: float  # the largest, in parts of the bound
    wait: float  # the largest service of others between two turns, in parts of what it may be


def play(seed: int, steps: int = STEPS) -> Played:
    """Play one seed."""
    simulation = Simulation(seed)
    failure = None
    try:
        simulation.play(steps)
    except SeedFailed as error:
        failure = str(error)
    oracle = simulation.oracle
    ends = Counter(job.error_type or job.status.value for job in oracle.jobs.values())
    return Played(
        failure, simulation.steps, oracle.commits, ends, oracle.largest_gap, oracle.largest_wait
    )


def main() -> None:
    """Play the seeds, and print the table; or one seed, with all that happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS, help="of each seed, with faults")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, help="play this one alone, and tell all of it")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        sys.exit(tell(arguments.seed, arguments.steps))
    sys.exit(play_many(arguments))


def tell(seed: int, steps: int) -> int:
    """Play one seed, and print what happened."""
    simulation = Simulation(seed)
    try:
        simulation.play(steps)
    except SeedFailed as failure:
        print(*simulation.told, "", failure, sep="\n")
        return 1
    print(*simulation.told, f"nothing found; digest {simulation.digest()[:16]}", sep="\n")
    return 0


def play_many(arguments: argparse.Namespace) -> int:
    """Play seeds in so many processes; return how many found something, at most 1."""
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    began, failures, ends = time.perf_counter(), 0, Counter[str]()
    steps = commits = 0
    gap = wait = 0.0
    with ProcessPoolExecutor(arguments.processes) as pool:
        for played in pool.map(partial(play, steps=arguments.steps), seeds, chunksize=20):
            if played.failure is not None:
                failures += 1
                print(played.failure, file=sys.stderr, flush=True)
            steps, commits = steps + played.steps, commits + played.commits
            gap, wait = max(gap, played.gap), max(wait, played.wait)
            ends.update(played.jobs)
    print("| what | figure |\n|---|---|")
    print(f"| seeds, of {arguments.steps} steps with faults each | {arguments.seeds:,} |")
    print(f"| steps in all, commits that were checked | {steps:,}, {commits:,} |")
    print("| jobs, by their end | " + ", ".join(f"{n:,} {e}" for e, n in ends.most_common()) + " |")
    print(f"| largest gap, in parts of the bound | {gap:.2f} |")
    print(f"| most service of others between two turns, in parts of what it may be | {wait:.2f} |")
    print(f"| seeds that found something | {failures} |")
    print(f"| seconds | {time.perf_counter() - began:.0f} |")
    return int(failures > 0)


if __name__ == "__main__":
    main()
