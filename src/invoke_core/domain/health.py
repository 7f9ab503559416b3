"""How a server fares: what an administrator looks at before anybody complains."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain.queue import QueueCounts, WorkerRecord


@attrs.frozen(kw_only=True)
class DiskSpace:
    """The file system that pictures are kept on."""

    total_bytes: int
    free_bytes: int  # that the server may still take


@attrs.frozen(kw_only=True)
class Fault:
    """Something that went wrong inside the server, as its log has it."""

    at: datetime  # aware, UTC
    source: str  # the part that says it
    message: str
    error_id: str | None = None  # what the answer to the request named


@attrs.frozen(kw_only=True)
class ServerHealth:
    """A server in numbers, at one instant."""

    at: datetime  # aware, UTC
    database_bytes: int  # what is not yet written back included
    images: int  # those in the bin left out
    storage_bytes: int  # of these, thumbnails included
    disk: DiskSpace | None  # None: what keeps pictures knows no end
    users: int
    active_users: int  # that are not deactivated
    sessions: int  # that still count
    jobs: QueueCounts
    is_paused: bool
    workers: Sequence[WorkerRecord]  # ordered by id
    faults: Sequence[Fault]  # of this process since it began, the newest first
