"""The log's errors, kept for whoever looks after the server."""

import logging
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from invoke_core.domain.health import Fault

KEPT = 50


class LatestFaults(logging.Handler):
    """A `FaultLog` of what this process logs as an error while it is open."""

    def __init__(self, kept: int = KEPT) -> None:
        """Begin to listen.

        Args:
            kept: how many faults are kept; older ones are in the log file.
        """
        super().__init__(logging.ERROR)
        self._faults: deque[Fault] = deque(maxlen=kept)
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what went wrong: the message alone, for traces name files and hold values."""
        self._faults.appendleft(
            Fault(
                at=datetime.fromtimestamp(record.created, UTC),
                source=record.name,
                message=record.getMessage(),
                error_id=getattr(record, "error_id", None),
            )
        )

    def latest(self) -> Sequence[Fault]:
        """Return the latest faults, the newest first."""
        return list(self._faults)

    def close(self) -> None:
        """Listen no longer."""
        logging.getLogger().removeHandler(self)
        super().close()
