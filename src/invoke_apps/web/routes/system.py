"""Whether the server answers, and which it is."""

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

import attrs
from litestar import Response, Router, get
from litestar.di import NamedDependency

from invoke_apps.web._call import Call
from invoke_apps.web.guard import OPEN
from invoke_core.domain.health import DiskSpace, Fault, ServerHealth
from invoke_core.domain.queue import DeviceMemory


@attrs.frozen(kw_only=True)
class Liveness:
    """The process answers."""

    status: str = "ok"


@attrs.frozen(kw_only=True)
class Readiness:
    """Whether each part that a request needs answers: "ok", or one sentence that says why not."""

    ready: bool
    database: str
    storage: str
    runner: str


@attrs.frozen(kw_only=True)
class Version:
    """Which server this is."""

    version: str


@attrs.frozen(kw_only=True)
class DatabaseHealth:
    """What is kept in rows."""

    answer: str  # "ok", or one sentence that says why not
    size_bytes: int


@attrs.frozen(kw_only=True)
class StorageHealth:
    """What is kept in files."""

    answer: str
    images: int  # those in the bin left out
    images_bytes: int  # of these, thumbnails included
    disk: DiskSpace | None


@attrs.frozen(kw_only=True)
class UsersHealth:
    """Accounts and sign-ins."""

    total: int
    active: int
    sessions: int


@attrs.frozen(kw_only=True)
class WorkerHealth:
    """A process that makes pictures."""

    worker_id: str
    host: str
    process_id: int
    devices: Sequence[str]
    memory: Sequence[DeviceMemory]  # of devices with one of their own, as at its last beat


@attrs.frozen(kw_only=True)
class QueueHealth:
    """What waits and who works on it."""

    answer: str
    is_paused: bool
    pending: int
    in_progress: int
    failed: int
    workers: Sequence[WorkerHealth]


@attrs.frozen(kw_only=True)
class HealthView:
    """How the server fares."""

    at: datetime
    version: str
    database: DatabaseHealth
    storage: StorageHealth
    users: UsersHealth
    queue: QueueHealth
    last_errors: Sequence[Fault]  # of this server process, the newest first

    @classmethod
    def of(cls, health: ServerHealth, parts: dict[str, str]) -> "HealthView":
        """Return what is shown."""
        return cls(
            at=health.at,
            version=version("invoke-multiuser"),
            database=DatabaseHealth(answer=parts["database"], size_bytes=health.database_bytes),
            storage=StorageHealth(
                answer=parts["storage"],
                images=health.images,
                images_bytes=health.storage_bytes,
                disk=health.disk,
            ),
            users=UsersHealth(
                total=health.users, active=health.active_users, sessions=health.sessions
            ),
            queue=QueueHealth(
                answer=parts["runner"],
                is_paused=health.is_paused,
                pending=health.jobs.pending,
                in_progress=health.jobs.in_progress,
                failed=health.jobs.failed,
                workers=[
                    WorkerHealth(
                        worker_id=worker.worker_id,
                        host=worker.host,
                        process_id=worker.process_id,
                        devices=worker.devices,
                        memory=worker.memory,
                    )
                    for worker in health.workers
                ],
            ),
            last_errors=health.faults,
        )


@get("/healthz", opt=OPEN, sync_to_thread=False)
def healthz() -> Liveness:
    """Say that the process answers."""
    return Liveness()


@get("/readyz", opt=OPEN, sync_to_thread=True)
def readyz(call: NamedDependency[Call]) -> Response[Readiness]:
    """Say whether database, storage and runner answer; 503 where one does not."""
    parts = call.anonymous(lambda app, client: app.readiness())
    ready = all(word == "ok" for word in parts.values())
    return Response(Readiness(ready=ready, **parts), status_code=200 if ready else 503)


@get("/api/v1/system/health", sync_to_thread=True)
def health(call: NamedDependency[Call]) -> HealthView:
    """Return how the server fares: what it keeps, who is there, what waits, what went wrong lately."""
    return call(lambda app, principal: HealthView.of(app.health.look(principal), app.readiness()))


@get("/api/v1/app/version", opt=OPEN, sync_to_thread=False)
def app_version() -> Version:
    """Return the server's version."""
    return Version(version=version("invoke-multiuser"))


router = Router(path="/", route_handlers=[healthz, readyz, health, app_version], tags=["system"])
