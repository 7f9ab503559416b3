"""News in dictionaries, and a bell for threads."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.news import Audience, NewsItem, NewsKind


@attrs.frozen
class MemoryNewsRepository:
    """See `NewsRepository`."""

    state: State

    def tell(
        self,
        kind: NewsKind,
        audience: Audience,
        body: Mapping[str, str | int | float | bool | None],
        at: datetime,
    ) -> None:
        """Tell one change."""
        news_id = self.last_id() + 1
        self.state.facts[None] = attrs.evolve(self.state.facts[None], news_id=news_id)
        self.state.news[news_id] = NewsItem(
            news_id=news_id, kind=kind, audience=audience, body=dict(body), at=at
        )

    def since(self, news_id: int, *, limit: int = 1000) -> Sequence[NewsItem]:
        """Return what was told after this number, oldest first."""
        return [item for item in self.state.news.values() if item.news_id > news_id][:limit]

    def last_id(self) -> int:
        """Return the number of the newest item ever told."""
        return self.state.facts[None].news_id

    def oldest_id(self) -> int:
        """Return the number of the oldest item kept."""
        return next(iter(self.state.news), self.last_id() + 1)

    def remove_before(self, at: datetime) -> int:
        """Forget what was told before; return how many items went."""
        old = [item.news_id for item in self.state.news.values() if item.at < at]
        for news_id in old:
            del self.state.news[news_id]
        return len(old)


class MemoryNewsBell:
    """See `NewsBell`."""

    def __init__(self, forget: Callable[["MemoryNewsBell"], None]) -> None:
        """Return a bell that calls `forget` when it is closed."""
        self._forget = forget
        self._rung = threading.Event()

    def ring(self) -> None:
        """Let the one who waits, or will wait, go on."""
        self._rung.set()

    def wait(self, timeout: float) -> bool:
        """Return True at once or when it rings, False after `timeout` seconds without."""
        rang = self._rung.wait(timeout)
        self._rung.clear()
        return rang

    def close(self) -> None:
        """Let the one who waits go on, and ring no more."""
        self._forget(self)
        self.ring()
