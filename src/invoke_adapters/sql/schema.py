"""Every table, once. Migrations bring a database here; a test holds the two together.

No index, default or constraint needs a function that a plain `sqlite3` shell lacks, so that an
administrator may repair an account with it.
"""

from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql.types import Day, Json, Level, Number, Text, UtcDateTime, Word
from invoke_core.domain.boards import Permission, Visibility
from invoke_core.domain.estimates import PassTime
from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.generation import Generation
from invoke_core.domain.identities import Person
from invoke_core.domain.images import ImageCategory, ImageOrigin
from invoke_core.domain.links import LinkPurpose
from invoke_core.domain.models import BaseModel, DefaultSettings, ModelFormat, ModelType
from invoke_core.domain.news import AudienceKind, NewsKind
from invoke_core.domain.principals import Scope
from invoke_core.domain.queue import DeviceMemory, EnqueuedBatch, JobStatus
from invoke_core.domain.shelves import Shelf
from invoke_core.domain.transfers import ItemKind, TransferPhase

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _column(name: str, type: Any, *arguments: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, type, *arguments, **{"nullable": False, **options})


def _optional(name: str, type: Any, *arguments: Any) -> sa.Column[Any]:
    return sa.Column(name, type, *arguments, nullable=True)


def _user(**options: Any) -> sa.ForeignKey:
    return sa.ForeignKey("users.user_id", **options)


def _transfer() -> sa.ForeignKey:
    return sa.ForeignKey("transfers.transfer_id", ondelete="CASCADE")


users = sa.Table(
    "users",
    metadata,
    _column("user_id", Text, primary_key=True),
    _column("email", Text, index=True),
    _column("display_name", Text),
    _optional("password_hash", Text),
    _column("is_admin", sa.Boolean()),
    _column("is_active", sa.Boolean()),
    _column("created_at", UtcDateTime()),
    _column("updated_at", UtcDateTime()),
    _optional("last_login_at", UtcDateTime()),
    _column("must_change_password", sa.Boolean()),
    _column("epoch", sa.BigInteger()),
    _column("second_factor", sa.Boolean(), server_default=sa.false()),
    _column("note", Text),
    _optional("storage_quota_bytes", sa.BigInteger()),
    _column("email_identity", Text, unique=True),
    _column("search_text", Text),
    _optional("password_changed_at", UtcDateTime()),
)

account_deletions = sa.Table(
    "account_deletions",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _optional("heir_id", Text),
    _column("created_at", UtcDateTime()),
)

sessions = sa.Table(
    "sessions",
    metadata,
    _column("session_id", Text, primary_key=True),
    _column("user_id", Text, _user(ondelete="CASCADE"), index=True),
    _column("remember_me", sa.Boolean()),
    _column("epoch", sa.BigInteger()),
    _column("password_fingerprint", Text),
    _column("created_at", UtcDateTime()),
    _column("last_seen_at", UtcDateTime()),
    _column("expires_at", UtcDateTime(), index=True),
    _optional("address", Text),
    _optional("user_agent", Text),
    _optional("provider", Text),
    _column("two_factors", sa.Boolean(), server_default=sa.false()),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    _column("key_id", Text, primary_key=True),
    _column("user_id", Text, _user(ondelete="CASCADE"), index=True),
    _column("name", Text),
    _column("scope", Word(Scope)),
    _column("digest", Text, unique=True),
    _column("created_at", UtcDateTime()),
    _optional("expires_at", UtcDateTime()),
)

second_factors = sa.Table(
    "second_factors",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("sealed_secret", Text),
    _column("created_at", UtcDateTime()),
    _optional("confirmed_at", UtcDateTime()),
    _column("last_step", sa.BigInteger()),
    _column("recovery", Json[tuple[str, ...]](tuple[str, ...])),
)

identities = sa.Table(
    "identities",
    metadata,
    _column("identity_id", Text, primary_key=True),
    _column("issuer", Text),
    _column("subject", Text),
    _optional("user_id", Text, _user(ondelete="SET NULL")),
    _column("claims_admin", sa.Boolean()),
    _column("created_at", UtcDateTime()),
    sa.UniqueConstraint("issuer", "subject"),
    sa.Index("ix_identities_user_id", "user_id"),
)

