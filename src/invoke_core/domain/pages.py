"""A stretch of a longer list."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import attrs

from invoke_core.errors import Invalid

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
MAX_OFFSET = 10_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """`items` are those from `offset` on, at most `limit`; `total` counts everything that matches."""

    items: Sequence[T]
    offset: int
    limit: int
    total: int
    total_is_lower_bound: bool = False  # there are more than `total`, and nobody counted them
    next_cursor: str | None = None  # where the next stretch begins; None: this was the last

    def map(self, function: Callable[[T], U]) -> "Page[U]":
        """Return the same stretch with every item replaced by the function's answer."""
        items = [function(item) for item in self.items]
        return Page(
            items=items,
            offset=self.offset,
            limit=self.limit,
            total=self.total,
            total_is_lower_bound=self.total_is_lower_bound,
            next_cursor=self.next_cursor,
        )


def require_offset(offset: int) -> None:
    """Raise Invalid for an offset beyond the first 10,000: from there on only a cursor leads further."""
    if offset > MAX_OFFSET:
        raise Invalid(
            f"Beyond the first {MAX_OFFSET:,} use cursor: pass on the next_cursor of the page before.",
            field="offset",
        )


def to_cursor(*parts: str | int) -> str:
    """Return these parts as one text that can stand in an address."""
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_cursor(text: str, *kinds: type) -> tuple[Any, ...]:
    """Return what `to_cursor` was given; raise Invalid where it was not of these kinds."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise unknown_cursor()
    if not all(map(_is_plain, parts)):
        raise unknown_cursor()
    return tuple(parts)


def _is_plain(part: str | int) -> bool:
    """Return whether every database can compare with it."""
    if isinstance(part, int):
        return abs(part) < 2**62
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in part)


def unknown_cursor() -> Invalid:
    """Return the refusal of a cursor that no page gave."""
    return Invalid("This cursor is none of ours: begin again without one.", field="cursor")


def microseconds(at: datetime) -> int:
    """Return the time as a cursor holds it: since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """Return the time of a cursor; raise Invalid where there is no such one."""
    try:
        return _EPOCH + number * _MICROSECOND
    except OverflowError as error:
        raise unknown_cursor() from error
