"""Whether the matrix of routes and principals notices every broken policy: `python -m benchmarks.policies`.

Control C19: each scope, mark, check and line of a rule is broken, one at a time; at least one cell of the
matrix, or one answer about something hidden, must differ. What survives is printed, with the reason where one
is known; a survivor without one is a failure.
"""

import argparse
import logging
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType

import attrs

from tests.unit.matrix.cells import troubles, troubles_of_services
from tests.unit.matrix.mutants import Mutant, mutants
from tests.unit.matrix.oracle import differences
from tests.unit.matrix.principals import PRINCIPALS
from tests.unit.matrix.survivors import SURVIVORS
from tests.unit.matrix.table import TABLE, Row
from tests.unit.matrix.world import World, open_world


@attrs.define
class Coverage:
    """Which rows run which functions of the core."""

    row: Row | None = None
    rows: dict[CodeType, list[Row]] = attrs.field(factory=lambda: defaultdict(list))

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Note a call, as `sys.setprofile` tells it."""
        code = frame.f_code
        if event == "call" and self.row is not None and "invoke_core" in code.co_filename:
            rows = self.rows[code]
            if not rows or rows[-1] is not self.row:
                rows.append(self.row)


def noticed(world: World, mutant: Mutant, rows: Sequence[Row]) -> str | None:
    """Return the first thing that the matrix finds wrong with the mutant in place, or None."""
    with mutant.broken():
        for row in rows:
            for principal in PRINCIPALS:
                for find in (troubles, differences, troubles_of_services):
                    for trouble in find(world, row, principal):
                        return f"{row.route} by {principal}: {trouble[:100]}"
    return None


def cover(world: World, coverage: Coverage, principals: Sequence[str] = PRINCIPALS) -> None:
    """Run every row by these principals, unbroken."""
    for row in TABLE:
        coverage.row = row
        for principal in principals:
            found = [*troubles(world, row, principal), *differences(world, row, principal)]
            assert found == [], found
    coverage.row = None


def rows_for(mutant: Mutant, coverage: Coverage) -> Sequence[Row]:
    """Return the rows that can notice the mutant."""
    if mutant.route is not None:
        return [row for row in TABLE if row.route == mutant.route]
    return TABLE if mutant.code is None else coverage.rows.get(mutant.code, [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="mutants with this in their name")
    wanted = parser.parse_args().only
    logging.disable()  # a broken rule may well end in a fault
    coverage, began = Coverage(), time.perf_counter()
    threading.setprofile(coverage.note)  # of the threads that begin from now on
    with tempfile.TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        cover(world, coverage)
    threading.setprofile(None)
    killed, survived = 0, []
    with tempfile.TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        for mutant in mutants(world):
            if wanted not in mutant.name:
                continue
            rows = rows_for(mutant, coverage)
            if noticed(world, mutant, rows) is None:
                survived.append(mutant.name)
                why = SURVIVORS.get(mutant.name, "nobody knows why")
                told = f"line {mutant.line}, {len(rows)} rows"
                print(f"survived: {mutant.name} ({told}): {why}", file=sys.stderr, flush=True)
            else:
                killed += 1
    print("| what | figure |\n|---|---|")
    print(f"| policies broken, one at a time | {killed + len(survived)} |")
    print(f"| noticed by the matrix | {killed} |")
    print(f"| the same as unbroken, for a reason that is written down | {len(survived)} |")
    print(f"| seconds | {time.perf_counter() - began:.0f} |")
    return 0 if set(survived) <= set(SURVIVORS) else 1


if __name__ == "__main__":
    sys.exit(main())
