"""One cell of the matrix: what a principal gets of a row, held against the letter that stands there."""

import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

import attrs
import httpx

from invoke_apps.web import _call
from invoke_core.domain.principals import Scope
from tests.unit.matrix.leaks import leaks
from tests.unit.matrix.principals import PRINCIPALS
from tests.unit.matrix.table import THING_OF, Row
from tests.unit.matrix.world import FILES, Memory, World

REFUSED = {"u": 401, "n": 403, "h": 404, "r": 400, "v": 422, "c": 409}
NOTED = {"audit", "tallies", "provider_logins"}  # a sign-in at a provider that failed is used up


@attrs.frozen
class Cell:
    """What came of one request."""

    answer: httpx.Response
    before: Memory
    after: Memory

    @property
    def changed(self) -> list[str]:
        return self.before.differences(self.after)


def request_of(row: Row, things: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the path of a good request, and what is sent with it."""
    path = row.path
    for name in re.findall(r"{(\w+)}", row.path):
        path = path.replace(f"{{{name}}}", str(things[row.names.get(name) or THING_OF[name]]))
    sent = {}
    if row.params is not None:
        sent["params"] = filled(row.params, things)
    if row.json is not None:
        sent["json"] = filled(row.json, things)
    if row.form is not None:
        sent["data"] = filled(row.form, things)
    if row.headers is not None:
        sent["headers"] = filled(dict(row.headers), things)
    if row.files is not None:
        sent["files"] = {field: FILES[file] for field, file in row.files.items()}
    return path, sent


def filled(template: Any, things: dict[str, Any]) -> Any:
    """Return the template with things in place of their names in braces."""
    match template:
        case dict():
            return {key: filled(value, things) for key, value in template.items()}
        case list():
            return [filled(value, things) for value in template]
        case str() if re.fullmatch(r"{[\w:]+}", template):
            return things[template[1:-1]]
        case str():
            return re.sub(r"{([\w:]+)}", lambda found: str(things[found[1]]), template)
    return template


def run(world: World, row: Row, principal: str, **changes: Any) -> Cell:
    """Send the row's request as the principal, into the world as it was; `changes` replace parts of it."""
    world.restore()
    path, sent = request_of(row, world.things)
    answer = world.ask(principal, row.method, changes.pop("path", path), **(sent | changes))
    return Cell(answer, world.memory, world.now())


def troubles(world: World, row: Row, principal: str) -> Iterator[str]:
    """Yield what is wrong with one cell, a sentence each."""
    letter = row.letters[PRINCIPALS.index(principal)]
    cell = run(world, row, principal)
    status = cell.answer.status_code
    expected = REFUSED.get(letter, row.ok)
    if status != expected:
        yield f"{status} in place of {expected}: {cell.answer.text[:120]}"
        return
    changed = cell.changed
    if letter in REFUSED and set(changed) - (NOTED if row.notes else set()):
        yield f"refused with {status}, and yet {changed} changed"
    if letter in "yo" and not row.changes and set(changed) - {"audit"}:
        yield f"reads, and yet {changed} changed"
    if letter == "o" and row.changes and changed:
        yield f"touches nothing, and yet {changed} changed"
    if letter in "ys" and row.changes and not changed:
        yield "done, and yet nothing changed"
    if row.shows is not None and letter in "yos":
        shown = str(filled(row.shows, world.things)) in cell.answer.text
        if shown != (letter == "y"):
            yield f"shows {row.shows}: {shown}"
    yield from leaks(world, row, principal, cell.answer)


KEYS = frozenset(
    {
        "key_read",
        "key_generate",
        "key_full",
        "admin_key_read",
        "admin_key_generate",
        "admin_key_full",
    }
)
ASKED_OF_THE_WEB_ALONE = {
    "POST /api/v1/auth/logout",  # a key has no sign-in that it could end
    "POST /api/v1/auth/password-strength",  # tells nothing of the account and changes nothing
    "DELETE /api/v1/auth/users/{user_id}/sessions",  # as a deactivation ends them, which a key may do
}


def troubles_of_services(world: World, row: Row, principal: str) -> Iterator[str]:
    """Yield where a service takes a key for what no key may do, were the web's table of scopes not there."""
    letter = row.letters[PRINCIPALS.index(principal)]
    no_key_may = principal in KEYS and row.letters[PRINCIPALS.index("admin_key_full")] == "n"
    if letter != "n" or not no_key_may or row.route in ASKED_OF_THE_WEB_ALONE:
        return
    with mock.patch.object(_call, "needed_scope", return_value=Scope.READ):
        cell = run(world, row, principal)
    if cell.answer.status_code != 403 or cell.changed:
        yield f"{cell.answer.status_code} where no key may: {cell.answer.text[:100]}, {cell.changed}"
