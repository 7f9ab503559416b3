"""Columns sent as fields that a request does not have (control C22)."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from invoke_adapters.sql import schema
from tests.unit.matrix.cells import request_of
from tests.unit.matrix.schemas import Document, document
from tests.unit.matrix.table import TABLE, Row
from tests.unit.matrix.world import World

COLUMNS = sorted(
    {column.name for table in schema.metadata.tables.values() for column in table.columns}
)
FIRST = ("is_admin", "user_id", "owner_id", "password_hash", "epoch", "status", "created_at")


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


@attrs.frozen
class Sent:
    """A request with a field too many, and what came of it."""

    what: str
    status: int
    changes: Sequence[str]

    @property
    def is_refused(self) -> bool:
        """Return whether it was refused and changed nothing."""
        return self.status == 422 and not self.changes


def in_objects(world: World, row: Row, *, every: int = 1) -> Iterator[Sent]:
    """Yield what becomes of each column in each object of the row's body.

    Args:
        world: who is asked.
        row: the request.
        every: of the columns that are not among the first, one of so many, another one at each place.
    """
    found = document(world)
    described = found.body(dict(found.operations())[row.route])
    assert described is not None
    path, sent = request_of(row, world.things)
    for number, (way, names) in enumerate(places(found, sent["json"], described)):
        for column in _columns(number, every):
            if column in names:
                continue
            body = copy.deepcopy(sent["json"])
            place = body
            for step in way:
                place = place[step]
            place[column] = 1
            yield _sent(world, row, f"{way} {column}", path, {"params": row.params, "json": body})


def rows_with_forms() -> list[Row]:
    """Return the rows that send a form."""
    return [row for row in TABLE if row.files is not None or row.form is not None]


def in_a_form(world: World, row: Row, *, every: int = 1) -> Iterator[Sent]:
    """Yield what becomes of each column in the row's form."""
    names = set(row.form or {})
    for column in _columns(0, every):
        if column not in names:
            path, sent = request_of(row, world.things)
            sent["data"] = {**sent.get("data", {}), column: "1"}
            yield _sent(world, row, column, path, sent)


def _columns(number: int, every: int) -> list[str]:
    others = [column for column in COLUMNS if column not in FIRST]
    return [*FIRST, *others[number % every :: every]]


def _sent(world: World, row: Row, what: str, path: str, sent: dict[str, Any]) -> Sent:
    world.restore()
    answer = world.ask("admin", row.method, path, **sent)
    changes = world.memory.differences(world.now())
    return Sent(f"{row.route} {what}", answer.status_code, changes)
