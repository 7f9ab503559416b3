"""People with open event streams."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import httpx

from tests.e2e.running import PATIENCE


@attrs.frozen
class Event:
    """One event of a stream."""

    name: str
    body: Any
    id: str | None

    def is_about(self, **facts: Any) -> bool:
        """Return whether the body has these members."""
        return all(self.body.get(key) == value for key, value in facts.items())


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
        name, data, number = "message", "", None
        try:
            for line in self._lines:
                field, _, value = line.partition(":")
                if field == "event":
                    name = value.strip()
                elif field == "data":
                    data += value.strip()
                elif field == "id":
                    number = value.strip()
                elif not line and data:
                    self._heard(Event(name, json.loads(data), number))
                    name, data, number = "message", "", None
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
