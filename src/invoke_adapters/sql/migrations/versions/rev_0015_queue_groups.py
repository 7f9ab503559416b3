"""People stand in groups; jobs name their model and kind; flows know since when their head waits."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTERS = ("round_robin", "fair_share")


def upgrade() -> None:
    """Add the columns and the table: everybody stands for themselves, and heads wait from now on."""
    op.add_column("queue_flows", sa.Column("group_name", TEXT, nullable=False, server_default=""))
    op.add_column("queue_flows", sa.Column("head_since", TEXT, nullable=True))
    for counter in COUNTERS:
        for model in ("", "model_"):
            index = op.f(f"ix_queue_flows_{model}{counter}")
            op.drop_index(index, "queue_flows")
            columns = ["group_name", "contends", *(["head_model"] if model else []), counter]
            op.create_index(index, "queue_flows", [*columns, "oldest_or_zero", "user_id"])
    op.create_table(
        "queue_groups",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("round_robin", sa.Double(), nullable=False),
        sa.Column("fair_share", sa.Double(), nullable=False),
        sa.Column("members_round_robin", sa.Double(), nullable=False),
        sa.Column("members_fair_share", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queue_groups")),
    )
    for counter in COUNTERS:
        op.create_index(op.f(f"ix_queue_groups_{counter}"), "queue_groups", [counter, "name"])
    for name in ("model", "kind"):
        op.add_column("jobs", sa.Column(name, TEXT, nullable=False, server_default=""))
    _name_models_and_kinds()


def _name_models_and_kinds() -> None:
    """Fill in what jobs that wait, or may wait again, would have been kept with."""
    jobs = sa.table(
        "jobs", *(sa.column(c) for c in ("item_id", "status", "generation", "model", "kind"))
    )
    connection = op.get_bind()
    query = sa.select(jobs.c.item_id, jobs.c.generation).where(
        jobs.c.status.in_(["pending", "in_progress"])
    )
    found = [
        {"number": item_id, "is_model": model, "is_kind": kind}
        for item_id, text in connection.execute(query).all()
        for model, kind in _model_and_kind(text)
    ]
    if found:
        change = sa.update(jobs).where(jobs.c.item_id == sa.bindparam("number"))
        change = change.values(model=sa.bindparam("is_model"), kind=sa.bindparam("is_kind"))
        connection.execute(change, found)


def _model_and_kind(text: str) -> Sequence[tuple[str, str]]:
    """Return both; nothing for a text that is no generation."""
    try:
        generation = json.loads(text)
        strength = (generation.get("init_image") or {}).get("strength", 1.0)
        steps = max(1, round(generation["steps"] * strength))
        size = f"{generation['width']}x{generation['height']}"
        return [(generation["model"], f"{generation['model']}|{size}|{steps}")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
