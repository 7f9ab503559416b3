"""One state of everything, and a view of it that copies a table at its first change."""

from collections.abc import Iterator, MutableMapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import attrs

from invoke_core.domain.api_keys import ApiKey
from invoke_core.domain.audit import AuditRow
from invoke_core.domain.board_links import BoardLink
from invoke_core.domain.boards import Board, Grant
from invoke_core.domain.deletions import Deletion
from invoke_core.domain.downloads import Download, DownloadId
from invoke_core.domain.estimates import RunTime
from invoke_core.domain.fairness import Flow, Group, VirtualTime
from invoke_core.domain.identifiers import (
    SYSTEM,
    ApiKeyId,
    BoardId,
    BoardLinkId,
    IdentityId,
    ImageName,
    ItemId,
    ModelKey,
    SessionId,
    StylePresetId,
    TransferId,
    UserId,
    WorkerId,
    WorkflowId,
)
from invoke_core.domain.identities import Identity, ProviderLogin
from invoke_core.domain.images import Image
from invoke_core.domain.links import AccountLink
from invoke_core.domain.mail import Letter
from invoke_core.domain.models import Model
from invoke_core.domain.news import NewsItem
from invoke_core.domain.pages import Page
from invoke_core.domain.queue import Job, WorkerRecord
from invoke_core.domain.search import PictureWords
from invoke_core.domain.second_factor import SecondFactor
from invoke_core.domain.sessions import Session
from invoke_core.domain.style_presets import StylePreset
from invoke_core.domain.submissions import Submission
from invoke_core.domain.throttle import Tally
from invoke_core.domain.transfers import ItemKind, MovedItem, Transfer
from invoke_core.domain.users import SYSTEM_USER, User
from invoke_core.domain.workflows import Workflow

K = TypeVar("K")
V = TypeVar("V")


