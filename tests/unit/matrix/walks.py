"""Walks through lists, page by page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Ask = Callable[[str, Mapping[str, Any]], Any]
"""Returns the parsed answer to a GET of a path with these parameters."""


def walk_by_offset(
    ask: Ask, path: str, params: Mapping[str, Any], key: str, limit: int
) -> Sequence[Any]:
    """Return the ids that the pages show, in the order in which they come."""
    met: list[Any] = []
    while True:
        page = ask(path, {**params, "offset": len(met), "limit": limit})
        items = page if isinstance(page, list) else page["items"]
        assert len(items) <= limit
        met += [item[key] for item in items]
        if len(items) < limit:
            return met


def walk_by_cursor(ask: Ask, path: str, key: str, limit: int) -> Sequence[Any]:
    """Return the ids that the pages show, each page begun where the one before says."""
    met: list[Any] = []
    params: dict[str, Any] = {"limit": limit}
    while True:
        page = ask(path, params)
        assert len(page["items"]) <= limit
        met += [item[key] for item in page["items"]]
        if page["next_cursor"] is None:
            return met
        params = {"limit": limit, "cursor": page["next_cursor"]}
