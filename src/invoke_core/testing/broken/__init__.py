"""Stores that are broken on purpose, one fault a claim: each contract must notice every one.

`FAULTS` names, for each suite and each of its tests, a fault that this test must catch.
"""

from collections.abc import Mapping

from invoke_core.testing.api_keys import ApiKeyRepositoryContract
from invoke_core.testing.audit import AuditRepositoryContract
from invoke_core.testing.bin import (
    BinRepositoryContract,
    DownloadRepositoryContract,
    StockRepositoryContract,
)
from invoke_core.testing.board_links import BoardLinkRepositoryContract
from invoke_core.testing.boards import BoardRepositoryContract
from invoke_core.testing.broken import (
    accounts,
    api_keys,
    audit,
    binned,
    board_links,
    boards,
    catalogue,
    client_state,
    deletions,
    identities,
    images,
    links,
    news,
    queue,
    second_factors,
    shelves,
    submissions,
    throttle,
    transfers,
    units,
)
from invoke_core.testing.broken.faults import BrokenDatabase, Fault
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
from invoke_core.testing.queue import QueueStateRepositoryContract
from invoke_core.testing.second_factors import SecondFactorRepositoryContract
from invoke_core.testing.sessions import SessionRepositoryContract
from invoke_core.testing.style_presets import StylePresetRepositoryContract
from invoke_core.testing.submissions import SubmissionRepositoryContract
from invoke_core.testing.throttle import ThrottleRepositoryContract
from invoke_core.testing.transfers import TransferRepositoryContract
from invoke_core.testing.unit_of_work import UnitOfWorkContract
from invoke_core.testing.users import UserRepositoryContract
from invoke_core.testing.workers import WorkerRepositoryContract
from invoke_core.testing.workflows import WorkflowRepositoryContract

FAULTS: Mapping[type, Mapping[str, Fault]] = {
    UserRepositoryContract: accounts.USERS,
    SessionRepositoryContract: accounts.SESSIONS,
    ApiKeyRepositoryContract: api_keys.API_KEYS,
    SecondFactorRepositoryContract: second_factors.SECOND_FACTORS,
    IdentityRepositoryContract: identities.IDENTITIES,
    ProviderLoginRepositoryContract: identities.PROVIDER_LOGINS,
    ThrottleRepositoryContract: throttle.THROTTLE,
    LinkRepositoryContract: links.LINKS,
    OutboxRepositoryContract: links.OUTBOX,
    FormerPasswordRepositoryContract: links.FORMER_PASSWORDS,
    DoomedFileRepositoryContract: links.DOOMED_FILES,
    BoardRepositoryContract: boards.BOARDS,
    BoardLinkRepositoryContract: board_links.BOARD_LINKS,
    ImageRepositoryContract: images.IMAGES,
    DeletionRepositoryContract: deletions.DELETIONS,
    TransferRepositoryContract: transfers.TRANSFERS,
    ImageWalkContract: transfers.IMAGE_WALKS,
    BinRepositoryContract: binned.BIN,
    StockRepositoryContract: binned.STOCK,
    DownloadRepositoryContract: binned.DOWNLOADS,
    ModelRepositoryContract: catalogue.MODELS,
    WorkflowRepositoryContract: shelves.WORKFLOWS,
    StylePresetRepositoryContract: shelves.STYLE_PRESETS,
    ClientStateRepositoryContract: client_state.CLIENT_STATE,
    JobRepositoryContract: queue.JOBS,
    FlowRepositoryContract: queue.FLOWS,
    GroupRepositoryContract: queue.GROUPS,
    QueueStateRepositoryContract: queue.QUEUE_STATE,
    SubmissionRepositoryContract: submissions.SUBMISSIONS,
    WorkerRepositoryContract: queue.WORKERS,
    NewsContract: news.NEWS,
    AuditRepositoryContract: audit.AUDIT,
    UnitOfWorkContract: units.UNITS,
}

__all__ = ["FAULTS", "BrokenDatabase", "Fault"]
