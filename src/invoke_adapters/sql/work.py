"""One unit of work over one connection."""

import attrs
import sqlalchemy as sa

from invoke_adapters.sql.api_keys import SqlApiKeyRepository
from invoke_adapters.sql.audit import Recorded, SqlAuditRepository
from invoke_adapters.sql.bin import SqlBinRepository
from invoke_adapters.sql.board_links import SqlBoardLinkRepository
from invoke_adapters.sql.boards import SqlBoardRepository
from invoke_adapters.sql.client_state import SqlClientStateRepository
from invoke_adapters.sql.deletions import SqlDeletionRepository
from invoke_adapters.sql.downloads import SqlDownloadRepository
from invoke_adapters.sql.identities import (
    SqlIdentityRepository,
    SqlProviderLoginRepository,
)
from invoke_adapters.sql.images import SqlImageRepository
from invoke_adapters.sql.jobs import SqlJobRepository
from invoke_adapters.sql.links import (
    SqlDoomedFileRepository,
    SqlFormerPasswordRepository,
    SqlLinkRepository,
    SqlOutboxRepository,
)
from invoke_adapters.sql.models import SqlModelRepository
from invoke_adapters.sql.news import SqlNewsRepository, Told
from invoke_adapters.sql.queue import (
    SqlFlowRepository,
    SqlGroupRepository,
    SqlQueueStateRepository,
    SqlWorkerRepository,
)
from invoke_adapters.sql.second_factors import SqlSecondFactorRepository
from invoke_adapters.sql.sessions import SqlSessionRepository
from invoke_adapters.sql.stock import SqlStockRepository
from invoke_adapters.sql.style_presets import SqlStylePresetRepository
from invoke_adapters.sql.submissions import SqlSubmissionRepository
from invoke_adapters.sql.throttle import SqlThrottleRepository
from invoke_adapters.sql.transfers import SqlTransferRepository
from invoke_adapters.sql.users import SqlUserRepository
from invoke_adapters.sql.workflows import SqlWorkflowRepository
from invoke_core.domain.audit import Chain


@attrs.frozen
class SqlWork:
    """See `Work`."""

    connection: sa.Connection
    chain: Chain
    told: Told = attrs.field(factory=Told)
    recorded: Recorded = attrs.field(factory=Recorded)

    @property
    def users(self) -> SqlUserRepository:
        """Return the accounts."""
        return SqlUserRepository(self.connection)

    @property
    def deletions(self) -> SqlDeletionRepository:
        """Return the deletions of accounts that are under way."""
        return SqlDeletionRepository(self.connection)

    @property
    def sessions(self) -> SqlSessionRepository:
        """Return the sign-ins."""
        return SqlSessionRepository(self.connection)

    @property
    def api_keys(self) -> SqlApiKeyRepository:
        """Return the API keys."""
        return SqlApiKeyRepository(self.connection)

    @property
    def second_factors(self) -> SqlSecondFactorRepository:
        """Return the second factors."""
        return SqlSecondFactorRepository(self.connection)

    @property
    def identities(self) -> SqlIdentityRepository:
        """Return the people at other places."""
        return SqlIdentityRepository(self.connection)

    @property
    def provider_logins(self) -> SqlProviderLoginRepository:
        """Return the sign-ins that are under way there."""
        return SqlProviderLoginRepository(self.connection)

    @property
    def throttle(self) -> SqlThrottleRepository:
        """Return the tallies of failures, and the known devices."""
        return SqlThrottleRepository(self.connection)

    @property
    def former_passwords(self) -> SqlFormerPasswordRepository:
        """Return the passwords that accounts had before."""
        return SqlFormerPasswordRepository(self.connection)

    @property
    def links(self) -> SqlLinkRepository:
        """Return the invitations and reset links."""
        return SqlLinkRepository(self.connection)

    @property
    def outbox(self) -> SqlOutboxRepository:
        """Return the letters that are to be sent."""
        return SqlOutboxRepository(self.connection)

    @property
    def boards(self) -> SqlBoardRepository:
        """Return the boards."""
        return SqlBoardRepository(self.connection)

    @property
    def board_links(self) -> SqlBoardLinkRepository:
        """Return the links to boards."""
        return SqlBoardLinkRepository(self.connection)

    @property
    def images(self) -> SqlImageRepository:
        """Return the images."""
        return SqlImageRepository(self.connection)

    @property
    def transfers(self) -> SqlTransferRepository:
        """Return the transfers of content."""
        return SqlTransferRepository(self.connection)

    @property
    def bin(self) -> SqlBinRepository:
        """Return the deleted images."""
        return SqlBinRepository(self.connection)

    @property
    def stock(self) -> SqlStockRepository:
        """Return the books of the image storage."""
        return SqlStockRepository(self.connection)

    @property
    def downloads(self) -> SqlDownloadRepository:
        """Return the archives that were asked for."""
        return SqlDownloadRepository(self.connection)

    @property
    def doomed_files(self) -> SqlDoomedFileRepository:
        """Return the files that are still to be removed."""
        return SqlDoomedFileRepository(self.connection)

    @property
    def models(self) -> SqlModelRepository:
        """Return the catalogue."""
        return SqlModelRepository(self.connection)

    @property
    def workflows(self) -> SqlWorkflowRepository:
        """Return the library of workflows."""
        return SqlWorkflowRepository(self.connection)

    @property
    def style_presets(self) -> SqlStylePresetRepository:
        """Return the style presets."""
        return SqlStylePresetRepository(self.connection)

    @property
    def client_state(self) -> SqlClientStateRepository:
        """Return what clients remember."""
        return SqlClientStateRepository(self.connection)

    @property
    def jobs(self) -> SqlJobRepository:
        """Return the jobs."""
        return SqlJobRepository(self.connection)

    @property
    def flows(self) -> SqlFlowRepository:
        """Return the flows."""
        return SqlFlowRepository(self.connection)

    @property
    def groups(self) -> SqlGroupRepository:
        """Return the groups of people in the queue."""
        return SqlGroupRepository(self.connection)

    @property
    def queue(self) -> SqlQueueStateRepository:
        """Return what the queue remembers as a whole."""
        return SqlQueueStateRepository(self.connection)

    @property
    def submissions(self) -> SqlSubmissionRepository:
        """Return the submissions that may come twice."""
        return SqlSubmissionRepository(self.connection)

    @property
    def workers(self) -> SqlWorkerRepository:
        """Return the workers."""
        return SqlWorkerRepository(self.connection)

    @property
    def news(self) -> SqlNewsRepository:
        """Return the news."""
        return SqlNewsRepository(self.connection, self.told)

    @property
    def audit(self) -> SqlAuditRepository:
        """Return the audit log."""
        return SqlAuditRepository(self.connection, self.chain, self.recorded)
