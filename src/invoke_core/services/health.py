"""How the server fares."""

from collections.abc import Callable

import attrs

from invoke_core.domain.health import ServerHealth
from invoke_core.domain.principals import Principal, require_administrator
from invoke_core.ports.clock import Clock
from invoke_core.ports.faults import FaultLog
from invoke_core.ports.storage import ImageStorage
from invoke_core.ports.unit_of_work import Reading


@attrs.frozen
class HealthService:
    """Counts what an administrator watches."""

    reading: Reading
    database_bytes: Callable[[], int]
    storage: ImageStorage
    clock: Clock
    faults: FaultLog | None = None  # None: nobody listens to the log

    def look(self, principal: Principal) -> ServerHealth:
        """Return how the server fares now.

        Raises:
            Forbidden: the principal is no administrator.
        """
        require_administrator(principal)
        now = self.clock.now()
        database_bytes = self.database_bytes()
        with self.reading() as work:
            usage = work.images.usage()
            return ServerHealth(
                at=now,
                database_bytes=database_bytes,
                images=usage.images,
                storage_bytes=usage.size_bytes,
                disk=self.storage.space(),
                users=work.users.list(limit=1).total,
                active_users=work.users.list(is_active=True, limit=1).total,
                sessions=work.sessions.count(now),
                jobs=work.jobs.counts(),
                is_paused=work.queue.paused(),
                workers=work.workers.list(),
                faults=self.faults.latest() if self.faults else [],
            )