provider_logins = sa.Table(
    "provider_logins",
    metadata,
    _column("digest", Text, primary_key=True),
    _column("provider", Text),
    _column("browser", Text),
    _column("next_path", Text),
    _column("remember_me", sa.Boolean()),
    _column("network", Text),
    _column("created_at", UtcDateTime()),
    _column("expires_at", UtcDateTime(), index=True),
    _optional("person", Json[Person](Person)),
    sa.Index("ix_provider_logins_network_created_at", "network", "created_at"),
)

throttle_tallies = sa.Table(
    "throttle_tallies",
    metadata,
    _column("account", Text, primary_key=True),
    _column("address", Text, primary_key=True),
    _column("failures", sa.BigInteger()),
    _column("first_at", UtcDateTime()),
    _column("last_at", UtcDateTime(), index=True),
)

devices = sa.Table(
    "devices",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("digest", Text, primary_key=True),
    _column("added_at", UtcDateTime()),
)

account_links = sa.Table(
    "account_links",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("purpose", Word(LinkPurpose)),
    _column("digest", Text, unique=True),
    _column("created_at", UtcDateTime()),
    _column("expires_at", UtcDateTime()),
)

outbox = sa.Table(
    "outbox",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("purpose", Word(LinkPurpose)),
    _column("site", Text),
    _column("created_at", UtcDateTime()),
    _column("expires_at", UtcDateTime()),
    _column("attempts", sa.BigInteger()),
    _column("due_at", UtcDateTime(), index=True),
)

former_passwords = sa.Table(
    "former_passwords",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("password_hash", Text, primary_key=True),
    _column("replaced_at", UtcDateTime()),
)

doomed_files = sa.Table(  # no foreign key: the rows of these pictures are gone
    "doomed_files",
    metadata,
    _column("image_name", Text, primary_key=True),
    _column("doomed_at", UtcDateTime()),
)

boards = sa.Table(
    "boards",
    metadata,
    _column("board_id", Text, primary_key=True),
    _column("owner_id", Text, _user(), index=True),
    _column("name", Text),
    _column("description", Text),
    _column("visibility", Word(Visibility), index=True),
    _column("archived", sa.Boolean()),
    # No foreign key: images point to boards already, and removing an image forgets it here.
    _optional("cover_image_name", Text),
    _column("created_at", UtcDateTime()),
    _column("updated_at", UtcDateTime()),
    sa.Index("ix_boards_created_at_board_id", "created_at", "board_id"),
    sa.Index("ix_boards_cover_image_name", "cover_image_name"),
)

board_grants = sa.Table(
    "board_grants",
    metadata,
    _column(
        "board_id", Text, sa.ForeignKey("boards.board_id", ondelete="CASCADE"), primary_key=True
    ),
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True, index=True),
    _column("permission", Level(Permission)),
    _column("granted_by", Text),  # may have left since
    _column("created_at", UtcDateTime()),
)

board_links = sa.Table(
    "board_links",
    metadata,
    _column("link_id", Text, primary_key=True),
    _column("board_id", Text, sa.ForeignKey("boards.board_id", ondelete="CASCADE"), index=True),
    _column("digest", Text, unique=True),
    _optional("password_hash", Text),
    _column("metadata", sa.Boolean()),
    _column("created_by", Text, _user(ondelete="CASCADE"), index=True),
    _column("created_at", UtcDateTime()),
    _column("expires_at", UtcDateTime(), index=True),
)

_SHELF = ("category", "is_intermediate", "starred")

