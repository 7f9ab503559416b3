"""A stretch of a longer list."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
MAX_OFFSET = 10_000


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """`items` are those from `offset` on, at most `limit`; `total` counts everything that matches."""

    items: Sequence[T]
    offset: int
    limit: int
    total: int

    def map(self, function: Callable[[T], U]) -> "Page[U]":
        """Return the same stretch with every item replaced by the function's answer."""
        return Page(
            items=[function(item) for item in self.items],
            offset=self.offset,
            limit=self.limit,
            total=self.total,
        )
