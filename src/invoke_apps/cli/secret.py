"""`invoke-admin secret`: the keys that sign tokens."""

import secrets
from pathlib import Path
from typing import Any

import click

from invoke_apps.cli._base import InvokeCommand, InvokeGroup, opened, root_option, this_host
from invoke_apps.cli._tables import print_json, print_table
from invoke_core.domain.signing_keys import SigningKey


@click.group(cls=InvokeGroup)
def secret() -> None:
    """List, rotate and revoke the keys that sign tokens."""


@secret.command(cls=InvokeCommand)
def generate() -> None:
    """Print a new key for `jwt_secret_key` in invokeai.yaml; it is kept nowhere."""
    click.echo(secrets.token_urlsafe(48))


@secret.command(cls=InvokeCommand)
@root_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(root: Path | None, as_json: bool) -> None:
    """List the keys by id and date, never the keys themselves."""
    with opened(root) as app:
        keys = app.signing_keys.list(this_host())
    if as_json:
        print_json([_record(key) for key in keys])
        return
    rows = [[key.key_id, key.created_at, key.retired_at, key.is_configured] for key in keys]
    print_table(["Key", "Created", "Retired", "In the configuration"], rows)


@secret.command(cls=InvokeCommand)
@root_option
def rotate(root: Path | None) -> None:
    """Sign with a new key from now on; nobody is signed out."""
    with opened(root) as app:
        key = app.signing_keys.rotate(this_host())
    click.echo(f"The key {key.key_id} signs from now on.")


@secret.command(cls=InvokeCommand)
@root_option
@click.argument("key_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every key: everybody signs in again.")
def revoke(root: Path | None, key_ids: tuple[str, ...], everything: bool) -> None:
    """Forget keys at once: whoever signed in under them signs in again."""
    if bool(key_ids) == everything:
        raise click.UsageError("Name the keys, or say --all.")
    with opened(root) as app:
        gone = app.signing_keys.revoke(this_host(), None if everything else key_ids)
    click.echo(f"Revoked {', '.join(key.key_id for key in gone)}.")


def _record(key: SigningKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "created_at": key.created_at,
        "retired_at": key.retired_at,
        "is_active": key.is_active,
        "is_configured": key.is_configured,
    }