images = sa.Table(
    "images",
    metadata,
    _column("image_name", Text, primary_key=True),
    _column("owner_id", Text, _user()),
    _optional("board_id", Text, sa.ForeignKey("boards.board_id")),
    _column("origin", Word(ImageOrigin)),
    _column("category", Word(ImageCategory)),
    _column("width", sa.Integer()),
    _column("height", sa.Integer()),
    _column("is_intermediate", sa.Boolean()),
    _column("starred", sa.Boolean()),
    _column("has_workflow", sa.Boolean()),
    _column("size_bytes", sa.BigInteger()),
    _optional("run_id", Text),
    _optional("node_id", Text),
    _column("created_at", UtcDateTime()),
    _column("updated_at", UtcDateTime()),
    # What transfers walk through.
    sa.Index("ix_images_owner_id_created_at_image_name", "owner_id", "created_at", "image_name"),
    # All images in order, with what decides who sees them.
    sa.Index(
        "ix_images_made",
        *("starred", "created_at", "image_name", "board_id", "owner_id"),
        *("category", "is_intermediate"),
    ),
    # The images of each shelf of `image_counts`, in the order of lists.
    sa.Index("ix_images_shelf", *_SHELF, "created_at", "image_name"),
    sa.Index("ix_images_board_shelf", "board_id", *_SHELF, "created_at", "image_name"),
    sa.Index("ix_images_owner_shelf", "owner_id", *_SHELF, "created_at", "image_name"),
    sa.Index(
        "ix_images_owner_board_shelf", "owner_id", "board_id", *_SHELF, "created_at", "image_name"
    ),
)

NO_BOARD = "-"  # where counts name a board

image_counts = sa.Table(  # see `image_counts.py`
    "image_counts",
    metadata,
    # No foreign keys: "" stands for everybody and everywhere, "-" for no board.
    _column("owner_id", Text, primary_key=True),
    _column("board_id", Text, primary_key=True),
    _column("category", Word(ImageCategory), primary_key=True),
    _column("is_intermediate", sa.Boolean(), primary_key=True),
    _column("starred", sa.Boolean(), primary_key=True),
    _column("images", sa.BigInteger()),
    _column("size_bytes", sa.BigInteger()),
)

image_words = (
    sa.Table(  # see `image_search.py`; the index of the words is made by hand in the migration
        "image_words",
        metadata,
        _column("search_id", Number, primary_key=True, autoincrement=True),  # grows
        _column(
            "image_name", Text, sa.ForeignKey("images.image_name", ondelete="CASCADE"), unique=True
        ),
        _column("prompt", Text),
        _column("others", Text),
        sqlite_autoincrement=True,
    )
)

image_texts = sa.Table(  # apart from `images`, whose rows stay short for lists
    "image_texts",
    metadata,
    _column(
        "image_name", Text, sa.ForeignKey("images.image_name", ondelete="CASCADE"), primary_key=True
    ),
    _optional("metadata", Text),  # JSON
    _optional("workflow", Text),  # JSON
)

transfers = sa.Table(  # no foreign keys: what happened stays, whoever leaves
    "transfers",
    metadata,
    _column("transfer_id", Text, primary_key=True),
    _column("from_id", Text),
    _column("to_id", Text),
    _optional("board_ids", Json[tuple[str, ...]](tuple[str, ...])),
    _optional("since", UtcDateTime()),
    _optional("until", UtcDateTime()),
    sa.Column("undoes", Text, nullable=True, index=True),
    _column("phase", Word(TransferPhase), index=True),
    _optional("collected_at", UtcDateTime()),
    _optional("collected_name", Text),
    _optional("moved_name", Text),
    _column("boards", sa.BigInteger()),
    _column("images", sa.BigInteger()),
    _column("workflows", sa.BigInteger()),
    _column("style_presets", sa.BigInteger()),
    _column("started_by", Text),
    _column("created_at", UtcDateTime(), index=True),
)

transfer_images = sa.Table(
    "transfer_images",
    metadata,
    _column("transfer_id", Text, _transfer(), primary_key=True),
    _column("image_name", Text, primary_key=True),  # may be gone since
)

transfer_counts = sa.Table(  # see `transfer_lists.py`
    "transfer_counts",
    metadata,
    _column("transfer_id", Text, _transfer(), primary_key=True),
    _column("board_id", Text, primary_key=True),  # "-": no board
    _column("images", sa.BigInteger()),
    _column("size_bytes", sa.BigInteger()),
)

