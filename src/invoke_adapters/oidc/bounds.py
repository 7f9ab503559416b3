"""Requests to a provider: quick, small, encrypted, and straight to where they were sent."""

import ipaddress
import time
from collections.abc import Iterator
from typing import Any

import httpx2

STEP_SECONDS = 5.0  # to connect, and between two pieces of an answer
TOTAL_SECONDS = 10.0  # of an answer's body
MAX_BYTES = 2**20  # of an answer


class Unbounded(httpx2.TransportError):
    """The answer is over a limit, or the address is not encrypted."""


class BoundedTransport(httpx2.BaseTransport):
    """Sends requests, and gives up on an answer that is too slow or too large. Thread-safe.

    It is shared: closing a client that uses it leaves it open. `end` closes it.
    """

    def __init__(self, inner: httpx2.BaseTransport | None = None, *, clear: bool = False) -> None:
        """Open the transport.

        Args:
            inner: what sends; None: HTTP over the network, with the certificates that this machine trusts.
            clear: whether `http:` to this machine itself is sent too.
        """
        self._inner = inner or httpx2.HTTPTransport()
        self._clear = clear

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer, whose body is read within the limits."""
        if not is_safe(str(request.url), clear=self._clear):
            raise Unbounded(f"{request.url.scheme}://{request.url.host} is not encrypted")
        request.headers["Accept-Encoding"] = "identity"  # what is packed could be of any size
        response = self._inner.handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise Unbounded("the answer is packed")
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response.stream),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Leave the transport open for the others."""

    def end(self) -> None:
        """Close the transport."""
        self._inner.close()


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        ends = time.monotonic() + TOTAL_SECONDS
        left = MAX_BYTES
        for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise Unbounded(f"the answer has more than {MAX_BYTES} bytes")
            if time.monotonic() > ends:
                raise Unbounded(f"the answer takes more than {TOTAL_SECONDS} seconds")
            yield piece

    def close(self) -> None:
        self._stream.close()


def is_safe(url: str, *, clear: bool) -> bool:
    """Return whether a request may go there: encrypted, or to this machine itself where that is let."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    if parsed.userinfo or not parsed.host:
        return False
    return parsed.scheme == "https" or (
        clear and parsed.scheme == "http" and is_loopback(parsed.host)
    )


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
