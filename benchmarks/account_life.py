"""Accounts that live at random for 10,000 steps: `python -m benchmarks.account_life` (control C9).

The machine and its oracle are those of the tests; a step is one thing that a person, an administrator, the
host or a guesser does, after which everything that must always hold is looked at.
"""

import argparse
import sys
import time

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.account_life import AccountLife, AccountLifeOnSqlite

STEPS = 10_000
STEPS_OF_A_LIFE = 100


def main() -> int:
    """Live; print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help="on each database, at least")
    steps = parser.parse_args().steps
    print("| database | steps | seconds | outcomes |\n|---|---|---|---|")
    for name, machine in (("memory", AccountLife), ("SQLite", AccountLifeOnSqlite)):
        began = time.monotonic()
        machine.seen.clear()
        while machine.seen["steps"] < steps:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=10,
                    stateful_step_count=STEPS_OF_A_LIFE,
                    deadline=None,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        seconds = time.monotonic() - began
        seen = machine.seen
        told = ", ".join(f"{word}: {seen[word]:,}" for word in sorted(seen) if word != "steps")
        print(f"| {name} | {seen['steps']:,} | {seconds:.0f} | {told} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
