import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoke_adapters.sql import SqlDatabase, open_database, open_progress_store, upgrade
from invoke_core.ports.progress import ProgressStore
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


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file without people; copying it is faster than migrating anew."""
    path = tmp_path_factory.mktemp("empty") / "invoke.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(empty: Path, tmp_path: Path) -> Iterator[SqlDatabase]:
    shutil.copy(empty, tmp_path / "invoke.db")
    with open_database(f"sqlite:///{tmp_path}/invoke.db") as database:
        yield database


@pytest.fixture
def impatient(empty: Path, tmp_path: Path) -> Iterator[SqlDatabase]:
    shutil.copy(empty, tmp_path / "invoke.db")
    with open_database(f"sqlite:///{tmp_path}/invoke.db", busy_timeout=0.05) as database:
        yield database


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProgressStore]:
    with open_progress_store(f"sqlite:///{tmp_path}/invoke.db", run_folder=tmp_path) as store:
        yield store


class TestSqliteUsers(UserRepositoryContract):
    pass


class TestSqliteSessions(SessionRepositoryContract):
    pass


class TestSqliteApiKeys(ApiKeyRepositoryContract):
    pass


class TestSqliteSecondFactors(SecondFactorRepositoryContract):
    pass


class TestSqliteSubmissions(SubmissionRepositoryContract):
    pass


class TestSqliteIdentities(IdentityRepositoryContract):
    pass


class TestSqliteProviderLogins(ProviderLoginRepositoryContract):
    pass


class TestSqliteThrottle(ThrottleRepositoryContract):
    pass


class TestSqliteLinks(LinkRepositoryContract):
    pass


class TestSqliteOutbox(OutboxRepositoryContract):
    pass


class TestSqliteFormerPasswords(FormerPasswordRepositoryContract):
    pass


class TestSqliteDoomedFiles(DoomedFileRepositoryContract):
    pass


class TestSqliteBoards(BoardRepositoryContract):
    pass


class TestSqliteBoardLinks(BoardLinkRepositoryContract):
    pass


class TestSqliteImages(ImageRepositoryContract):
    pass


class TestSqliteDeletions(DeletionRepositoryContract):
    pass


class TestSqliteTransfers(TransferRepositoryContract):
    pass


class TestSqliteBin(BinRepositoryContract):
    pass


class TestSqliteStock(StockRepositoryContract):
    pass


class TestSqliteDownloads(DownloadRepositoryContract):
    pass


class TestSqliteModels(ModelRepositoryContract):
    pass


class TestSqliteWorkflows(WorkflowRepositoryContract):
    pass


class TestSqliteStylePresets(StylePresetRepositoryContract):
    pass


class TestSqliteClientState(ClientStateRepositoryContract):
    pass


class TestSqliteJobs(JobRepositoryContract):
    pass


class TestSqliteFlows(FlowRepositoryContract):
    pass


class TestSqliteGroups(GroupRepositoryContract):
    pass


class TestSqliteQueueState(QueueStateRepositoryContract):
    pass


class TestSqliteWorkers(WorkerRepositoryContract):
    pass


class TestSqliteNews(NewsContract):
    pass


class TestSqliteAudit(AuditRepositoryContract):
    pass


class TestSqliteUnitOfWork(UnitOfWorkContract):
    pass


class TestSqliteProgress(ProgressStoreContract):
    pass


class TestSqliteVisibility(VisibilityContract):
    pass


class TestSqliteImageWalks(ImageWalkContract):
    pass
