"""The composition root: the one module that knows every adapter."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from invoke_adapters.diffusers import bundled_models
from invoke_adapters.files import FileAuditHeads, FileImageStorage, stored_chain
from invoke_adapters.model_files import LocalModelFiles
from invoke_adapters.passlib_bcrypt import PasslibBcryptHasher
from invoke_adapters.passlib_totp import PasslibOneTimeCodes, SealFile
from invoke_adapters.pillow import PillowImageCodec, ProcessImageCodec
from invoke_adapters.pyjwt import PyJwtCodec
from invoke_adapters.pyjwt.key_file import ConfiguredKey, KeyFile, KeyFileCodec
from invoke_adapters.pyjwt.keys import configured_ring
from invoke_adapters.pyjwt.recovery import KeyFileRecovery
from invoke_adapters.smtp import SmtpMailer
from invoke_adapters.sql import open_database, open_progress_store
from invoke_adapters.system import HostProcesses, SystemClock, SystemRandomness
from invoke_adapters.zxcvbn_list import CommonPasswords, ZxcvbnMeter
from invoke_apps.application import Application
from invoke_apps.config import ConfigurationError
from invoke_apps.providers import ClosingProvider, LazyProvider
from invoke_apps.settings import ProviderSettings, Settings
from invoke_core.domain.audit import Chain
from invoke_core.domain.identities import ProviderRules
from invoke_core.domain.passwords import PasswordPolicy
from invoke_core.domain.principals import INTERNAL
from invoke_core.domain.sessions import SessionPolicy
from invoke_core.domain.sign_in import setup_code
from invoke_core.domain.users import checked_email
from invoke_core.errors import Invalid
from invoke_core.ports.audit import AuditHeads
from invoke_core.ports.clock import Clock
from invoke_core.ports.faults import FaultLog
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.imaging import ImageCodec
from invoke_core.ports.mail import Mailer
from invoke_core.ports.one_time_codes import OneTimeCodes
from invoke_core.ports.processes import Processes
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.recovery import Recovery
from invoke_core.ports.signing_keys import SigningKeys
from invoke_core.ports.storage import ImageStorage
from invoke_core.ports.tokens import TokenCodec
from invoke_core.ports.unit_of_work import Database
from invoke_core.services._image_files import ImageFiles
from invoke_core.services._small_pictures import SmallPictures
from invoke_core.services.access import AccessService
from invoke_core.services.api_keys import ApiKeyService
from invoke_core.services.audit import AuditService, Witnessed
from invoke_core.services.bin import BinService
from invoke_core.services.board_links import BoardLinkService
from invoke_core.services.boards import BoardService
from invoke_core.services.client_state import ClientStateService
from invoke_core.services.dispatcher import Dispatcher, DispatchRules
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
from invoke_core.services.queue import QueueRules, QueueService
from invoke_core.services.queue_care import QueueCareService
from invoke_core.services.rates import RequestRates
from invoke_core.services.requests import RequestService
from invoke_core.services.results import ResultService
from invoke_core.services.second_factor import SecondFactorService
from invoke_core.services.sign_in import SignInService
from invoke_core.services.signing_keys import SigningKeyService
from invoke_core.services.single_sign_on import Provider, SingleSignOnService
from invoke_core.services.statistics import StatisticsService
from invoke_core.services.style_presets import StylePresetService
from invoke_core.services.sweeping import SweepService
from invoke_core.services.transfers import TransferService
from invoke_core.services.users import UserService
from invoke_core.services.workflows import WorkflowService


def build(
    settings: Settings,
    *,
    database: Database | None = None,
    chain: Chain | None = None,
    heads: AuditHeads | None = None,
    progress: ProgressStore | None = None,
    storage: ImageStorage | None = None,
    codec: ImageCodec | None = None,
    hasher: PasswordHasher | None = None,
    tokens: TokenCodec | None = None,
    one_time_codes: OneTimeCodes | None = None,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    processes: Processes | None = None,
    mailer: Mailer | None = None,
    providers: Mapping[str, Provider] | None = None,
    faults: FaultLog | None = None,
) -> Application:
    """Return the application, on the adapters that the settings name unless one is passed in.

    What is passed in stays the caller's to close; with a database of one's own come the `chain` that seals
    its audit log and the `heads` that witness it. The database is created, or brought to the present
    schema, where that is needed. Nothing here listens to the log, which is the caller's: see `faults`.

    Raises:
        Unavailable: the database, the key file or a folder cannot be used, or the configured signing key
            is too short or a sample.
        ConfigurationError: letters could be sent, but from no address.
    """
    clock = clock or SystemClock()
    randomness = randomness or SystemRandomness()
    with ExitStack() as opened:
        codec_of_keys, keys, recovery = _signing(settings, clock, randomness)
        tokens = tokens or codec_of_keys
        run = settings.root / "run"
        if database is None:
            url = settings.database_url
            if settings.use_memory_db:
                folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="invoke-"))
                url = f"sqlite:///{folder}/invokeai.db"
                # What is built from these settings, as the worker's process is, finds it there.
                settings = attrs.evolve(
                    settings,
                    use_memory_db=False,
                    db_path=Path(folder, "invokeai.db"),
                    secrets_dir=Path(
                        folder, "secrets"
                    ),  # an audit log that goes leaves no head behind
                )
            secrets = settings.path(settings.secrets_dir)
            chain, heads = stored_chain(secrets), FileAuditHeads(secrets)
            database = opened.enter_context(
                open_database(
                    url,
                    busy_timeout=settings.db_busy_timeout_seconds,
                    run_folder=run,
                    chain=chain,
                )
            )
            progress = progress or opened.enter_context(open_progress_store(url, run_folder=run))
        progress = progress or _memory_progress()
        storage = storage or FileImageStorage(settings.path(settings.outputs_dir) / "images")
        if codec is None:
            codec = opened.enter_context(closing(ProcessImageCodec(settings.max_image_pixels)))
        hasher = hasher or PasslibBcryptHasher(settings.bcrypt_rounds)
        one_time_codes = one_time_codes or PasslibOneTimeCodes(
            SealFile(settings.path(settings.secrets_dir) / "second-factors.json", randomness)
        )
        policy = PasswordPolicy(
            min_length=settings.least_password_length,
            composition=settings.password_profile == "guide",  # noqa: S105 - no password
            common=CommonPasswords(),
            require_special=settings.password_require_special,
            strict=settings.strict_password_checking,
            history=settings.password_history,
            max_age=None
            if settings.password_max_age_days is None
            else timedelta(days=settings.password_max_age_days),
        )
        mailer = mailer or _mailer(settings, clock)
        chain, heads = chain or Chain(), heads or _memory_heads()
        reading = database.reading
        writing = Witnessed(database.writing, database.reading, heads)
        files = ImageFiles(storage, codec, randomness)
        pictures = SmallPictures(codec, settings.max_upload_bytes)
        users = UserService(
            reading=reading,
            writing=writing,
            hasher=hasher,
            storage=storage,
            clock=clock,
            randomness=randomness,
            policy=policy,
            directory_open=settings.user_directory,
            recovery=recovery,
            storage_quota=settings.storage_quota_bytes,
        )
        sessions = SessionPolicy(
            lifetime=timedelta(hours=settings.jwt_token_expiry_hours),
            remembered=timedelta(days=settings.jwt_remember_me_days),
            absolute=timedelta(days=settings.session_absolute_days),
        )
        sign_in = SignInService(
            reading=reading,
            writing=writing,
            hasher=hasher,
            tokens=tokens,
            codes=one_time_codes,
            clock=clock,
            randomness=randomness,
            multiuser=settings.multiuser,
            loopback_only=settings.loopback_only,
            setup_code=setup_code(randomness.secret()),
            policy=policy,
            second_factor=settings.require_second_factor,
            recovery=recovery,
            sessions=sessions,
        )
        links = LinkService(
            reading=reading,
            writing=writing,
            hasher=hasher,
            clock=clock,
            randomness=randomness,
            policy=policy,
            by_mail=mailer is not None,
        )
        models_dir = settings.path(settings.models_dir)
        models = ModelService(
            reading,
            writing,
            clock,
            randomness,
            LocalModelFiles(models_dir),
            settings.generation_limits,
        )
        models.ensure_bundled(INTERNAL, bundled_models())
        dispatch_rules = _dispatch_rules(settings)
        rules = QueueRules(
            mode=settings.queue_mode,
            slack_seconds=dispatch_rules.slack_seconds,
            max_queue_size=settings.max_queue_size,
            caps=settings.caps,
            groups=settings.groups,
            limits=settings.generation_limits,
            storage_quota=settings.storage_quota_bytes,
        )
        processes = processes or HostProcesses()
        sweep = SweepService(reading, writing, storage)
        news = NewsTail(reading, database.bell())
        opened.callback(news.stop)
        queue = QueueService(reading, writing, clock, randomness, progress, rules)
        news.subscribe(lambda item: queue.forecasts.hear(item, clock.monotonic()))
        return Application(
            settings=settings,
            database=database,
            storage=storage,
            progress=progress,
            users=users,
            sign_in=sign_in,
            links=links,
            passwords=PasswordService(
                reading=reading, policy=policy, meter=ZxcvbnMeter(), links=links
            ),
            mail=MailService(
                reading=reading,
                writing=writing,
                clock=clock,
                randomness=randomness,
                mailer=mailer,
            ),
            statistics=StatisticsService(reading, clock),
            health=HealthService(reading, database.size_bytes, storage, clock, faults),
            sweep=sweep,
            api_keys=ApiKeyService(reading, writing, clock, randomness),
            second_factor=SecondFactorService(
                reading=reading,
                writing=writing,
                hasher=hasher,
                codes=one_time_codes,
                clock=clock,
                randomness=randomness,
            ),
            single_sign_on=SingleSignOnService(
                reading=reading,
                writing=writing,
                hasher=hasher,
                tokens=tokens,
                clock=clock,
                randomness=randomness,
                sessions=sessions,
                multiuser=settings.multiuser,
                providers=_providers(settings, opened) if providers is None else providers,
                codes=one_time_codes,
                recovery=recovery,
            ),
            signing_keys=SigningKeyService(
                keys, timedelta(days=settings.session_absolute_days), writing, clock
            ),
            audit=AuditService(reading, chain, heads),
            boards=BoardService(
                reading,
                writing,
                clock,
                randomness,
                files,
                keeps_bin=settings.keeps_bin,
                directory_open=settings.user_directory,
            ),
            board_links=BoardLinkService(
                reading=reading,
                writing=writing,
                clock=clock,
                randomness=randomness,
                hasher=hasher,
                storage=storage,
            ),
            access=AccessService(reading, writing, clock),
            images=ImageService(
                reading,
                writing,
                clock,
                files,
                settings.max_upload_bytes,
                storage_quota=settings.storage_quota_bytes,
                keeps_bin=settings.keeps_bin,
            ),
            bin=BinService(reading, writing, clock, files, settings.bin_retention),
            downloads=DownloadService(reading, writing, clock, randomness, storage),
            doctor=DoctorService(reading, writing, clock, files, sweep, processes),
            transfers=TransferService(reading, writing, clock, randomness),
            exports=ExportService(reading, writing, storage, clock),
            models=models,
            workflows=WorkflowService(reading, writing, clock, randomness, pictures),
            style_presets=StylePresetService(reading, writing, clock, randomness, pictures),
            client_state=ClientStateService(reading, writing, clock),
            queue=queue,
            queue_care=QueueCareService(
                reading=reading,
                writing=writing,
                clock=clock,
                mode=settings.queue_mode,
                slack_seconds=dispatch_rules.slack_seconds,
                caps=settings.caps,
                groups=settings.groups,
                history=settings.max_queue_history,
                forecasts=queue.forecasts,
            ),
            events=EventService(reading, writing, clock),
            dispatcher=Dispatcher(writing, clock, dispatch_rules),
            leases=LeaseService(reading, writing, clock, storage, processes, progress),
            requests=RequestService(
                reading, storage, codec, str(models_dir), settings.storage_quota_bytes
            ),
            results=ResultService(
                reading, writing, clock, files, progress, settings.storage_quota_bytes
            ),
            rates=RequestRates(settings.max_requests_per_minute, clock),
            news=news,
            opened=opened.pop_all(),
        )
    raise AssertionError  # an ExitStack of our own swallows nothing


def in_memory(settings: Settings, **overrides: Any) -> Application:
    """Return the application with everything kept in dictionaries, gone when the process ends.

    For tests, notebooks and trying the library. Passwords are hashed at the least cost.
    """
    from invoke_adapters.memory import MemoryDatabase  # here: the server never needs it
    from invoke_adapters.memory.storage import MemoryImageStorage

    parts: dict[str, Any] = {
        "database": MemoryDatabase(),
        "progress": _memory_progress(),
        "storage": MemoryImageStorage(),
        "codec": PillowImageCodec(settings.max_image_pixels),
        "hasher": PasslibBcryptHasher(rounds=4),
    }
    return build(settings, **(parts | overrides))


def _memory_heads() -> AuditHeads:
    from invoke_adapters.memory import MemoryAuditHeads

    return MemoryAuditHeads()


def _memory_progress() -> ProgressStore:
    from invoke_adapters.memory import MemoryProgressStore

    return MemoryProgressStore()


def _mailer(settings: Settings, clock: Clock) -> Mailer | None:
    if settings.smtp_host is None:
        return None
    sender = settings.smtp_from or settings.smtp_username or ""
    try:
        checked_email(sender)
    except Invalid as error:
        raise ConfigurationError(
            "`smtp_host` is set, and letters need an address that they come from: set `smtp_from`."
        ) from error
    return SmtpMailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=sender,
        clock=clock,
        username=settings.smtp_username,
        password=settings.smtp_password,
    )


def _providers(settings: Settings, opened: ExitStack) -> Mapping[str, Provider]:
    """Return the providers of the settings, in their order."""
    found = {}
    for each in settings.oidc_providers:
        port = LazyProvider(partial(_oidc_provider, each))
        opened.callback(port.close)
        rules = ProviderRules(
            name=each.name,
            label=each.shown,
            create_accounts=each.create_accounts,
            link_accounts=each.link_accounts,
            allowed_domains=each.allowed_domains,
            admin_claim=each.admin_claim,
            admin_values=each.admin_values,
            second_factor_claim=each.second_factor_claim,
            second_factor_values=each.second_factor_values,
        )
        found[each.name] = Provider(rules, port)
    return found


def _oidc_provider(settings: ProviderSettings) -> ClosingProvider:
    from invoke_adapters.oidc import OidcProvider  # here: see `LazyProvider`

    return OidcProvider(
        label=settings.shown,
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        scopes=settings.scopes,
    )


def _dispatch_rules(settings: Settings) -> DispatchRules:
    rules = DispatchRules(
        mode=settings.queue_mode,
        deadline=timedelta(minutes=settings.queue_deadline_minutes),
        max_running=settings.max_running,
    )
    if settings.queue_slack_seconds is None:
        return rules
    return attrs.evolve(rules, slack_seconds=settings.queue_slack_seconds)


def _signing(
    settings: Settings, clock: Clock, randomness: Randomness
) -> tuple[TokenCodec, SigningKeys, Recovery]:
    folder = settings.path(settings.secrets_dir)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "keys.json"
    if settings.jwt_secret_key is None:
        recovery = KeyFileRecovery(file, clock, randomness, configured=None)
        tokens = KeyFileCodec(file, clock, randomness)
        return tokens, KeyFile(file, clock, randomness), recovery
    ring = configured_ring(settings.jwt_secret_key)
    recovery = KeyFileRecovery(file, clock, randomness, configured=ring.active)
    keys = ConfiguredKey(ring.active, recovery.configured_since())
    return PyJwtCodec(ring, clock, randomness), keys, recovery
