"""Whether any request takes a field that it does not have: `python -m benchmarks.forms` (control C22).

Every column of every table is sent to every object of every body, and in every form; each must be refused
with 422 and change nothing.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.findings import Finding, report
from tests.unit.matrix.further_fields import (
    COLUMNS,
    Sent,
    in_a_form,
    in_objects,
    rows_with_bodies,
    rows_with_forms,
)
from tests.unit.matrix.world import open_world


def findings() -> Iterator[Finding]:
    """Yield what the full counts find."""
    bodies, forms = rows_with_bodies(), rows_with_forms()
    with tempfile.TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        yield _finding(
            f"{len(COLUMNS)} columns in each object of {len(bodies)} bodies",
            (sent for row in bodies for sent in in_objects(world, row)),
        )
        yield _finding(
            f"{len(COLUMNS)} columns in each of {len(forms)} forms",
            (sent for row in forms for sent in in_a_form(world, row)),
        )


def _finding(what: str, sent: Iterator[Sent]) -> Finding:
    requests, taken = 0, 0
    for one in sent:
        requests += 1
        if not one.is_refused:
            taken += 1
            print(f"taken: {one}", file=sys.stderr)
    return Finding("C22", what, f"{requests:,} requests, {taken} taken", taken == 0)


if __name__ == "__main__":
    sys.exit(report(findings()))
