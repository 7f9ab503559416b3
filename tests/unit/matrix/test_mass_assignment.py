"""No request sets a column that it has no field for (control C22); the answers are searched by the matrix."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from invoke_adapters.sql import schema
from tests.unit.matrix.cells import request_of
from tests.unit.matrix.schemas import Document, document
from tests.unit.matrix.table import TABLE, Row

COLUMNS = sorted(
    {column.name for table in schema.metadata.tables.values() for column in table.columns}
)
FIRST = ("is_admin", "user_id", "owner_id", "password_hash", "epoch", "status", "created_at")
EVERY = 9  # in CI each ninth of the others at each place, another one each time


def rows_with_bodies() -> list[Row]:
    """Return one row of each route with a JSON object, the one that sends most."""
    fullest: dict[str, Row] = {}
    for row in TABLE:
        if isinstance(row.json, dict) and len(str(row.json)) > len(
            str(fullest[row.route].json if row.route in fullest else "")
        ):
            fullest[row.route] = row
    return list(fullest.values())


def places(
    found: Document, body: Any, described: dict[str, Any]
) -> Iterator[tuple[list[Any], set[str]]]:
    """Yield the way to each object in a body, and the names of the fields that it may have."""
    if (
        isinstance(body, dict) and "properties" in described
    ):  # without them it is anybody's document
        properties = described["properties"]
        yield [], set(properties)
        for name, inner in body.items():
            for way, names in places(found, inner, found.resolved(properties[name])):
                yield [name, *way], names
    elif isinstance(body, list):
        for number, inner in enumerate(body):
            for way, names in places(found, inner, found.resolved(described["items"])):
                yield [number, *way], names


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
    assert further_fields(world, row, every=EVERY) == []


def further_fields(world: Any, row: Row, *, every: int = 1) -> list[str]:
    """Return the columns that some object of the row's body takes as a field that it does not have."""
    found = document(world)
    described = found.body(dict(found.operations())[row.route])
    path, sent = request_of(row, world.things)
    taken = []
    for number, (way, names) in enumerate(places(found, sent["json"], described)):
        others = [column for column in COLUMNS if column not in FIRST]
        for column in (*FIRST, *others[number % every :: every]):
            if column in names:
                continue
            body = copy.deepcopy(sent["json"])
            place = body
            for step in way:
                place = place[step]
            place[column] = 1
            world.restore()
            answer = world.ask("admin", row.method, path, params=row.params, json=body)
            if answer.status_code != 422 or world.memory.differences(world.now()):
                taken.append(f"{way} {column}: {answer.status_code}")
    return taken


@pytest.mark.parametrize("column", FIRST)
def test_a_form_takes_no_further_field_either(world, column):
    for row in TABLE:
        if row.files is None and row.form is None:
            continue
        path, sent = request_of(row, world.things)
        sent["data"] = {**sent.get("data", {}), column: "1"}
        world.restore()

        answer = world.ask("admin", row.method, path, **sent)

        assert answer.status_code == 422, f"{row.route}: {answer.text}"
        assert world.memory.differences(world.now()) == []
