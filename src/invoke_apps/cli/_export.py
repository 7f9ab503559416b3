"""`invoke-admin user export`: everything that a person owns, in one file."""

from collections.abc import Iterable
from pathlib import Path

import click

from invoke_apps.cli._accounts import email_option
from invoke_apps.cli._base import (
    TROUBLE,
    InvokeCommand,
    Refusal,
    ask,
    opened,
    root_option,
    this_host,
)


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
def export(root: Path | None, email: str | None, archive: Path) -> None:
    """Pack everything that a user owns into the ZIP file ARCHIVE, which must not exist yet."""
    email = email or ask("--email", "E-mail address")
    if archive.exists():
        raise Refusal(f"{archive} exists already: name another file.")
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        _write(archive, app.exports.export(this_host(), user.user_id))
    click.echo(f"Packed everything of {user.email} into {archive}.")


def _write(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that appears when it is whole."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.writelines(parts)
        part.rename(path)
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}.", TROUBLE) from error
    finally:
        part.unlink(missing_ok=True)
