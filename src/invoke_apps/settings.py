"""Every setting, with its default and unit."""

import ipaddress
import re
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs
from attrs.validators import and_, ge, gt, in_, le, matches_re, max_len, min_len, optional

from invoke_core.domain.fairness import Caps, GroupRule, QueueMode
from invoke_core.domain.generation import GenerationLimits
from invoke_core.domain.second_factor import SecondFactorPolicy
from invoke_core.domain.shares import MAX_WEIGHT
from invoke_core.domain.users import email_identity
from invoke_core.ports.runner import ModelMemory

GB = 10**9  # bytes

_positive = ge(1)
_none_or_more: Any = optional(ge(0))
_limit: Any = optional(_positive)  # mypy takes the type of a field from its default
_some_seconds: Any = optional(gt(0))


def _lowered(text: str) -> str:
    return text.lower()


def _path_word(_: Any, __: Any, name: str) -> None:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", name):
        raise ValueError("it has 1 to 32 lower case letters, digits and hyphens")


def _issuer(_: Any, __: Any, issuer: str) -> None:
    parts = urlsplit(issuer)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("it is an address such as https://login.example.com")
    if parts.scheme != "https" and not plain:
        raise ValueError("it begins with https:// (http:// only for this machine itself)")


def _asks_for_openid(_: Any, __: Any, scopes: tuple[str, ...]) -> None:
    if "openid" not in scopes:
        raise ValueError("`openid` must be among them")


_some: Any = optional(min_len(1))


