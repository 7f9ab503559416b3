"""No request sets a column that it has no field for (control C22); the answers are searched by the matrix.

`python -m benchmarks.forms` sends every column to every place.
"""

import pytest

from tests.unit.matrix.further_fields import (
    in_a_form,
    in_objects,
    rows_with_bodies,
    rows_with_forms,
)
from tests.unit.matrix.schemas import document

EVERY = 9  # of the columns that are not among the first, one of so many


def test_every_body_has_a_row_that_sends_it(world):
    found = document(world)
    with_objects = {
        route
        for route, operation in found.operations()
        if "properties" in (found.body(operation) or {})
    }

    assert with_objects - {row.route for row in rows_with_bodies()} == {
        # Forms: below
        "POST /api/v1/images/upload",
        "PUT /api/v1/workflows/i/{workflow_id}/thumbnail",
        "POST /api/v1/style_presets",
        "PATCH /api/v1/style_presets/i/{style_preset_id}",
        "POST /api/v1/style_presets/import",
    }


@pytest.mark.parametrize("row", rows_with_bodies(), ids=lambda row: row.route)
def test_a_column_as_a_further_field_is_422_and_changes_nothing(world, row):
    sent = list(in_objects(world, row, every=EVERY))

    assert sent
    assert [one for one in sent if not one.is_refused] == []


@pytest.mark.parametrize("row", rows_with_forms(), ids=lambda row: row.route)
def test_a_form_takes_no_further_field_either(world, row):
    sent = list(in_a_form(world, row, every=EVERY))

    assert sent
    assert [one for one in sent if not one.is_refused] == []
