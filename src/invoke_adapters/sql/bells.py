"""Bells for threads of this process, rung by its own commits and by a watcher of the others'."""

import threading
from collections.abc import Callable
from typing import Protocol


class Watcher(Protocol):
    """Calls back when another process may have told news, until it is closed."""

    def close(self) -> None:
        """Stop watching."""


class Bell:
    """See `NewsBell`."""

    def __init__(self, forget: Callable[["Bell"], None]) -> None:
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


class Belfry:
    """All bells of one database. Thread-safe."""

    def __init__(self, watch: Callable[[Callable[[], None]], Watcher]) -> None:
        """Return a belfry that begins to watch, with `watch(ring)`, when its first bell is asked for."""
        self._watch = watch
        self._lock = threading.Lock()
        self._bells: list[Bell] = []
        self._watcher: Watcher | None = None

    def bell(self) -> Bell:
        """Return a new bell."""
        with self._lock:
            if self._watcher is None:
                self._watcher = self._watch(self.ring)
            bell = Bell(self._forget)
            self._bells.append(bell)
            return bell

    def ring(self) -> None:
        """Ring every bell."""
        with self._lock:
            bells = list(self._bells)
        for bell in bells:
            bell.ring()

    def close(self) -> None:
        """Stop watching, and let everyone who waits go on."""
        with self._lock:
            watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()
        self.ring()

    def _forget(self, bell: Bell) -> None:
        with self._lock:
            if bell in self._bells:
                self._bells.remove(bell)
