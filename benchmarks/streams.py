"""A listener of the event stream that reads in a thread of its own and knows when it ended."""

import http.client
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PATIENCE = 60.0  # seconds until a benchmark gives up waiting
EVENTS = "/api/v1/queue/default/events"


class Stream:
    """An open event stream; leaving the block closes it."""

    def __init__(self, url: str, credential: str, *, after: int | None = None) -> None:
        """Listen from now on, or from after an event."""
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=PATIENCE
        )
        self._headers = {"Authorization": credential}
        if after is not None:
            self._headers["Last-Event-ID"] = str(after)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.status = 0
        self.lines: list[str] = []
        self.ended_at = 0.0  # monotonic; 0 while it goes on

    def __enter__(self) -> Self:
        self._connection.connect()
        self._socket = self._connection.sock  # the answer takes it over
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # it ended already
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the reader
        self._thread.join(PATIENCE)
        self._connection.close()

    def _read(self) -> None:
        with suppress(OSError, http.client.HTTPException, ValueError):  # either end closed it
            self._connection.request("GET", EVENTS, headers=self._headers)
            answer = self._connection.getresponse()
            self.status = answer.status
            while line := answer.readline():
                with self._changed:
                    self.lines.append(line.decode().rstrip("\r\n"))
                    self._changed.notify_all()
        with self._changed:
            self.ended_at = time.monotonic()
            self._changed.notify_all()

    def wait_for(self, text: str) -> None:
        """Return once a line holds the text."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: any(text in line for line in self.lines) or bool(self.ended_at), PATIENCE
            )
        assert found, self.lines[-5:]
        assert any(text in line for line in self.lines), (self.status, self.lines[-5:])

    def wait_for_end(self) -> None:
        """Return once the stream has ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.ended_at), PATIENCE), self.lines[-5:]