transfer_items = sa.Table(
    "transfer_items",
    metadata,
    _column("transfer_id", Text, _transfer(), primary_key=True),
    _column("kind", Word(ItemKind), primary_key=True),
    _column("item_id", Text, primary_key=True),  # may be gone since
    _optional("heir_permission", Level(Permission)),
)

binned_images = sa.Table(  # apart from `images`, so that no list can find them by mistake
    "binned_images",
    metadata,
    _column("image_name", Text, primary_key=True),
    _column("owner_id", Text, _user()),
    _optional("board_id", Text),  # no foreign key: the board may go first
    _column("origin", Word(ImageOrigin)),
    _column("category", Word(ImageCategory)),
    _column("width", sa.Integer()),
    _column("height", sa.Integer()),
    _column("is_intermediate", sa.Boolean()),
    _column("starred", sa.Boolean()),
    _column("has_workflow", sa.Boolean()),
    _column("size_bytes", sa.BigInteger()),
    _optional("run_id", Text),
    _optional("node_id", Text),
    _column("created_at", UtcDateTime()),
    _column("updated_at", UtcDateTime()),
    _optional("metadata", Text),  # JSON
    _optional("workflow", Text),  # JSON
    _column("deleted_at", UtcDateTime()),
    _column("deleted_by", Text),  # may have left since
    sa.Index("ix_binned_images_deleted_at_image_name", "deleted_at", "image_name"),
    sa.Index(
        "ix_binned_images_owner_id_deleted_at_image_name", "owner_id", "deleted_at", "image_name"
    ),
    sa.Index(
        "ix_binned_images_board_id_deleted_at_image_name", "board_id", "deleted_at", "image_name"
    ),
)

# Triggers of the migration on `images` and `binned_images` keep it, whoever writes there.
user_storage = sa.Table(
    "user_storage",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("size_bytes", sa.BigInteger()),
)

downloads = sa.Table(
    "downloads",
    metadata,
    _column("download_id", Text, primary_key=True),
    _column("user_id", Text, _user(ondelete="CASCADE"), index=True),
    _column("image_names", Json[tuple[str, ...]](tuple[str, ...])),
    _optional("board_id", Text),  # no foreign key: the board may go first
    _column("created_at", UtcDateTime(), index=True),
)

models = sa.Table(
    "models",
    metadata,
    _column("key", Text, primary_key=True),
    _column("name", Text),
    _column("type", Word(ModelType)),
    _column("base", Word(BaseModel)),
    _column("format", Word(ModelFormat)),
    _optional("variant", Text),
    _column("description", Text),
    _column("source", Text),
    _column("path", Text),
    _column("hash", Text),
    _column("file_size", sa.BigInteger()),
    _column("default_settings", Json[DefaultSettings](DefaultSettings)),
    _column("trigger_phrases", Json[tuple[str, ...]](tuple[str, ...])),
    _column("created_at", UtcDateTime()),
    _column("updated_at", UtcDateTime()),
    _column("folded_name", Text),
    sa.UniqueConstraint("type", "base", "folded_name"),
)

workflows = sa.Table(
    "workflows",
    metadata,
    _column("workflow_id", Text, primary_key=True),
    _column("owner_id", Text, _user(), index=True),
    _column("name", Text),
    _column("description", Text),
    _column("tags", Text),
    _column("shelf", Word(Shelf), index=True),
    _column("is_public", sa.Boolean(), index=True),
    _optional("thumbnail", Text),
    _column("created_at", UtcDateTime()),
    _column("updated_at", UtcDateTime()),
    _column("folded_name", Text),
    _column("folded_tags", Text),
    _column("search_text", Text),
)

