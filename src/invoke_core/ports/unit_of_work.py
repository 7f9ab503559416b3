"""Everything kept, inside one transaction."""

from contextlib import AbstractContextManager
from typing import Protocol

from invoke_core.ports.api_keys import ApiKeyRepository
from invoke_core.ports.audit import AuditRepository
from invoke_core.ports.bin import BinRepository
from invoke_core.ports.board_links import BoardLinkRepository
from invoke_core.ports.boards import BoardRepository
from invoke_core.ports.client_state import ClientStateRepository
from invoke_core.ports.deletions import DeletionRepository
from invoke_core.ports.doomed_files import DoomedFileRepository
from invoke_core.ports.downloads import DownloadRepository
from invoke_core.ports.identities import IdentityRepository, ProviderLoginRepository
from invoke_core.ports.images import ImageRepository
from invoke_core.ports.links import LinkRepository
from invoke_core.ports.mail import OutboxRepository
from invoke_core.ports.models import ModelRepository
from invoke_core.ports.news import NewsBell, NewsRepository
from invoke_core.ports.passwords import FormerPasswordRepository
from invoke_core.ports.queue import (
    FlowRepository,
    GroupRepository,
    JobRepository,
    QueueStateRepository,
    WorkerRepository,
)
from invoke_core.ports.second_factors import SecondFactorRepository
from invoke_core.ports.sessions import SessionRepository
from invoke_core.ports.stock import StockRepository
from invoke_core.ports.style_presets import StylePresetRepository
from invoke_core.ports.submissions import SubmissionRepository
from invoke_core.ports.throttle import ThrottleRepository
from invoke_core.ports.transfers import TransferRepository
from invoke_core.ports.users import UserRepository
from invoke_core.ports.workflows import WorkflowRepository


class Work(Protocol):
    """One unit of work: repositories that see one state of everything."""

    @property
    def users(self) -> UserRepository: ...
    @property
    def deletions(self) -> DeletionRepository: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def api_keys(self) -> ApiKeyRepository: ...
    @property
    def second_factors(self) -> SecondFactorRepository: ...
    @property
    def identities(self) -> IdentityRepository: ...
    @property
    def provider_logins(self) -> ProviderLoginRepository: ...
    @property
    def throttle(self) -> ThrottleRepository: ...
    @property
    def former_passwords(self) -> FormerPasswordRepository: ...
    @property
    def links(self) -> LinkRepository: ...
    @property
    def outbox(self) -> OutboxRepository: ...
    @property
    def boards(self) -> BoardRepository: ...
    @property
    def board_links(self) -> BoardLinkRepository: ...
    @property
    def images(self) -> ImageRepository: ...
    @property
    def transfers(self) -> TransferRepository: ...
    @property
    def bin(self) -> BinRepository: ...
    @property
    def stock(self) -> StockRepository: ...
    @property
    def downloads(self) -> DownloadRepository: ...
    @property
    def doomed_files(self) -> DoomedFileRepository: ...
    @property
    def models(self) -> ModelRepository: ...
    @property
    def workflows(self) -> WorkflowRepository: ...
    @property
    def style_presets(self) -> StylePresetRepository: ...
    @property
    def client_state(self) -> ClientStateRepository: ...
    @property
    def jobs(self) -> JobRepository: ...
    @property
    def flows(self) -> FlowRepository: ...
    @property
    def groups(self) -> GroupRepository: ...
    @property
    def queue(self) -> QueueStateRepository: ...
    @property
    def submissions(self) -> SubmissionRepository: ...
    @property
    def workers(self) -> WorkerRepository: ...
    @property
    def news(self) -> NewsRepository: ...
    @property
    def audit(self) -> AuditRepository: ...


class Reading(Protocol):
    """Opens a unit of work that sees one snapshot and cannot write."""

    def __call__(self) -> AbstractContextManager[Work]:
        """Return the unit of work; writing in it raises TypeError or a database error of its own.

        Raises:
            Unavailable: the database cannot be read within its time limit.
        """


class Writing(Protocol):
    """Opens a unit of work that holds the only writer."""

    def __call__(self) -> AbstractContextManager[Work]:
        """Return the unit of work: everything is kept when it ends well, nothing when it raises.

        Nothing slow happens inside: hashing, files, network and image work come before or after.

        Raises:
            Unavailable: another writer did not finish within the time limit.
            StorageFull: the disk is full; nothing was kept.
        """


class Database(Protocol):
    """Everything that is kept."""

    def reading(self) -> AbstractContextManager[Work]:
        """See `Reading`."""

    def writing(self) -> AbstractContextManager[Work]:
        """See `Writing`."""

    def bell(self) -> NewsBell:
        """Return a new bell that rings after commits that told news, also those of other processes."""

    def size_bytes(self) -> int:
        """Return how many bytes everything that is kept takes, indexes and side files included.

        Raises:
            Unavailable: the database does not answer.
        """

    def close(self) -> None:
        """Close every connection; a single-file database is whole afterwards, without side files."""
