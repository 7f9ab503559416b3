"""The tail of the news: one thread a process reads what changed and hands it on."""

import logging
import threading
from collections.abc import Callable

from invoke_core.domain.news import NewsItem
from invoke_core.errors import Unavailable
from invoke_core.ports.news import NewsBell
from invoke_core.ports.unit_of_work import Reading

logger = logging.getLogger(__name__)

Subscriber = Callable[[NewsItem], None]
STRETCH = 1000  # items read at once
WAIT_SECONDS = 1.0  # for the bell, between two looks at whether to stop


class NewsTail:
    """Hands every news item that is told after `start` to all subscribers, in order. Thread-safe.

    Subscribers are called in the tail's thread: they hand on and return; one that raises is logged and
    hears of the next item all the same.
    """

    def __init__(self, reading: Reading, bell: NewsBell) -> None:
        """Return a tail that has not started; it owns the bell from now on."""
        self._reading = reading
        self._bell = bell
        self._subscribers: list[Subscriber] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_id = 0

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand it every item from now on."""
        with self._lock:
            self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Hand it nothing more, though one call may still be under way; unknown ones are ignored."""
        with self._lock:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

    @property
    def last_id(self) -> int:
        """Return the number of the last item that was handed on."""
        return self._last_id

    def start(self) -> None:
        """Begin after the newest item that there is; again: nothing happens."""
        with self._lock:
            if self._thread is not None:
                return
            with self._reading() as work:
                self._last_id = work.news.last_id()
            self._thread = threading.Thread(target=self._follow, name="news", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Hand on nothing more, and give up the bell; returns when the thread has ended."""
        self._stopping.set()
        self._bell.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._catch_up()
            if not self._stopping.is_set():
                self._bell.wait(WAIT_SECONDS)

    def _catch_up(self) -> None:
        """Hand on everything that was told by now."""
        while not self._stopping.is_set():
            try:
                with self._reading() as work:
                    items = work.news.since(self._last_id, limit=STRETCH)
            except Unavailable:  # busy past its limit: try again in a moment
                logger.warning("The news could not be read; trying again.")
                self._stopping.wait(1.0)
                continue
            for item in items:
                self._hand_on(item)
                self._last_id = item.news_id
            if len(items) < STRETCH:
                return

    def _hand_on(self, item: NewsItem) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            try:
                subscriber(item)
            except Exception:
                logger.exception("A subscriber failed on news %d.", item.news_id)
