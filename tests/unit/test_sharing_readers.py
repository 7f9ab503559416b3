"""The benchmark of control C24 with a count that takes seconds: others read while people share."""

from benchmarks.sharing import measure
from tests.unit.test_sharing_model import Sharing


def test_no_snapshot_shows_anybody_more_or_less_than_the_rule() -> None:
    tally = measure(Sharing, 100)

    assert tally.faults == []
    assert tally.steps >= 100
    assert tally.snapshots > 0
