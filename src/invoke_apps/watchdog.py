"""Ends the process of a worker whose runner hangs in native code, so that its supervisor starts another one.

There are two ways to hang. Where native code lets the interpreter go, the worker goes on beating, and only
the steps that do not come give it away: a thread looks for them. Where native code holds the interpreter, no
Python runs: then `faulthandler`, whose thread is not Python's, finds that nobody looked any more.
"""

import faulthandler
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Self

from invoke_core.domain.hangs import Signs
from invoke_core.ports.clock import Clock
from invoke_core.ports.runner import Step

STANDARD_ERROR = 2  # the descriptor, whatever `sys.stderr` is
LOOK_SECONDS = 5.0

_log = logging.getLogger("invoke.worker")


class Watched:
    """One thing that may hang: it tells how it gets on, and the watchdog looks. Thread-safe."""

    def __init__(self, what: str, clock: Clock) -> None:
        """Begin now.

        Args:
            what: as the log names it.
            clock: of its signs.
        """
        self.what = what
        self._clock = clock
        self._lock = threading.Lock()
        self._signs = Signs(at=clock.monotonic())

    def step(self, step: Step) -> None:
        """Tell of a step that was done."""
        with self._lock:
            is_last = step.step >= step.steps
            self._signs = self._signs.stepped(self._clock.monotonic(), is_last=is_last)

    def drawn(self) -> None:
        """Tell that all steps are done and the pictures are awaited from now on."""
        with self._lock:
            self._signs = self._signs.drawn(self._clock.monotonic())

    def signs(self) -> Signs:
        """Return what it has shown of itself."""
        with self._lock:
            return self._signs


class Watchdog:
    """Looks after what one worker's runner does, while its `with` block runs."""

    def __init__(
        self,
        limit: float | None,
        clock: Clock,
        on_hang: Callable[[str], object],
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Return a watchdog that does not look yet.

        Args:
            limit: seconds that a step may take of which nothing is known; None: nothing counts as hung.
            clock: what they are measured by.
            on_hang: called once, with what hangs, in the watchdog's thread.
            look_seconds: between two looks, at most.
        """
        self._limit = limit
        self._clock = clock
        self._on_hang = on_hang
        self._look_seconds = look_seconds
        self._watched: set[Watched] = set()
        self._lock = threading.Lock()
        self._resting = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)

    @classmethod
    def asleep(cls, clock: Clock) -> Self:
        """Return one that never looks: for a runner in somebody else's process."""
        return cls(None, clock, lambda what: None)

    def __enter__(self) -> Self:
        """Begin to look."""
        if self._limit is not None:
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Look no more."""
        self._resting.set()
        if self._limit is not None:
            self._thread.join()

    def watching(self, what: str) -> AbstractContextManager[Watched]:
        """Look after something new while the block runs; `what` is how the log names it."""
        return self.watching_on(Watched(what, self._clock))

    @contextmanager
    def watching_on(self, watched: Watched) -> Iterator[Watched]:
        """Look after something while the block runs."""
        with self._lock:
            self._watched.add(watched)
        try:
            yield watched
        finally:
            with self._lock:
                self._watched.discard(watched)

    def _look(self) -> None:
        assert self._limit is not None
        pause = min(self._look_seconds, self._limit / 10)
        try:
            while not self._resting.wait(pause):
                with self._lock:
                    shown = [(each.what, each.signs()) for each in self._watched]
                _arm(max([self._limit, *(signs.patience(self._limit) for _, signs in shown)]))
                now = self._clock.monotonic()
                for what, signs in shown:
                    if signs.is_overdue(now, self._limit):
                        self._on_hang(what)
                        return
        finally:
            faulthandler.cancel_dump_traceback_later()


def _arm(seconds: float) -> None:
    """Let the process end where nobody comes back here for so long: native code holds the interpreter.

    The timer is the process's. With several watchdogs whichever looks puts it off for all, and rightly: where
    one of them can look, so can the others.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=STANDARD_ERROR)
