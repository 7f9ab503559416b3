from collections.abc import Iterator

import pytest

from invoke_adapters.memory import MemoryDatabase, MemoryProgressStore
from invoke_core.testing.api_keys import ApiKeyRepositoryContract
from invoke_core.testing.audit import AuditRepositoryContract
from invoke_core.testing.bin import (
    BinRepositoryContract,
    DownloadRepositoryContract,
    StockRepositoryContract,
)
from invoke_core.testing.board_links import BoardLinkRepositoryContract
from invoke_core.testing.boards import BoardRepositoryContract
from invoke_core.testing.client_state import ClientStateRepositoryContract
from invoke_core.testing.deletions import DeletionRepositoryContract
from invoke_core.testing.flows import FlowRepositoryContract, GroupRepositoryContract
from invoke_core.testing.identities import (
    IdentityRepositoryContract,
    ProviderLoginRepositoryContract,
)
from invoke_core.testing.image_walks import ImageWalkContract
from invoke_core.testing.images import ImageRepositoryContract
from invoke_core.testing.jobs import JobRepositoryContract
from invoke_core.testing.links import (
    DoomedFileRepositoryContract,
    FormerPasswordRepositoryContract,
    LinkRepositoryContract,
    OutboxRepositoryContract,
)
from invoke_core.testing.models import ModelRepositoryContract
from invoke_core.testing.news import NewsContract
from invoke_core.testing.progress import ProgressStoreContract
from invoke_core.testing.queue import QueueStateRepositoryContract
from invoke_core.testing.second_factors import SecondFactorRepositoryContract
from invoke_core.testing.sessions import SessionRepositoryContract
from invoke_core.testing.style_presets import StylePresetRepositoryContract
from invoke_core.testing.submissions import SubmissionRepositoryContract
from invoke_core.testing.throttle import ThrottleRepositoryContract
from invoke_core.testing.transfers import TransferRepositoryContract
from invoke_core.testing.unit_of_work import UnitOfWorkContract
from invoke_core.testing.users import UserRepositoryContract
from invoke_core.testing.visibility import VisibilityContract
from invoke_core.testing.workers import WorkerRepositoryContract
from invoke_core.testing.workflows import WorkflowRepositoryContract


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def impatient() -> MemoryDatabase:
    return MemoryDatabase(busy_timeout=0.05)


@pytest.fixture
def store() -> Iterator[MemoryProgressStore]:
    store = MemoryProgressStore()
    yield store
    store.close()


class TestMemoryUsers(UserRepositoryContract):
    pass


class TestMemorySessions(SessionRepositoryContract):
    pass


class TestMemoryApiKeys(ApiKeyRepositoryContract):
    pass


class TestMemorySecondFactors(SecondFactorRepositoryContract):
    pass


class TestMemorySubmissions(SubmissionRepositoryContract):
    pass


class TestMemoryIdentities(IdentityRepositoryContract):
    pass


class TestMemoryProviderLogins(ProviderLoginRepositoryContract):
    pass


class TestMemoryThrottle(ThrottleRepositoryContract):
    pass


class TestMemoryLinks(LinkRepositoryContract):
    pass


class TestMemoryOutbox(OutboxRepositoryContract):
    pass


class TestMemoryFormerPasswords(FormerPasswordRepositoryContract):
    pass


class TestMemoryDoomedFiles(DoomedFileRepositoryContract):
    pass


class TestMemoryBoards(BoardRepositoryContract):
    pass


class TestMemoryBoardLinks(BoardLinkRepositoryContract):
    pass


class TestMemoryImages(ImageRepositoryContract):
    pass


class TestMemoryDeletions(DeletionRepositoryContract):
    pass


class TestMemoryTransfers(TransferRepositoryContract):
    pass


class TestMemoryBin(BinRepositoryContract):
    pass


class TestMemoryStock(StockRepositoryContract):
    pass


class TestMemoryDownloads(DownloadRepositoryContract):
    pass


class TestMemoryModels(ModelRepositoryContract):
    pass


class TestMemoryWorkflows(WorkflowRepositoryContract):
    pass


class TestMemoryStylePresets(StylePresetRepositoryContract):
    pass


class TestMemoryClientState(ClientStateRepositoryContract):
    pass


class TestMemoryJobs(JobRepositoryContract):
    pass


class TestMemoryFlows(FlowRepositoryContract):
    pass


class TestMemoryGroups(GroupRepositoryContract):
    pass


class TestMemoryQueueState(QueueStateRepositoryContract):
    pass


class TestMemoryWorkers(WorkerRepositoryContract):
    pass


class TestMemoryNews(NewsContract):
    pass


class TestMemoryAudit(AuditRepositoryContract):
    pass


class TestMemoryUnitOfWork(UnitOfWorkContract):
    pass


class TestMemoryProgress(ProgressStoreContract):
    pass


class TestMemoryVisibility(VisibilityContract):
    pass


class TestMemoryImageWalks(ImageWalkContract):
    pass
