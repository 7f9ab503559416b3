"""What one may not know of answers as what does not exist (control C20)."""

import re
from collections.abc import Iterator
from typing import Any

import httpx

from tests.unit.matrix.cells import request_of
from tests.unit.matrix.principals import PRINCIPALS
from tests.unit.matrix.table import THING_OF, Row
from tests.unit.matrix.world import World, unknown_like

NOBODY_ELSES = {
    "board", "second_board", "image", "starred", "loose", "ex_image", "session", "key", "batch:job",
    "workflow", "preset", "link", "identity", "transfer", "binned", "binned_by_writer",
    "binned_loose", "download",
}  # fmt: skip
"""Things of which not everybody may know that they are there; accounts too. Of jobs, models and boards where
all may look everybody may.
"""

JOBS = {"job", "failed", "running"}
PUBLIC_TOO = frozenset({"GET /api/v1/images", "GET /api/v1/images/names"})
"""Lists of a person's pictures: everybody sees there those on boards that are open to all."""

OWNERS_KEYS = frozenset({"key_read", "key_generate", "key_full"})
FIRST = frozenset({"must_change", "must_enroll"})
"""Who must do something first is told nothing, not even what everybody else may know."""

OUTSIDERS = frozenset(
    {
        "anonymous", "garbage", "link_holder", "media", "other", "ex_grantee", "must_change", "must_enroll",
        "key_read", "key_generate", "key_full", "admin_key_read", "admin_key_generate", "admin_key_full",
        "cookie_alone",
    }
)  # fmt: skip
"""Whose refusals have nothing to do with the thing: they must be the same for one that is not there."""


def named_things(row: Row) -> list[str]:
    """Return the things that a request of the row names and of which not everybody may know."""
    return [name for name in _names(row) if name in NOBODY_ELSES or name.startswith("user:")]


def _names(row: Row) -> list[str]:
    names = [row.names.get(n) or THING_OF.get(n, n) for n in re.findall(r"{(\w+)}", row.path)]
    names += re.findall(r"{([\w:]+)}", repr([row.params, row.json, row.form]))
    return list(dict.fromkeys(names))


def differences(world: World, row: Row, principal: str) -> Iterator[str]:
    """Yield where the answer about a thing differs from that about one that is not there."""
    letter = row.letters[PRINCIPALS.index(principal)]
    things = named_things(row)
    if principal in FIRST:
        things += [name for name in _names(row) if name in JOBS]
    if not things or letter not in "uhno" or ("ex_image" in things and principal == "ex_grantee"):
        return  # there is nothing to hide, or nothing is hidden: whose picture it is always sees it
    if row.route in PUBLIC_TOO and row.params and "user_id" in row.params:
        return
    if principal in OWNERS_KEYS and letter in {"o", row.letters[PRINCIPALS.index("owner")]}:
        return  # it is their own, and their key may do no less than they
    if principal not in OUTSIDERS and (len(things) > 1 or letter != "h"):
        return  # they see part of it
    real = _shown(_answer(world, row, principal, world.things), {})
    for replaced in [[name] for name in things] if principal in OUTSIDERS else [things]:
        unknown = {name: unknown_like(world.things[name]) for name in replaced}
        back = {str(unknown[name]): str(world.things[name]) for name in replaced}
        other = _shown(_answer(world, row, principal, world.things | unknown), back)
        if other != real:
            yield f"{replaced}: {real} and for what is not there {other}"


def _answer(world: World, row: Row, principal: str, things: dict[str, Any]) -> httpx.Response:
    world.restore()
    path, sent = request_of(row, things)
    return world.ask(principal, row.method, path, **sent)


def _shown(answer: httpx.Response, back: dict[str, str]) -> tuple[int, str, list[tuple[str, str]]]:
    """Return all that the client sees but for the request's own number, with these texts put back."""
    text = answer.text
    for unknown, known in back.items():
        text = text.replace(unknown.removesuffix(".zip"), known.removesuffix(".zip"))
    headers = [pair for pair in answer.headers.multi_items() if pair[0] != "x-request-id"]
    return answer.status_code, text, sorted(headers)
