"""Times on the command line, in UTC."""

from datetime import UTC, datetime

import click

TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


def in_utc(typed: datetime | None) -> datetime | None:
    """Return the time that was typed, aware."""
    return typed and typed.replace(tzinfo=UTC)
