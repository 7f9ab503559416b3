"""Nobody learns that something exists which they may not know of (control C20)."""

import pytest

from tests.unit.matrix.oracle import differences
from tests.unit.matrix.principals import PRINCIPALS
from tests.unit.matrix.table import TABLE


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.route} {row.policy}")
def test_what_is_hidden_answers_as_what_is_not_there(world, row):
    told = [
        f"{principal}: {difference}"
        for principal in PRINCIPALS
        for difference in differences(world, row, principal)
    ]

    assert not told, "\n".join(told)
