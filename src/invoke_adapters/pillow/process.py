"""An image codec that reads what comes from outside in processes of its own."""

import contextlib
import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from invoke_adapters.pillow._frames import LENGTHS, MAX_WORDS, frame
from invoke_adapters.pillow.codec import PillowImageCodec
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import TooLarge, Unavailable, Unsupported
from invoke_core.ports.imaging import NormalisedImage

SECONDS = 20.0  # to read one picture
WRITE_SECONDS = 60.0  # to write what was read as PNG: so many pixels take their time
START_SECONDS = 60.0  # until a process has to be there
WAIT_SECONDS = 60.0  # for a process that is free
PLAIN_MEMORY = 512 * 2**20  # bytes of address space without any picture
MEMORY_A_PIXEL = 24  # bytes: the widest form, turned, converted and compressed

_PIECE = 2**20  # bytes
_REFUSALS = {"too_large", "unsupported"}
_HANDED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "VIRTUAL_ENV")

_log = logging.getLogger("invoke.decoder")


class ProcessImageCodec:
    """An image codec that decodes in a few warm processes, each with limits on memory and time.

    They begin with the first picture and end with `close`, or with this process however it ends. One that
    breaks a limit, or crashes, is killed and replaced. Pixels of our own are written in the caller's thread:
    there is nothing to be afraid of in them.
    """

    def __init__(
        self,
        max_pixels: int = 67_108_864,
        *,
        processes: int | None = None,
        seconds: float = SECONDS,
        memory: int | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            max_pixels: of an upload.
            processes: at most; None: one for each core.
            seconds: that reading one picture may take.
            memory: bytes of address space of one process; None: enough for `max_pixels`.
        """
        self._own = PillowImageCodec(max_pixels)
        self._processes = processes or os.cpu_count() or 1
        self._seconds = seconds
        self._memory = memory or PLAIN_MEMORY + MEMORY_A_PIXEL * max_pixels
        self._max_body = 8 * max_pixels + PLAIN_MEMORY  # of an answer
        self._changed = threading.Condition()
        self._idle: list[_Decoder] = []
        self._all: set[_Decoder] = set()
        self._starting = 0
        self._is_closed = False

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        """See `ImageCodec`."""
        words, png = self._ask({"do": "normalise", "texts": dict(texts)}, content, writes=True)
        kept = {str(key): str(text) for key, text in words["texts"].items()}
        return NormalisedImage(
            png=png, width=int(words["width"]), height=int(words["height"]), texts=kept
        )

    def decode(self, png: bytes) -> Pixels:
        """See `ImageCodec`."""
        words, rgb = self._ask({"do": "decode"}, png)
        return Pixels(width=int(words["width"]), height=int(words["height"]), rgb=rgb)

    def encode(self, pixels: Pixels, texts: Mapping[str, str]) -> bytes:
        """See `ImageCodec`."""
        return self._own.encode(pixels, texts)

    def thumbnail(self, png: bytes) -> bytes:
        """See `ImageCodec`."""
        return self._ask({"do": "thumbnail"}, png)[1]

    def preview(self, pixels: Pixels) -> bytes:
        """See `ImageCodec`."""
        return self._own.preview(pixels)

    def process_ids(self) -> list[int]:
        """Return the ids of the processes that are there now."""
        with self._changed:
            return sorted(decoder.process.pid for decoder in self._all)

    def close(self) -> None:
        """End every process; a picture that is being read is given up."""
        with self._changed:
            self._is_closed = True
            ended = list(self._all)
            self._all.clear()
            self._idle.clear()
            self._changed.notify_all()
        for decoder in ended:
            decoder.end()

    def _ask(
        self, words: dict[str, Any], body: bytes, *, writes: bool = False
    ) -> tuple[dict[str, Any], bytes]:
        decoder = self._take()
        try:
            answer, content = decoder.ask(words, body, self._seconds, self._max_body)
            if writes and not answer.keys() & _REFUSALS:
                more, content = decoder.hear(WRITE_SECONDS, self._max_body)
                answer |= more
        except BaseException as error:
            self._drop(decoder)
            if isinstance(error, TimeoutError):
                _log.warning(
                    "A picture took longer than %g s; its decoder was ended.", self._seconds
                )
                raise Unsupported(
                    "The picture takes too long to read: save it again and upload that."
                ) from error
            if isinstance(error, OSError | ValueError):
                _log.warning("A decoder ended at a picture: %s", error)
                raise Unsupported(
                    "The picture cannot be read: save it again and upload that."
                ) from error
            raise
        self._give_back(decoder)
        if "too_large" in answer:
            raise TooLarge(str(answer["too_large"]))
        if "unsupported" in answer:
            raise Unsupported(str(answer["unsupported"]))
        return answer, content

    def _take(self) -> "_Decoder":
        """Return a process of one's own: an idle one, else a new one, else the next that is free."""
        ends = time.monotonic() + WAIT_SECONDS
        with self._changed:
            while True:
                if self._is_closed:
                    raise Unavailable("The server is stopping.")
                while self._idle:
                    decoder = self._idle.pop()
                    if decoder.process.poll() is None:
                        return decoder
                    self._all.discard(decoder)  # it died while it had nothing to do
                    decoder.end()
                if len(self._all) + self._starting < self._processes:
                    self._starting += 1
                    break
                if not self._changed.wait(ends - time.monotonic()):
                    raise Unavailable(
                        "Too many pictures are being read: try again in a moment.", retry_after=5
                    )
        started = None
        try:
            started = _Decoder(self._own.max_pixels, self._memory, self._seconds)
        finally:
            with self._changed:
                self._starting -= 1
                if started is not None and not self._is_closed:
                    self._all.add(started)
                self._changed.notify_all()
        return started

    def _give_back(self, decoder: "_Decoder") -> None:
        with self._changed:
            if decoder in self._all:
                self._idle.append(decoder)
                self._changed.notify()
                return
        decoder.end()  # closed meanwhile

    def _drop(self, decoder: "_Decoder") -> None:
        with self._changed:
            self._all.discard(decoder)
            self._changed.notify()
        decoder.end()


class _Decoder:
    """One process. Used by one thread at a time."""

    def __init__(self, max_pixels: int, memory: int, seconds: float) -> None:
        """Start it, and wait until it is ready.

        Raises:
            Unavailable: it does not start.
        """
        command = [sys.executable, "-P", "-W", "ignore", "-m", "invoke_adapters.pillow.decoder"]
        # No fork: this process has threads. A group of its own keeps Ctrl-C for the server.
        self.process = subprocess.Popen(
            [*command, str(max_pixels), str(memory), str(seconds + WRITE_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            bufsize=0,
            process_group=0,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        try:
            self._receive(time.monotonic() + START_SECONDS, _PIECE)
        except (OSError, ValueError) as error:
            self.end()
            raise Unavailable(
                "The process that reads pictures does not start; the server's log says more."
            ) from error
        except BaseException:
            self.end()
            raise

    def ask(
        self, words: dict[str, Any], body: bytes, seconds: float, max_body: int
    ) -> tuple[dict[str, Any], bytes]:
        """Return the answer to a frame.

        Raises:
            TimeoutError: it took longer.
            OSError: the process ended.
            ValueError: its answer is none.
        """
        ends = time.monotonic() + seconds
        for piece in frame(words, body):
            self._send(memoryview(piece), ends)
        return self._receive(ends, max_body)

    def hear(self, seconds: float, max_body: int) -> tuple[dict[str, Any], bytes]:
        """Return the next frame of the answer; raises as `ask` does."""
        return self._receive(time.monotonic() + seconds, max_body)

    def end(self) -> None:
        """End the process at once."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        self.process.wait()

    def _send(self, view: memoryview, ends: float) -> None:
        while view:
            _wait(self._to, select.POLLOUT, ends)
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self._to, view[:_PIECE]) :]

    def _receive(self, ends: float, max_body: int) -> tuple[dict[str, Any], bytes]:
        words, body = LENGTHS.unpack(self._read(LENGTHS.size, ends))
        if words > MAX_WORDS or body > max_body:
            raise ValueError("an answer of the decoder is too long")
        answer = json.loads(self._read(words, ends))
        if not isinstance(answer, dict):
            raise ValueError("an answer of the decoder is none")
        return answer, bytes(self._read(body, ends))

    def _read(self, size: int, ends: float) -> bytearray:
        content = bytearray(size)
        view = memoryview(content)
        while view:
            _wait(self._from, select.POLLIN, ends)
            read = os.readv(self._from, [view[:_PIECE]])
            if not read:
                raise ConnectionError("the decoder has ended")
            view = view[read:]
        return content


def _wait(handle: int, event: int, ends: float) -> None:
    poll = select.poll()
    poll.register(handle, event)
    left = ends - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError


def _environment() -> dict[str, str]:
    """Return what the process needs to find its modules, and nothing else: no key, no token."""
    kept = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    places = [os.path.abspath(place) for place in sys.path if place]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(places),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_MMAP_THRESHOLD_": "1048576",  # so that glibc gives the memory of a picture back
    }
