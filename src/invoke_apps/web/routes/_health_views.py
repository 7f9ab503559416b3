"""How the server fares, as administrators see it."""

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

import attrs

from invoke_core.domain.health import DiskSpace, Fault, ServerHealth
from invoke_core.domain.queue import DeviceMemory, WorkerRecord


@attrs.frozen(kw_only=True)
class DiskView:
    """The file system that pictures are kept on."""

    total_bytes: int
    free_bytes: int

    @classmethod
    def of(cls, disk: DiskSpace) -> "DiskView":
        """Return what is shown."""
        return cls(total_bytes=disk.total_bytes, free_bytes=disk.free_bytes)


@attrs.frozen(kw_only=True)
class MemoryView:
    """The memory of a device, whoever uses it."""

    device: str
    total_bytes: int
    free_bytes: int

    @classmethod
    def of(cls, memory: DeviceMemory) -> "MemoryView":
        """Return what is shown."""
        return cls(
            device=memory.device, total_bytes=memory.total_bytes, free_bytes=memory.free_bytes
        )


@attrs.frozen(kw_only=True)
class FaultView:
    """Something that went wrong inside the server."""

    at: datetime
    source: str  # the part that says it
    message: str
    error_id: str | None  # what the answer to the request named

    @classmethod
    def of(cls, fault: Fault) -> "FaultView":
        """Return what is shown."""
        return cls(at=fault.at, source=fault.source, message=fault.message, error_id=fault.error_id)


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
    disk: DiskView | None


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
    memory: Sequence[MemoryView]  # of devices with one of their own, as at its last beat

    @classmethod
    def of(cls, worker: WorkerRecord) -> "WorkerHealth":
        """Return what is shown."""
        return cls(
            worker_id=worker.worker_id,
            host=worker.host,
            process_id=worker.process_id,
            devices=worker.devices,
            memory=[MemoryView.of(memory) for memory in worker.memory],
        )


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
    last_errors: Sequence[FaultView]  # of this server process, the newest first

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
                disk=None if health.disk is None else DiskView.of(health.disk),
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
                workers=[WorkerHealth.of(worker) for worker in health.workers],
            ),
            last_errors=[FaultView.of(fault) for fault in health.faults],
        )
