"""The operating system's processes, as far as the life of a worker is concerned."""

from typing import Protocol

from invoke_core.domain.queue import Process


class Processes(Protocol):
    """Tells who we are and who is gone. Thread-safe."""

    def this(self) -> Process:
        """Return the process that asks."""

    def is_gone(self, process: Process) -> bool:
        """Return whether the process has certainly ended; False where it cannot be known."""
