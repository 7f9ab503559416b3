"""The operating system's clock, randomness and processes."""

import secrets
import time
import uuid
from datetime import UTC, datetime

from invoke_adapters.system.processes import HostProcesses


class SystemClock:
    """The `Clock` of this machine."""

    def now(self) -> datetime:
        """Return the time of day, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back, from an arbitrary start."""
        return time.monotonic()


class SystemRandomness:
    """The `Randomness` of this machine's kernel."""

    def identifier(self) -> str:
        """Return a new random UUID as text (RFC 9562, version 4)."""
        return str(uuid.uuid4())

    def secret(self) -> str:
        """Return a URL-safe text of 256 random bits."""
        return secrets.token_urlsafe(32)

    def seed(self) -> int:
        """Return a number from 0 to 2^32 - 1."""
        return secrets.randbits(32)


__all__ = ["HostProcesses", "SystemClock", "SystemRandomness"]
