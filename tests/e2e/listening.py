"""People with open event streams."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from tests.e2e.running import PATIENCE
from tests.e2e.server_events import Event, server_sent_events


class Listener:
    """Reads a stream in a thread of its own, and remembers what came."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.events: list[Event] = []
        self._lines = lines
        self._changed = threading.Condition()
        self._ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        try:
            for event in server_sent_events(self._lines):
                self._heard(event)
        except httpx.HTTPError:  # whoever listened hung up
            pass
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _heard(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[Event], bool]) -> Event:
        """Return the first event that is wanted, once it has come."""

        def found() -> Event | None:
            return next(filter(wanted, self.events), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, timeout=PATIENCE)
            event = found()
        assert event is not None, self.events
        return event

    def forget(self) -> None:
        """Begin anew: what came so far is settled."""
        with self._changed:
            self.events.clear()


@contextmanager
def listening(client: httpx.Client, last_event_id: str | None = None) -> Iterator[Listener]:
    """Open a person's stream until the block ends; it is open when the block begins."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    with client.stream("GET", "/api/v1/queue/default/events", headers=headers) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        assert next(lines).startswith(":")  # the welcome: from here on nothing is missed
        listener = Listener(lines)
        yield listener
        # Closing alone would let the thread wait for the next heartbeat.
        stream.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        listener.thread.join(PATIENCE)