@attrs.frozen(kw_only=True)
class ProviderSettings:
    """A provider of sign-ins: an entry of `oidc_providers`.

    Raises:
        ValueError: a value cannot be one.
    """

    name: str = attrs.field(validator=_path_word)  # stands in paths
    issuer: str = attrs.field(validator=_issuer)
    client_id: str = attrs.field(validator=min_len(1))
    client_secret: str | None = attrs.field(default=None, repr=False, validator=_some)
    label: str | None = attrs.field(
        default=None, validator=optional(and_(min_len(1), max_len(50)))
    )  # None: the name
    scopes: tuple[str, ...] = attrs.field(
        default=("openid", "profile", "email"), validator=_asks_for_openid
    )
    create_accounts: bool = False  # strangers get an account
    link_accounts: bool = True  # the account of a vouched-for address becomes its owner's
    allowed_domains: tuple[str, ...] = ()  # only addresses of these come in; none: of every one
    admin_claim: str | None = attrs.field(default=None, validator=_some)
    admin_values: tuple[str, ...] = ()  # any of them; none: the claim is `true`
    second_factor_claim: str | None = attrs.field(default=None, validator=_some)
    second_factor_values: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Return what people call it."""
        return self.label or self.name


def _differ(_: Any, __: Any, providers: tuple[ProviderSettings, ...]) -> None:
    names = [provider.name for provider in providers]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two providers have the name {name!r}")


@attrs.frozen(kw_only=True)
class GroupSettings:
    """People who stand in the queue as one: an entry of `queue_groups`."""

    name: str = attrs.field(validator=[min_len(1), max_len(100)])
    weight: float = attrs.field(default=1.0, validator=[gt(0), le(MAX_WEIGHT)])
    members: tuple[str, ...] = ()  # e-mail addresses

    @property
    def rule(self) -> GroupRule:
        """Return the group as the queue knows it."""
        members = frozenset(email_identity(email) for email in self.members)
        return GroupRule(name=self.name, weight=self.weight, members=members)


def _stand_apart(_: Any, __: Any, groups: tuple[GroupSettings, ...]) -> None:
    names, members = [group.name for group in groups], [e for g in groups for e in g.rule.members]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two groups have the name {name!r}")
    for email in members:
        if members.count(email) > 1:
            raise ValueError(f"{email} is in two groups")


@attrs.frozen(kw_only=True)
class Settings:
    """What an administrator decides. Paths are relative to `root` unless absolute.

    Raises:
        ValueError: a value is out of range; the text names the key.
    """

    root: Path

    # Who may come in
    multiuser: bool = False  # sign-in required
    strict_password_checking: bool = True  # False: weak passwords are accepted with a warning
    password_profile: Literal["guide", "nist"] = attrs.field(
        default="guide", validator=in_(("guide", "nist"))
    )
    password_min_length: int | None = attrs.field(
        default=None, validator=optional(and_(_positive, le(1024)))
    )  # None: 8 of `guide`, 15 of `nist`
    password_require_special: bool = False
    password_history: int = attrs.field(default=0, validator=and_(ge(0), le(24)))
    password_max_age_days: float | None = attrs.field(default=None, validator=optional(gt(0)))
    bcrypt_rounds: int = attrs.field(default=12, validator=and_(ge(4), le(20)))  # log2 of the cost
    jwt_secret_key: str | None = attrs.field(default=None, repr=False)  # at least 32 bytes
    jwt_token_expiry_hours: float = attrs.field(default=24, validator=gt(0))
    jwt_remember_me_days: float = attrs.field(default=7, validator=gt(0))
    session_absolute_days: float = attrs.field(default=30, validator=gt(0))
    require_second_factor: SecondFactorPolicy = SecondFactorPolicy.NONE
    user_directory: bool = True  # signed-in people can look others up by name

    oidc_providers: tuple[ProviderSettings, ...] = attrs.field(
        default=(), validator=_differ, repr=False
    )

    # E-mail; without smtp_host invitations and reset links are shown to whoever makes them
    smtp_host: str | None = None
    smtp_port: int = attrs.field(default=587, validator=and_(ge(1), le(65535)))
    smtp_username: str | None = None
    smtp_password: str | None = attrs.field(default=None, repr=False)
    smtp_from: str | None = None  # None: smtp_username, where that is an address

    # Where it answers
    host: str = "127.0.0.1"
    port: int = attrs.field(default=9090, validator=and_(ge(0), le(65535)))  # 0: any free one
    base_url: str | None = attrs.field(
        default=None, validator=optional(matches_re(r"https?://[^\s/?#]+(/[^\s?#]*)?"))
    )
    root_path: str = attrs.field(default="", validator=matches_re(r"(/[^\s?#]*[^/\s?#])?"))
    allowed_hosts: tuple[str, ...] | None = None  # None: loopback, `host`, that of `base_url`
    allow_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None

    # Where things lie
    use_memory_db: bool = False  # a database in a private temporary folder, gone at the end
    db_path: Path = Path("databases/invokeai.db")
    db_url: str | None = attrs.field(default=None, repr=False)  # postgresql+psycopg://…
    db_busy_timeout_seconds: float = attrs.field(default=10, validator=ge(0))
    models_dir: Path = Path("models")
    outputs_dir: Path = Path("outputs")
    secrets_dir: Path = Path("secrets")

    # What makes pictures
    runner: str = "diffusers"  # the name of an entry point in `invoke.runners`
    devices: tuple[str, ...] = ("auto",)
    workers: Literal["child", "external"] = attrs.field(
        default="child", validator=in_(("child", "external"))
    )
    preload: bool = False  # start the children at once, not at the first job
    # Without a step; None: for ever. See `invoke_core.domain.hangs`.
    hung_after_seconds: float | None = attrs.field(default=60.0, validator=_some_seconds)
    precision: str = attrs.field(
        default="auto", validator=in_(("auto", "float32", "float16", "bfloat16"))
    )
    # GB that the models of each device may take; None: measured
    ram: float | None = attrs.field(default=None, validator=_none_or_more)
    vram: float | None = attrs.field(default=None, validator=_none_or_more)
    allow_model_caching: bool = True  # False: only the model of the last job stays loaded

    # The queue
    session_queue_mode: QueueMode = QueueMode.ROUND_ROBIN  # FIFO in single-user mode
    queue_slack_seconds: float | None = attrs.field(default=None, validator=optional(ge(0)))
    queue_deadline_minutes: float = attrs.field(default=10, validator=ge(0))
    max_queue_size: int | None = attrs.field(default=10_000, validator=_limit)
    max_queue_history: int | None = attrs.field(default=None, validator=optional(ge(0)))
    clear_queue_on_startup: bool = False
    max_running: int | None = attrs.field(default=None, validator=_limit)
    queue_groups: tuple[GroupSettings, ...] = attrs.field(default=(), validator=_stand_apart)
    # For each person without own ones:
    max_pending_per_user: int | None = attrs.field(default=None, validator=_limit)
    max_running_per_user: int | None = attrs.field(default=None, validator=_limit)
    gpu_seconds_per_day: float | None = attrs.field(default=None, validator=optional(gt(0)))

    # Limits on what comes in
    max_upload_bytes: int = attrs.field(default=50 * 2**20, validator=_positive)
    max_image_pixels: int = attrs.field(default=64 * 2**20, validator=_positive)
    max_json_bytes: int = attrs.field(default=2**20, validator=_positive)
    max_prompt_characters: int = attrs.field(default=10_000, validator=_positive)
    max_steps: int = attrs.field(default=150, validator=_positive)
    max_dimension: int = attrs.field(default=4096, validator=ge(16))  # pixels

    # How much one person may ask
    max_requests_per_minute: int | None = attrs.field(default=600, validator=_limit)

    # What people may keep
    storage_quota_bytes: int | None = attrs.field(default=None, validator=_none_or_more)
    bin_retention_days: float | None = attrs.field(default=30, validator=_none_or_more)

    # What it tells
    log_level: str = attrs.field(
        default="info",
        converter=_lowered,
        validator=in_(("debug", "info", "warning", "error", "critical")),
    )
    log_format: Literal["console", "json"] = attrs.field(
        default="console", validator=in_(("console", "json"))
    )
    log_file: Path | None = Path("logs/invokeai.log")
    openapi_docs: bool = True

    def path(self, relative: Path | str) -> Path:
        """Return a path of a setting as an absolute one."""
        return self.root / relative

    @property
    def database_url(self) -> str:
        """Return the SQLAlchemy URL of the database; not for `use_memory_db`."""
        return self.db_url or f"sqlite:///{self.path(self.db_path)}"

    @property
    def queue_mode(self) -> QueueMode:
        """Return the policy in force."""
        return self.session_queue_mode if self.multiuser else QueueMode.FIFO

    @property
    def caps(self) -> Caps:
        """Return what each person may have in the queue, who has no own caps."""
        return Caps(
            max_pending=self.max_pending_per_user,
            max_running=self.max_running_per_user,
            gpu_seconds_per_day=self.gpu_seconds_per_day,
        )

    @property
    def groups(self) -> tuple[GroupRule, ...]:
        """Return the groups of people in the queue."""
        return tuple(group.rule for group in self.queue_groups)

    @property
    def least_password_length(self) -> int:
        """Return how many characters a new password has at least."""
        if self.password_min_length is not None:
            return self.password_min_length
        return 15 if self.password_profile == "nist" else 8  # noqa: S105 - no password

    @property
    def site(self) -> str:
        """Return the address under which people reach the server, as far as the settings tell."""
        if self.base_url is not None:
            return self.base_url
        scheme = "https" if self.ssl_certfile else "http"
        host = "localhost" if is_everywhere(self.host) or is_loopback(self.host) else self.host
        return f"{scheme}://{host}:{self.port}{self.root_path}/"

    @property
    def keeps_bin(self) -> bool:
        """Return whether what is deleted can come back."""
        return self.bin_retention_days != 0

    @property
    def bin_retention(self) -> timedelta | None:
        """Return for how long; None: until its owner empties the bin."""
        days = self.bin_retention_days
        return None if days is None else timedelta(days=days)

    @property
    def generation_limits(self) -> GenerationLimits:
        """Return the limits on one generation."""
        return GenerationLimits(
            max_prompt_characters=self.max_prompt_characters,
            max_steps=self.max_steps,
            max_dimension=self.max_dimension,
        )

    @property
    def model_memory(self) -> ModelMemory:
        """Return how much memory the models of one runner may take."""
        ram, vram = (None if each is None else int(each * GB) for each in (self.ram, self.vram))
        return ModelMemory(ram=ram, vram=vram, caching=self.allow_model_caching)

    @property
    def loopback_only(self) -> bool:
        """Return whether the server can be reached from this host alone, and by no proxy."""
        return is_loopback(self.host) and self.base_url is None and not self.trusted_proxies


@lru_cache(maxsize=256)  # every request asks, and nearly always about the same two names
def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine alone."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_everywhere(host: str) -> bool:
    """Return whether an address stands for every one of this machine."""
    return host.strip("[]") in {"", "0.0.0.0", "::"}  # noqa: S104 - nothing is bound here


LATER = {
    "storage_url": "object storage",
    "merge_jobs": "merging jobs",
    "merge_wait_ms": "merging jobs",
    "max_merged": "merging jobs",
    "backup_schedule": "scheduled backups",
    "backup_keep_days": "scheduled backups",
    "backup_dir": "scheduled backups",
    "allow_private_download_urls": "downloading models",
    "remote_api_tokens": "downloading models",
    "hub_endpoint": "downloading models",
    "webhooks": "webhooks",
    "metrics": "metrics",
}
"""Settings whose feature is not there yet, with its name: they are refused, never ignored."""

WITHOUT_EFFECT = frozenset(
    {
        # Of the guide's complete example: their features come later, a warning says so.
        "scan_models_on_startup",
        # InvokeAI's own, which mean nothing here.
        "schema_version",
        "legacy_models_yaml_path",
        "allow_credentials",
        "allow_methods",
        "allow_headers",
        "log_tokenization",
        "patchmatch",
        "convert_cache_dir",
        "download_cache_dir",
        "legacy_conf_dir",
        "db_dir",
        "custom_nodes_dir",
        "style_presets_dir",
        "workflow_thumbnails_dir",
        "log_handlers",
        "log_sql",
        "log_level_network",
        "use_memory_attention",
        "dev_reload",
        "profile_graphs",
        "profile_prefix",
        "profiles_dir",
        "max_cache_ram_gb",
        "max_cache_vram_gb",
        "log_memory_usage",
        "model_cache_keep_alive_min",
        "device_working_mem_gb",
        "enable_partial_loading",
        "keep_ram_copy_of_weights",
        "lazy_offload",
        "pytorch_cuda_alloc_conf",
        "device",
        "sequential_guidance",
        "attention_type",
        "attention_slice_size",
        "force_tiled_decode",
        "pil_compress_level",
        "node_cache_size",
        "hashing_algorithm",
        "remote_api_tokens_file",
        "skip_model_hash",
        "unsafe_disable_picklescan",
        "allow_unknown_models",
        "conf_path",
        "free_gpu_mem",
        "vram_cache_size",
    }
)
"""Keys that are accepted and named once in the log as having no effect."""

__all__ = [
    "LATER",
    "WITHOUT_EFFECT",
    "GroupSettings",
    "ProviderSettings",
    "Settings",
    "is_everywhere",
    "is_loopback",
]
