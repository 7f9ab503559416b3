"""The database in dictionaries: one state at a time, replaced whole by every writing unit."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from invoke_adapters.memory.api_keys import MemoryApiKeyRepository
from invoke_adapters.memory.audit import MemoryAuditRepository, Recorded
from invoke_adapters.memory.bin import MemoryBinRepository
from invoke_adapters.memory.board_links import MemoryBoardLinkRepository
from invoke_adapters.memory.boards import MemoryBoardRepository
from invoke_adapters.memory.client_state import MemoryClientStateRepository
from invoke_adapters.memory.deletions import MemoryDeletionRepository
from invoke_adapters.memory.downloads import MemoryDownloadRepository
from invoke_adapters.memory.identities import (
    MemoryIdentityRepository,
    MemoryProviderLoginRepository,
)
from invoke_adapters.memory.images import MemoryImageRepository
from invoke_adapters.memory.links import (
    MemoryDoomedFileRepository,
    MemoryFormerPasswordRepository,
    MemoryLinkRepository,
    MemoryOutboxRepository,
)
from invoke_adapters.memory.models import MemoryModelRepository
from invoke_adapters.memory.news import MemoryNewsBell, MemoryNewsRepository
from invoke_adapters.memory.queue import (
    MemoryFlowRepository,
    MemoryGroupRepository,
    MemoryJobRepository,
    MemoryQueueStateRepository,
    MemoryWorkerRepository,
)
from invoke_adapters.memory.second_factors import MemorySecondFactorRepository
from invoke_adapters.memory.sessions import MemorySessionRepository
from invoke_adapters.memory.state import State, first_state
from invoke_adapters.memory.stock import MemoryStockRepository
from invoke_adapters.memory.style_presets import MemoryStylePresetRepository
from invoke_adapters.memory.submissions import MemorySubmissionRepository
from invoke_adapters.memory.throttle import MemoryThrottleRepository
from invoke_adapters.memory.transfers import MemoryTransferRepository
from invoke_adapters.memory.users import MemoryUserRepository
from invoke_adapters.memory.workflows import MemoryWorkflowRepository
from invoke_core.domain.audit import Chain
from invoke_core.errors import Unavailable


@attrs.frozen
class MemoryWork:
    """One unit of work over one view of the state."""

    state: State
    chain: Chain
    recorded: Recorded = attrs.field(factory=Recorded)

    @property
    def users(self) -> MemoryUserRepository:
        """Return the accounts."""
        return MemoryUserRepository(self.state)

    @property
    def deletions(self) -> MemoryDeletionRepository:
        """Return the deletions of accounts that are under way."""
        return MemoryDeletionRepository(self.state)

    @property
    def sessions(self) -> MemorySessionRepository:
        """Return the sign-ins."""
        return MemorySessionRepository(self.state)

    @property
    def api_keys(self) -> MemoryApiKeyRepository:
        """Return the API keys."""
        return MemoryApiKeyRepository(self.state)

    @property
    def second_factors(self) -> MemorySecondFactorRepository:
        """Return the second factors."""
        return MemorySecondFactorRepository(self.state)

    @property
    def identities(self) -> MemoryIdentityRepository:
        """Return the people at other places."""
        return MemoryIdentityRepository(self.state)

    @property
    def provider_logins(self) -> MemoryProviderLoginRepository:
        """Return the sign-ins that are under way there."""
        return MemoryProviderLoginRepository(self.state)

    @property
    def throttle(self) -> MemoryThrottleRepository:
        """Return the tallies of failures, and the known devices."""
        return MemoryThrottleRepository(self.state)

    @property
    def former_passwords(self) -> MemoryFormerPasswordRepository:
        """Return the passwords that accounts had before."""
        return MemoryFormerPasswordRepository(self.state)

    @property
    def links(self) -> MemoryLinkRepository:
        """Return the invitations and reset links."""
        return MemoryLinkRepository(self.state)

    @property
    def outbox(self) -> MemoryOutboxRepository:
        """Return the letters that are to be sent."""
        return MemoryOutboxRepository(self.state)

    @property
    def boards(self) -> MemoryBoardRepository:
        """Return the boards."""
        return MemoryBoardRepository(self.state)

    @property
    def board_links(self) -> MemoryBoardLinkRepository:
        """Return the links to boards."""
        return MemoryBoardLinkRepository(self.state)

    @property
    def images(self) -> MemoryImageRepository:
        """Return the images."""
        return MemoryImageRepository(self.state)

    @property
    def transfers(self) -> MemoryTransferRepository:
        """Return the transfers of content."""
        return MemoryTransferRepository(self.state)

    @property
    def bin(self) -> MemoryBinRepository:
        """Return the deleted images."""
        return MemoryBinRepository(self.state)

    @property
    def stock(self) -> MemoryStockRepository:
        """Return the books of the image storage."""
        return MemoryStockRepository(self.state)

    @property
    def downloads(self) -> MemoryDownloadRepository:
        """Return the archives that were asked for."""
        return MemoryDownloadRepository(self.state)

    @property
    def doomed_files(self) -> MemoryDoomedFileRepository:
        """Return the files that are still to be removed."""
        return MemoryDoomedFileRepository(self.state)

    @property
    def models(self) -> MemoryModelRepository:
        """Return the catalogue."""
        return MemoryModelRepository(self.state)

    @property
    def workflows(self) -> MemoryWorkflowRepository:
        """Return the library of workflows."""
        return MemoryWorkflowRepository(self.state)

    @property
    def style_presets(self) -> MemoryStylePresetRepository:
        """Return the style presets."""
        return MemoryStylePresetRepository(self.state)

    @property
    def client_state(self) -> MemoryClientStateRepository:
        """Return what clients remember."""
        return MemoryClientStateRepository(self.state)

    @property
    def jobs(self) -> MemoryJobRepository:
        """Return the jobs."""
        return MemoryJobRepository(self.state)

    @property
    def flows(self) -> MemoryFlowRepository:
        """Return the flows."""
        return MemoryFlowRepository(self.state)

    @property
    def groups(self) -> MemoryGroupRepository:
        """Return the groups of people in the queue."""
        return MemoryGroupRepository(self.state)

    @property
    def queue(self) -> MemoryQueueStateRepository:
        """Return what the queue remembers as a whole."""
        return MemoryQueueStateRepository(self.state)

    @property
    def submissions(self) -> MemorySubmissionRepository:
        """Return the submissions that may come twice."""
        return MemorySubmissionRepository(self.state)

    @property
    def workers(self) -> MemoryWorkerRepository:
        """Return the workers."""
        return MemoryWorkerRepository(self.state)

    @property
    def news(self) -> MemoryNewsRepository:
        """Return the news."""
        return MemoryNewsRepository(self.state)

    @property
    def audit(self) -> MemoryAuditRepository:
        """Return the audit log."""
        return MemoryAuditRepository(self.state, self.chain, self.recorded)


class MemoryDatabase:
    """Everything that is kept, in this process only. Thread-safe."""

    def __init__(self, *, busy_timeout: float = 10.0, chain: Chain | None = None) -> None:
        """Begin with the internal account and nothing else.

        Args:
            busy_timeout: seconds that a writing unit waits for the one before it.
            chain: seals the audit log; None: one without a key.
        """
        self._chain = chain or Chain()
        self._busy_timeout = busy_timeout
        self._state = first_state()
        self._writer = threading.Lock()
        self._bells: list[MemoryNewsBell] = []
        self._bells_lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[MemoryWork]:
        """Yield a unit of work that sees one snapshot; writing in it raises TypeError."""
        yield MemoryWork(self._state.view(writable=False), self._chain)

    @contextmanager
    def writing(self) -> Iterator[MemoryWork]:
        """Yield the only writing unit of work."""
        if not self._writer.acquire(timeout=self._busy_timeout):
            raise Unavailable("The database is busy: try again in a moment.", retry_after=1)
        before = self._state
        after = before.view(writable=True)
        try:
            yield MemoryWork(after, self._chain)
            self._state = after.view(writable=False)
        finally:
            after.seal()
            self._writer.release()
        if after.facts[None].news_id != before.facts[None].news_id:
            self._ring()

    def size_bytes(self) -> int:
        """Return 0: nothing is written anywhere."""
        return 0

    def bell(self) -> MemoryNewsBell:
        """Return a new bell that rings after commits that told news."""
        bell = MemoryNewsBell(self._forget)
        with self._bells_lock:
            self._bells.append(bell)
        return bell

    def close(self) -> None:
        """Let every waiting bell go; the content stays for as long as the object lives."""
        self._ring()

    def _ring(self) -> None:
        with self._bells_lock:
            bells = list(self._bells)
        for bell in bells:
            bell.ring()

    def _forget(self, bell: MemoryNewsBell) -> None:
        with self._bells_lock:
            if bell in self._bells:
                self._bells.remove(bell)
