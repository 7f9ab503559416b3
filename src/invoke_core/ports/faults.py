"""What went wrong lately."""

from collections.abc import Sequence
from typing import Protocol

from invoke_core.domain.health import Fault


class FaultLog(Protocol):
    """The latest faults of this process; thread-safe."""

    def latest(self) -> Sequence[Fault]:
        """Return the latest faults, the newest first; a bounded number."""
