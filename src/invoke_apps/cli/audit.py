"""The audit log at the command line: `invoke-admin audit …`."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from invoke_apps.cli._base import REFUSED, InvokeGroup, opened, root_option, this_host
from invoke_apps.cli._times import TIME, in_utc
from invoke_core.domain.audit import Actor, AuditEntry, AuditQuery
from invoke_core.domain.pages import DEFAULT_LIMIT
from invoke_core.domain.principals import Via

if TYPE_CHECKING:  # the help of a command is shown without loading the server
    from invoke_apps.application import Application

F = TypeVar("F", bound=Callable[..., Any])


def _filters(command: F) -> F:
    """Give the command the options that choose entries."""
    for option in (
        click.option("--until", type=TIME, help="Only before this time, UTC."),
        click.option("--since", type=TIME, help="Only from this time on, UTC."),
        click.option("--target", help="Only what was done to this id, or this kind of thing."),
        click.option("--action", help="Only this action, or those of this kind, such as user."),
        click.option("--actor", help="Only what this user id or e-mail address did."),
    ):
        command = option(command)
    return command


@click.group(cls=InvokeGroup)
def audit() -> None:
    """Read and verify the log of who did what."""


@audit.command(name="list")
@root_option
@_filters
@click.option(
    "--limit", type=click.IntRange(1), default=DEFAULT_LIMIT, show_default=True, help="At most."
)
@click.option("--json", "as_json", is_flag=True, help="Print an array of records.")
def list_entries(root: Path | None, limit: int, as_json: bool, **filters: Any) -> None:
    """List what was done, the newest first."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.audit import EntryView

    with opened(root) as app:
        page = app.audit.list(this_host(), _query(limit=limit, **filters))
        addresses = {} if as_json else _addresses(app)
    if as_json:
        print_json([EntryView.of(entry) for entry in page.items])
        return
    rows = [
        [e.entry_id, e.at, _who(e.actor), e.action, _target(e, addresses), e.actor.address]
        for e in page.items
    ]
    print_table(["Entry", "At", "Who", "What", "To what", "From"], rows)
    if page.next_cursor is not None:
        more = "at least " if page.total_is_lower_bound else ""
        click.echo(f"{len(rows)} of {more}{page.total} entries: see --limit.", err=True)


@audit.command()
@root_option
@_filters
@click.option("--json", "as_json", is_flag=True, help="Print an array instead of lines.")
def export(root: Path | None, as_json: bool, **filters: Any) -> None:
    """Print every entry as JSON, one a line, the newest first."""
    import msgspec

    from invoke_apps.web.routes.audit import EntryView

    with opened(root) as app:
        begin, between, end = ("[", ",\n", "]\n") if as_json else ("", "\n", "")
        sys.stdout.write(begin)
        first = True
        for entry in app.audit.export(this_host(), _query(**filters)):
            sys.stdout.write("" if first else between)
            sys.stdout.write(msgspec.json.encode(EntryView.of(entry)).decode())
            first = False
        sys.stdout.write(end if as_json or first else "\n")


@audit.command()
@root_option
@click.option("--json", "as_json", is_flag=True, help="Print a record.")
def verify(root: Path | None, as_json: bool) -> None:
    """Say whether every entry is as it was written, and none is missing; exit with 1 where not."""
    from invoke_apps.cli._tables import print_record

    with opened(root) as app:
        found = app.audit.verify(this_host())
    if as_json:
        print_record(attrs.asdict(found))
    elif found.ok:
        click.echo(
            f"All {found.entries} entries are as they were written; the head is {found.head}."
        )
    if not found.ok:
        click.echo(found.trouble, err=True)
        raise click.exceptions.Exit(REFUSED)


def _query(
    *,
    actor: str | None,
    action: str | None,
    target: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int = DEFAULT_LIMIT,
) -> AuditQuery:
    return AuditQuery(
        actor=actor,
        action=action,
        target=target,
        since=in_utc(since),
        until=in_utc(until),
        limit=limit,
    )


def _who(actor: Actor) -> str:
    if actor.operating_system_user is not None:
        return f"{actor.operating_system_user} at the host"
    if actor.via == Via.INTERNAL:
        return "the server"
    return actor.email or actor.user_id or actor.via


def _addresses(app: "Application") -> Mapping[str | None, str]:
    """Return the addresses of the accounts that are there, by id: people know each other by those."""
    return {user.user_id: user.email for user in app.users.list(this_host(), limit=None).items}


def _target(entry: AuditEntry, addresses: Mapping[str | None, str]) -> str:
    name = entry.target.id or ""
    if entry.target.kind == "user":
        name = addresses.get(entry.target.id, name)
    return f"{entry.target.kind} {name}".rstrip()
