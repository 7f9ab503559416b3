"""Recovery closes as soon as somebody administers again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from invoke_core.domain.audit import SERVER, AuditAction, Stranger
from invoke_core.domain.principals import Principal
from invoke_core.ports.recovery import Recovery
from invoke_core.ports.unit_of_work import Writing


class NoRecovery:
    """A `Recovery` that never opens: where nobody configures a signing key."""

    def settle(self) -> bool | None:
        """Return None."""
        return None

    def is_open(self) -> bool:
        """Return False."""
        return False

    def close(self) -> bool:
        """Return False."""
        return False

    @contextmanager
    def passing(self) -> Iterator[bool]:
        """Yield False."""
        yield False


def end_recovery(
    recovery: Recovery, writing: Writing, who: Principal | Stranger, now: datetime
) -> None:
    """Close the door, where it is open, and write down who administers again."""
    if recovery.close():
        with writing() as work:
            work.audit.record(who, AuditAction.RECOVERY_CLOSE, SERVER, at=now)
