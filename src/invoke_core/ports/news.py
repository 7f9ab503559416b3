"""What changed, kept for an hour, so that every process and every open page hears of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.news import Audience, NewsItem, NewsKind


class NewsRepository(Protocol):
    """News, inside one unit of work: told if, and only if, the change is made."""

    def tell(
        self,
        kind: NewsKind,
        audience: Audience,
        body: Mapping[str, str | int | float | bool | None],
        at: datetime,
    ) -> None:
        """Tell one change."""

    def since(self, news_id: int, *, limit: int = 1000) -> Sequence[NewsItem]:
        """Return what was told after this number, oldest first."""

    def last_id(self) -> int:
        """Return the number of the newest item ever told; 0 where there was none."""

    def oldest_id(self) -> int:
        """Return the number of the oldest item kept; `last_id() + 1` where none is."""

    def remove_before(self, at: datetime) -> int:
        """Forget what was told before; return how many items went."""


class NewsBell(Protocol):
    """Rings when something may have been told, by this process or another."""

    def wait(self, timeout: float) -> bool:
        """Return True at once or when it rings, False after `timeout` seconds without.

        It may ring for nothing; it never misses: whoever reads the news after each ring, and once before
        the first wait, sees every item within a second.
        """

    def close(self) -> None:
        """Give up whatever the bell holds."""