workflow_contents = sa.Table(  # apart from `workflows`, whose rows stay short for lists
    "workflow_contents",
    metadata,
    _column(
        "workflow_id",
        Text,
        sa.ForeignKey("workflows.workflow_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    _column("document", Text),  # JSON, as it came
    _optional("thumbnail", sa.LargeBinary()),
)

workflow_openings = sa.Table(
    "workflow_openings",
    metadata,
    _column(
        "workflow_id",
        Text,
        sa.ForeignKey("workflows.workflow_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True, index=True),
    _column("opened_at", UtcDateTime()),
)

style_presets = sa.Table(
    "style_presets",
    metadata,
    _column("preset_id", Text, primary_key=True),
    _column("owner_id", Text, _user(), index=True),
    _column("name", Text),
    _column("positive_prompt", Text),
    _column("negative_prompt", Text),
    _column("shelf", Word(Shelf), index=True),
    _column("is_public", sa.Boolean(), index=True),
    _optional("image", Text),
    _column("created_at", UtcDateTime()),
    _column("updated_at", UtcDateTime()),
    _column("folded_name", Text),
)

style_preset_images = sa.Table(
    "style_preset_images",
    metadata,
    _column(
        "preset_id",
        Text,
        sa.ForeignKey("style_presets.preset_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    _column("content", sa.LargeBinary()),
)

client_state = sa.Table(
    "client_state",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("key", Text, primary_key=True),
    _column("value", Text),
    _column("updated_at", UtcDateTime()),
)

jobs = sa.Table(
    "jobs",
    metadata,
    _column("item_id", Number, primary_key=True, autoincrement=True),
    _column("batch_id", Text),
    _column("run_id", Text),
    _column("owner_id", Text, _user()),
    _column("status", Word(JobStatus)),
    _column("priority", sa.Integer()),
    _optional("origin", Text),
    _optional("destination", Text),
    _column("generation", Json[Generation](Generation)),
    # Of the generation, so that a decision reads nothing else of the job behind the one that it takes:
    _column("model", Text, server_default=""),
    _column("kind", Text, server_default=""),
    _optional("merge_key", Text),
    _column("attempts", sa.Integer()),
    _column("charged", sa.Double()),
    _optional("charged_policy", Word(QueueMode)),
    _optional("lease_worker_id", Text),
    _optional("lease_fence", sa.BigInteger()),
    _optional("device", Text),
    _column("image_names", Json[tuple[str, ...]](tuple[str, ...])),
    _optional("error_type", Text),
    _optional("error_message", Text),
    _column("created_at", UtcDateTime()),
    _column("updated_at", UtcDateTime()),
    _optional("started_at", UtcDateTime()),
    _optional("completed_at", UtcDateTime()),
    # The negated priority: the order of service is that of a plain index, which migrations can compare.
    _column("precedence", sa.Integer()),
    # The first pending job of an owner, by priority and by age, is one seek each.
    sa.Index("ix_jobs_head", "owner_id", "status", "precedence", "item_id"),
    sa.Index("ix_jobs_oldest", "owner_id", "status", "item_id"),
    sa.Index("ix_jobs_status_item_id", "status", "item_id"),
    sa.Index("ix_jobs_batch_id_status", "batch_id", "status"),
    sa.Index("ix_jobs_destination_status", "destination", "status"),
    sqlite_autoincrement=True,  # a number is never given twice
)

queue_flows = sa.Table(
    "queue_flows",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("group_name", Text, server_default=""),
    _column("weight", sa.Double()),
    _column("round_robin", sa.Double()),
    _column("fair_share", sa.Double()),
    _column("pending", sa.Integer()),
    _column("in_flight", sa.Integer()),
    _column("suspended", sa.Boolean()),
    _optional("max_pending", sa.Integer()),
    _optional("max_running", sa.Integer()),
    _optional("gpu_seconds_per_day", sa.Double()),
    _optional("running_cap", sa.Integer()),
    _optional("seconds_cap", sa.Double()),
    _optional("used_on", Day()),
    _column("used_seconds", sa.Double(), server_default="0"),
    _column("is_spent", sa.Boolean(), server_default=sa.false()),
    _optional("oldest_item_id", sa.BigInteger()),
    _optional("head_item_id", sa.BigInteger()),
    _optional("head_model", Text),
    _optional("head_kind", Text),
    _optional("head_merge_key", Text),
    _optional("head_since", UtcDateTime()),
    # Kept beside the facts that they follow from, so that a decision is a few seeks:
    _column("contends", sa.Boolean()),
    _column("oldest_or_zero", sa.BigInteger()),
    sa.Index("ix_queue_flows_fifo", "contends", "oldest_or_zero", "user_id"),
    sa.Index("ix_queue_flows_model_fifo", "contends", "head_model", "oldest_or_zero", "user_id"),
    *(
        sa.Index(
            f"ix_queue_flows_{name}{counter}",
            *("group_name", "contends", *head),
            *(counter, "oldest_or_zero", "user_id"),
        )
        for counter in ("round_robin", "fair_share")
        for name, head in (("", []), ("model_", ["head_model"]), ("merge_", ["head_merge_key"]))
    ),
)

queue_groups = sa.Table(
    "queue_groups",
    metadata,
    _column("name", Text, primary_key=True),
    _column("weight", sa.Double()),
    _column("round_robin", sa.Double()),
    _column("fair_share", sa.Double()),
    _column("members_round_robin", sa.Double()),  # the virtual time of its members' counters
    _column("members_fair_share", sa.Double()),
    sa.Index("ix_queue_groups_round_robin", "round_robin", "name"),
    sa.Index("ix_queue_groups_fair_share", "fair_share", "name"),
)

queue_state = sa.Table(  # one row
    "queue_state",
    metadata,
    _column("queue_id", Text, primary_key=True),
    _column("round_robin", sa.Double()),  # the virtual time of each counter
    _column("fair_share", sa.Double()),
    _column("paused", sa.Boolean()),
    _column("fence", sa.BigInteger()),  # the last one given
    _column("forgotten_event_id", sa.BigInteger()),  # the newest event that was ever removed
)

run_seconds = sa.Table(
    "run_seconds",
    metadata,
    _column("kind", Text, primary_key=True),
    _column("mean", sa.Double()),
    _column("measured", sa.BigInteger()),
    _column("variance", sa.Double(), server_default="0"),
    _column("most", sa.Integer(), server_default="1"),
    _column("passes", Json[tuple[PassTime, ...]](tuple[PassTime, ...]), server_default="[]"),
)

submissions = sa.Table(
    "submissions",
    metadata,
    _column("user_id", Text, _user(ondelete="CASCADE"), primary_key=True),
    _column("key", Text, primary_key=True),
    _column("wish_digest", Text),
    _column("batch", Json[EnqueuedBatch](EnqueuedBatch)),
    _column("at", UtcDateTime(), index=True),
)

workers = sa.Table(
    "workers",
    metadata,
    _column("worker_id", Text, primary_key=True),
    _column("host", Text),
    _column("process_id", sa.BigInteger()),
    _column("process_started", sa.Double()),
    _column("devices", Json[tuple[str, ...]](tuple[str, ...])),
    _column(
        "memory", Json[tuple[DeviceMemory, ...]](tuple[DeviceMemory, ...]), server_default="[]"
    ),
    _column("beat", sa.BigInteger()),
)

events = sa.Table(
    "events",
    metadata,
    _column("event_id", Number, primary_key=True, autoincrement=True),
    _column("kind", Word(NewsKind)),
    _column("audience_kind", Word(AudienceKind)),
    _optional("audience_id", Text),
    _optional("audience_owner_id", Text),
    _column("body", Text),  # JSON
    _column("at", UtcDateTime(), index=True),
    sqlite_autoincrement=True,
)

# No foreign key: what is written stays, whoever leaves. Triggers of the migration refuse every change.
audit_entries = sa.Table(
    "audit_entries",
    metadata,
    _column("entry_id", Number, primary_key=True, autoincrement=False),
    _column("content", Text),  # JSON
    _column("mac", Text),
    _column("at", Text, index=True),
    _optional("actor_id", Text),
    _optional("actor_identity", Text),
    _column("action", Text),
    _column("target_kind", Text),
    _optional("target_id", Text),
    sa.Index("ix_audit_entries_actor_id_entry_id", "actor_id", "entry_id"),
    sa.Index("ix_audit_entries_actor_identity_entry_id", "actor_identity", "entry_id"),
    sa.Index("ix_audit_entries_action_entry_id", "action", "entry_id"),
    sa.Index("ix_audit_entries_target_id_entry_id", "target_id", "entry_id"),
    sa.Index("ix_audit_entries_target_kind_entry_id", "target_kind", "entry_id"),
)
