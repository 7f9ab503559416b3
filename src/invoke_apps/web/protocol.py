"""HTTP/1.1 as uvicorn speaks it, with an end to what a client may send and to how long it may take.

uvicorn alone waits for ever for a request that never becomes whole, and reads headers of any length. Limits
of bodies by size are each route's own; what is sent after an answer was given is thrown away for a moment, so
that the client finds the time to read it, and then the connection is closed.
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEADER_BYTES = 32 * 1024  # request line included
HEAD_SECONDS = 15.0  # from the connection, or the first byte, to the last header
IDLE_SECONDS = 15.0  # in which nothing of a body comes though it is wanted
WHOLE_SECONDS = 120.0  # from the first byte of a request to its last
LINGER_SECONDS = 2.0  # in which a client that still sends can read its answer

_REFUSALS = {
    408: ("Request Timeout", "The request took too long to arrive."),
    431: ("Request Header Fields Too Large", "The headers of a request have at most 32 KiB."),
}


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    _begun = (
        0.0  # when the present request began, on the loop's clock; the connection counts as one
    )
    _heard = 0.0  # when something came last
    _head_bytes = 0
    _in_head = True
    _in_body = False
    _refused = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._begun = self._heard = self.loop.time()
        self._look_again(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self._refused:
            return
        self._heard = self.loop.time()
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEADER_BYTES:
            self._refuse(431)
        elif self._timer is None and (self._in_body or self._head_bytes):
            self._look_again(IDLE_SECONDS)

    def on_message_begin(self) -> None:
        """Note when the request began."""
        super().on_message_begin()
        self._begun = self.loop.time()

    def on_headers_complete(self) -> None:
        """Begin to serve the request, unless its headers are too long."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MAX_HEADER_BYTES:
            self._refuse(431)
            return
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Be ready for the next request."""
        self._in_head, self._in_body, self._head_bytes = True, False, 0
        if not self._refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Close a connection soon on which the body of an answered request is still being sent."""
        super().on_response_complete()
        if self._in_body and not self.transport.is_closing():
            self._begun = self.loop.time() + LINGER_SECONDS - WHOLE_SECONDS
            self._look_again(LINGER_SECONDS)

    def _look_again(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.transport.is_closing() or not self._is_awaited():
            return
        now = self.loop.time()
        if self._in_head:
            left = self._begun + HEAD_SECONDS - now
        else:
            # What the server itself does not read for now is not the client's to send faster.
            heard = now if self.flow.read_paused else self._heard
            left = min(heard + IDLE_SECONDS, self._begun + WHOLE_SECONDS) - now
        if left <= 0:
            self._refuse(408)
        else:
            self._look_again(left)

    def _is_awaited(self) -> bool:
        """Return whether the rest of a request is, or the first one of the connection."""
        return self._in_body or bool(self._head_bytes) or self.cycle is None

    def _refuse(self, status: int) -> None:
        """Answer where nothing was answered yet, and close the connection."""
        self._refused = True
        cycle = self.cycle
        # In a head the answer before may still be on its way; in a body its own may.
        free = cycle is None or (
            cycle.response_complete if self._in_head else not cycle.response_started
        )
        if free:
            self.transport.write(_answer(status))
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()


def _answer(status: int) -> bytes:
    title, detail = _REFUSALS[status]
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
