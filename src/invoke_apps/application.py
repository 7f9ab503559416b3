"""The application object: every service, wired; what the server, the CLI, a worker and a notebook use."""

from contextlib import ExitStack
from types import TracebackType
from typing import Self

import attrs

from invoke_apps.runners import trouble_with
from invoke_apps.settings import Settings
from invoke_core.errors import InvokeError
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.storage import ImageStorage
from invoke_core.ports.unit_of_work import Database
from invoke_core.services.access import AccessService
from invoke_core.services.api_keys import ApiKeyService
from invoke_core.services.audit import AuditService
from invoke_core.services.bin import BinService
from invoke_core.services.board_links import BoardLinkService
from invoke_core.services.boards import BoardService
from invoke_core.services.client_state import ClientStateService
from invoke_core.services.dispatcher import Dispatcher
from invoke_core.services.doctor import DoctorService
from invoke_core.services.downloads import DownloadService
from invoke_core.services.events import EventService
from invoke_core.services.exports import ExportService
from invoke_core.services.health import HealthService
from invoke_core.services.images import ImageService
from invoke_core.services.leases import LeaseService
from invoke_core.services.links import LinkService
from invoke_core.services.mail import MailService
from invoke_core.services.models import ModelService
from invoke_core.services.news import NewsTail
from invoke_core.services.passwords import PasswordService
from invoke_core.services.queue import QueueService
from invoke_core.services.queue_care import QueueCareService
from invoke_core.services.rates import RequestRates
from invoke_core.services.requests import RequestService
from invoke_core.services.results import ResultService
from invoke_core.services.second_factor import SecondFactorService
from invoke_core.services.sign_in import SignInService
from invoke_core.services.signing_keys import SigningKeyService
from invoke_core.services.single_sign_on import SingleSignOnService
from invoke_core.services.statistics import StatisticsService
from invoke_core.services.style_presets import StylePresetService
from invoke_core.services.sweeping import SweepService
from invoke_core.services.transfers import TransferService
from invoke_core.services.users import UserService
from invoke_core.services.workflows import WorkflowService


@attrs.frozen(kw_only=True)
class Application:
    """Everything that can be done with one root, as services; made by `composition.build`.

    It is a context manager: leaving it closes what was opened, last opened first.
    """

    settings: Settings
    database: Database
    storage: ImageStorage
    progress: ProgressStore
    users: UserService
    sign_in: SignInService
    links: LinkService
    passwords: PasswordService
    mail: MailService
    statistics: StatisticsService
    health: HealthService
    sweep: SweepService
    api_keys: ApiKeyService
    second_factor: SecondFactorService
    single_sign_on: SingleSignOnService
    signing_keys: SigningKeyService
    audit: AuditService
    boards: BoardService
    board_links: BoardLinkService
    access: AccessService
    images: ImageService
    transfers: TransferService
    exports: ExportService
    bin: BinService
    downloads: DownloadService
    doctor: DoctorService
    models: ModelService
    workflows: WorkflowService
    style_presets: StylePresetService
    client_state: ClientStateService
    queue: QueueService
    queue_care: QueueCareService
    events: EventService
    dispatcher: Dispatcher
    leases: LeaseService
    requests: RequestService
    results: ResultService
    rates: RequestRates
    news: NewsTail
    opened: ExitStack = attrs.field(repr=False)

    def readiness(self) -> dict[str, str]:
        """Return for each part that a request needs "ok", or one sentence that says why not."""
        return {
            "database": self._database_word(),
            "storage": self._storage_word(),
            "runner": self._runner_word(),
        }

    def _database_word(self) -> str:
        try:
            with self.database.reading() as work:
                work.news.last_id()
        except InvokeError as error:
            return str(error)
        return "ok"

    def _storage_word(self) -> str:
        try:
            next(self.storage.names(), None)
        except (InvokeError, OSError) as error:
            return f"The picture storage does not answer: {error}"
        return "ok"

    def _runner_word(self) -> str:
        if self.settings.workers == "child":
            return trouble_with(self.settings) or "ok"
        try:
            with self.database.reading() as work:
                there = bool(work.workers.list())
        except InvokeError as error:
            return str(error)
        return "ok" if there else "No worker is there: start one with invoke-worker."

    def close(self) -> None:
        """Close what was opened."""
        self.opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
