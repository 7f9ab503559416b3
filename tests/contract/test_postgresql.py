from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from invoke_adapters.sql import SqlDatabase, open_database, open_progress_store, schema
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
def open_server(postgresql_server: str) -> Iterator[SqlDatabase]:
    with open_database(postgresql_server) as database:
        yield database


@pytest.fixture(scope="module")
def admin(postgresql_server: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgresql_server)
    yield engine
    engine.dispose()


@pytest.fixture
def clean(open_server: SqlDatabase, admin: sa.Engine) -> None:
    """Empty every table but for the rows that a new database has."""
    emptied = {table.name for table in schema.metadata.sorted_tables} - {"users", "queue_state"}
    with admin.begin() as connection:
        written = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"
        ).scalars()
        tables = sorted(emptied & set(written))
        if tables:
            names = ", ".join(tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        connection.exec_driver_sql("DELETE FROM users WHERE user_id <> 'system'")
        connection.exec_driver_sql(
            "UPDATE queue_state SET round_robin = 0, fair_share = 0, fence = 0, paused = false,"
            " forgotten_event_id = 0"
        )


@pytest.fixture
def database(clean: None, open_server: SqlDatabase) -> SqlDatabase:
    return open_server


@pytest.fixture
def impatient(clean: None, postgresql_server: str) -> Iterator[SqlDatabase]:
    with open_database(postgresql_server, busy_timeout=0.05) as database:
        yield database


@pytest.fixture
def store(postgresql_server: str, admin: sa.Engine, tmp_path: Path) -> Iterator[ProgressStore]:
    with open_progress_store(postgresql_server, run_folder=tmp_path) as store:
        with admin.begin() as connection:
            connection.exec_driver_sql("TRUNCATE progress")
        yield store


class TestPostgresqlUsers(UserRepositoryContract):
    pass


class TestPostgresqlSessions(SessionRepositoryContract):
    pass


class TestPostgresqlApiKeys(ApiKeyRepositoryContract):
    pass


class TestPostgresqlSecondFactors(SecondFactorRepositoryContract):
    pass


class TestPostgresqlSubmissions(SubmissionRepositoryContract):
    pass


class TestPostgresqlIdentities(IdentityRepositoryContract):
    pass


class TestPostgresqlProviderLogins(ProviderLoginRepositoryContract):
    pass


class TestPostgresqlThrottle(ThrottleRepositoryContract):
    pass


class TestPostgresqlLinks(LinkRepositoryContract):
    pass


class TestPostgresqlOutbox(OutboxRepositoryContract):
    pass


class TestPostgresqlFormerPasswords(FormerPasswordRepositoryContract):
    pass


class TestPostgresqlDoomedFiles(DoomedFileRepositoryContract):
    pass


class TestPostgresqlBoards(BoardRepositoryContract):
    pass


class TestPostgresqlBoardLinks(BoardLinkRepositoryContract):
    pass


class TestPostgresqlImages(ImageRepositoryContract):
    pass


class TestPostgresqlDeletions(DeletionRepositoryContract):
    pass


class TestPostgresqlTransfers(TransferRepositoryContract):
    pass


class TestPostgresqlBin(BinRepositoryContract):
    pass


class TestPostgresqlStock(StockRepositoryContract):
    pass


class TestPostgresqlDownloads(DownloadRepositoryContract):
    pass


class TestPostgresqlModels(ModelRepositoryContract):
    pass


class TestPostgresqlWorkflows(WorkflowRepositoryContract):
    pass


class TestPostgresqlStylePresets(StylePresetRepositoryContract):
    pass


class TestPostgresqlClientState(ClientStateRepositoryContract):
    pass


class TestPostgresqlJobs(JobRepositoryContract):
    pass


class TestPostgresqlFlows(FlowRepositoryContract):
    pass


class TestPostgresqlGroups(GroupRepositoryContract):
    pass


class TestPostgresqlQueueState(QueueStateRepositoryContract):
    pass


class TestPostgresqlWorkers(WorkerRepositoryContract):
    pass


class TestPostgresqlNews(NewsContract):
    pass


class TestPostgresqlAudit(AuditRepositoryContract):
    pass


class TestPostgresqlUnitOfWork(UnitOfWorkContract):
    pass


class TestPostgresqlProgress(ProgressStoreContract):
    pass


class TestPostgresqlVisibility(VisibilityContract):
    pass


class TestPostgresqlImageWalks(ImageWalkContract):
    pass