class Table(MutableMapping[K, V], Generic[K, V]):
    """Rows by key. A view shares the rows of its original until its first change."""

    def __init__(self, rows: dict[K, V] | None = None, *, writable: bool = False) -> None:
        self._rows: dict[K, V] = {} if rows is None else rows
        self._writable = writable
        self._owned = False

    def view(self, *, writable: bool) -> "Table[K, V]":
        """Return a table with the same rows, whose changes do not show here."""
        return Table(self._rows, writable=writable)

    def seal(self) -> None:
        """Refuse every further change."""
        self._writable = False

    def _changing(self) -> dict[K, V]:
        if not self._writable:
            raise TypeError("Only an open writing unit of work can write.")
        if not self._owned:
            self._rows = dict(self._rows)
            self._owned = True
        return self._rows

    def __getitem__(self, key: K) -> V:
        return self._rows[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._changing()[key] = value

    def __delitem__(self, key: K) -> None:
        del self._changing()[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows


@attrs.frozen(kw_only=True)
class StoredImage:
    """A picture with its JSON texts."""

    image: Image
    metadata: str | None
    workflow: str | None
    words: PictureWords


@attrs.frozen(kw_only=True)
class StoredWorkflow:
    """A workflow with its document and small picture."""

    workflow: Workflow
    document: str
    thumbnail: bytes | None = None


@attrs.frozen(kw_only=True)
class StoredPreset:
    """A style preset with its small picture."""

    preset: StylePreset
    image: bytes | None


@attrs.frozen(kw_only=True)
class StoredBinned:
    """A deleted picture with its JSON texts."""

    stored: StoredImage
    deleted_at: datetime
    deleted_by: UserId


@attrs.frozen(kw_only=True)
class QueueFacts:
    """What the queue remembers as a whole, and the numbers given so far."""

    virtual: VirtualTime = attrs.field(factory=VirtualTime)
    paused: bool = False
    fence: int = 0
    item_id: int = 0
    news_id: int = 0


@attrs.define(kw_only=True)
class State:
    """Everything that is kept."""

    users: Table[UserId, User] = attrs.field(factory=Table)
    deletions: Table[UserId, Deletion] = attrs.field(factory=Table)
    sessions: Table[SessionId, Session] = attrs.field(factory=Table)
    api_keys: Table[ApiKeyId, ApiKey] = attrs.field(factory=Table)
    second_factors: Table[UserId, SecondFactor] = attrs.field(factory=Table)
    identities: Table[IdentityId, Identity] = attrs.field(factory=Table)
    provider_logins: Table[str, ProviderLogin] = attrs.field(factory=Table)
    tallies: Table[tuple[str, str], Tally] = attrs.field(factory=Table)
    devices: Table[tuple[UserId, str], datetime] = attrs.field(factory=Table)
    links: Table[UserId, AccountLink] = attrs.field(factory=Table)
    letters: Table[UserId, Letter] = attrs.field(factory=Table)
    former_passwords: Table[tuple[UserId, str], datetime] = attrs.field(factory=Table)
    doomed_files: Table[ImageName, datetime] = attrs.field(factory=Table)
    boards: Table[BoardId, Board] = attrs.field(factory=Table)
    grants: Table[tuple[BoardId, UserId], Grant] = attrs.field(factory=Table)
    board_links: Table[BoardLinkId, BoardLink] = attrs.field(factory=Table)
    images: Table[ImageName, StoredImage] = attrs.field(factory=Table)
    transfers: Table[TransferId, Transfer] = attrs.field(factory=Table)
    transfer_images: Table[tuple[TransferId, ImageName], None] = attrs.field(factory=Table)
    transfer_items: Table[tuple[TransferId, ItemKind, str], MovedItem] = attrs.field(factory=Table)
    bin: Table[ImageName, StoredBinned] = attrs.field(factory=Table)
    downloads: Table[DownloadId, Download] = attrs.field(factory=Table)
    models: Table[ModelKey, Model] = attrs.field(factory=Table)
    workflows: Table[WorkflowId, StoredWorkflow] = attrs.field(factory=Table)
    openings: Table[tuple[WorkflowId, UserId], datetime] = attrs.field(factory=Table)
    style_presets: Table[StylePresetId, StoredPreset] = attrs.field(factory=Table)
    client_state: Table[tuple[UserId, str], str] = attrs.field(factory=Table)
    jobs: Table[ItemId, Job] = attrs.field(factory=Table)
    flows: Table[UserId, Flow] = attrs.field(factory=Table)
    groups: Table[str, Group] = attrs.field(factory=Table)
    submissions: Table[tuple[UserId, str], Submission] = attrs.field(factory=Table)
    workers: Table[WorkerId, WorkerRecord] = attrs.field(factory=Table)
    run_seconds: Table[str, RunTime] = attrs.field(factory=Table)
    news: Table[int, NewsItem] = attrs.field(factory=Table)
    audit: Table[int, AuditRow] = attrs.field(factory=Table)
    facts: Table[None, QueueFacts] = attrs.field(factory=lambda: Table({None: QueueFacts()}))

    def view(self, *, writable: bool) -> "State":
        """Return a state that starts as this one and whose changes do not show here."""
        tables = {
            field.name: getattr(self, field.name).view(writable=writable)
            for field in attrs.fields(State)
        }
        return State(**tables)

    def seal(self) -> None:
        """Refuse every further change: the unit of work is over."""
        for field in attrs.fields(State):
            getattr(self, field.name).seal()


def first_state() -> State:
    """Return what every database begins with."""
    return State(users=Table({SYSTEM: SYSTEM_USER}))


def page(items: Sequence[V], offset: int, limit: int | None) -> Page[V]:
    """Return a stretch of all the items; `limit` None: everything from the offset on."""
    end = None if limit is None else offset + limit
    return Page(
        items=items[offset:end],
        offset=offset,
        limit=len(items) if limit is None else limit,
        total=len(items),
    )
