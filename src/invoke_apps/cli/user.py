"""Accounts at the command line: `invoke-admin user …`, `invoke-useradd` and its sisters."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from invoke_apps.cli._base import (
    TROUBLE,
    InvokeCommand,
    InvokeGroup,
    Refusal,
    ask,
    confirm,
    has_terminal,
    opened,
    root_option,
    this_host,
)
from invoke_core.domain.users import checked_email
from invoke_core.errors import Invalid
from invoke_core.services.links import IssuedLink
from invoke_core.services.users import UserChanges

EXPOSED = (
    "Warning: others on this machine can read a password on the command line;"
    " --password-stdin, or the prompt, keeps it to yourself."
)

_email = click.option("--email", "-e", help="The e-mail address that the account signs in with.")
_stdin = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from the first line of standard input.",
)


@click.command(cls=InvokeCommand)
@root_option
@_email
@click.option("--password", "-p", help="The password; others on this machine can read it.")
@_stdin
@click.option("--name", "-n", help="The display name; the e-mail address if it is left empty.")
@click.option("--admin", "-a", is_flag=True, help="Make the account an administrator.")
def useradd(
    root: Path | None,
    email: str | None,
    password: str | None,
    password_stdin: bool,
    name: str | None,
    admin: bool,
) -> None:
    """Add a user. What is not given is asked for."""
    typed = _password_given(password, password_stdin=password_stdin)
    asked = email is None or typed is None
    email = email or ask("--email", "E-mail address", value_proc=_address)
    if name is None and asked and not password_stdin:
        name = _name(email)
    if typed is None:
        typed = _new_password()
    with opened(root) as app:
        saved = app.users.create(
            this_host(), email=email, password=typed, display_name=name, is_admin=admin
        )
    _warn(saved.warnings)
    role = "administrator" if saved.user.is_admin else "user"
    click.echo(f"Added {role} {saved.user.email} ({saved.user.display_name}).")


@click.command(cls=InvokeCommand)
@root_option
@click.option("--verbose", "-v", is_flag=True, help="Show every detail.")
@click.option("--json", "as_json", is_flag=True, help="Print an array of records.")
@click.option(
    "--unused-days",
    type=click.IntRange(min=0),
    metavar="N",
    help="Only accounts that nobody has used for N days.",
)
def userlist(root: Path | None, verbose: bool, as_json: bool, unused_days: int | None) -> None:
    """List all users, the oldest account first."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes._users import ManagedUserView

    with opened(root) as app:
        people = app.users.list(this_host(), unused_days=unused_days, limit=None).items
        standing = app.users.standing(this_host(), people)
    if as_json:
        print_json([ManagedUserView.of_managed(p, standing[p.user_id]) for p in people])
        return
    columns = ["E-mail", "Name", "Administrator", "Active", "Last sign-in"]
    rows = [
        [person.email, person.display_name, person.is_admin, person.is_active, person.last_login_at]
        for person in people
    ]
    if verbose:
        columns += [
            "User id",
            "Created",
            "Updated",
            "Must change password",
            "Second factor",
            "Locked until",
            "Note",
        ]
        for row, person in zip(rows, people, strict=True):
            row += [
                person.user_id,
                person.created_at,
                person.updated_at,
                person.must_change_password,
                person.second_factor,
                standing[person.user_id].locked_until,
                person.note or None,
            ]
    print_table(columns, rows)
    count = len(people)
    click.echo(f"{count} user{'' if count == 1 else 's'}", err=True)


@click.command(cls=InvokeCommand)
@root_option
@_email
@click.option("--name", help="A new display name.")
@click.option("--password", help="A new password; others on this machine can read it.")
@_stdin
@click.option("--admin/--no-admin", default=None, help="Make it an administrator, or no longer.")
@click.option(
    "--activate/--deactivate", default=None, help="Let the account sign in, or no longer."
)
def usermod(
    root: Path | None,
    email: str | None,
    name: str | None,
    password: str | None,
    password_stdin: bool,
    admin: bool | None,
    activate: bool | None,
) -> None:
    """Change a user. A new password, a demotion and a deactivation end all sign-ins at once."""
    if (name, password, admin, activate) == (None, None, None, None) and not password_stdin:
        raise click.UsageError(
            "Nothing to change: give --name, --password-stdin, --admin, --no-admin, --activate or"
            " --deactivate."
        )
    typed = _password_given(password, password_stdin=password_stdin)
    email = email or ask("--email", "E-mail address")
    changes = UserChanges(display_name=name, password=typed, is_admin=admin, is_active=activate)
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        saved = app.users.update(this_host(), user.user_id, changes)
    _warn(saved.warnings)
    click.echo(f"Changed {saved.user.email}.")


@click.command(cls=InvokeCommand)
@root_option
@_email
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
@click.option("--transfer-to", metavar="EMAIL", help="Who gets the boards and images instead.")
def userdel(root: Path | None, email: str | None, force: bool, transfer_to: str | None) -> None:
    """Delete a user with all boards, images and jobs, for good."""
    email = email or ask("--email", "E-mail address")
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        heir = app.users.get_by_email(this_host(), transfer_to) if transfer_to else None
        if not force:
            found = app.statistics.content(this_host(), user.user_id)
            what = f"{_some(len(found.boards), 'board')} and {_some(found.images, 'image')}"
            fate = f"{heir.email} gets {what}" if heir else f"{what} go with it"
            confirm(f"This deletes {user.email} ({user.display_name}) for good; {fate}.")
        heir_id = heir.user_id if heir else None
        app.users.delete(this_host(), user.user_id, transfer_to=heir_id)
    click.echo(f"Deleted {user.email}.")


@click.command(cls=InvokeCommand)
@root_option
@_email
@click.option("--name", "-n", help="The display name; the e-mail address without one.")
@click.option("--admin", "-a", is_flag=True, help="Make the account an administrator.")
def invite(root: Path | None, email: str | None, name: str | None, admin: bool) -> None:
    """Add a user who chooses the password by a link, which works once within seven days."""
    email = email or ask("--email", "E-mail address", value_proc=_address)
    with opened(root) as app:
        issued = app.links.invite(
            this_host(),
            email=email,
            display_name=name,
            is_admin=admin,
            site=app.settings.site,
        )
        _show_link(issued, app.settings.base_url)


@click.command("reset-link", cls=InvokeCommand)
@root_option
@_email
def reset_link(root: Path | None, email: str | None) -> None:
    """Make a link by which a user chooses a new password, once within a day."""
    email = email or ask("--email", "E-mail address")
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        issued = app.links.reset_link(this_host(), user.user_id, site=app.settings.site)
        _show_link(issued, app.settings.base_url)


@click.command(cls=InvokeCommand)
@root_option
@_email
@click.option("--json", "as_json", is_flag=True, help="Print a record.")
def content(root: Path | None, email: str | None, as_json: bool) -> None:
    """Show what a deletion of a user would remove, or hand over; nothing changes."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.account_life import ContentView

    email = email or ask("--email", "E-mail address")
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        found = app.statistics.content(this_host(), user.user_id)
    if as_json:
        print_json(ContentView.of(found))
        return
    rows = [
        [item.board.board_id, item.board.name, item.images, item.guests_images]
        for item in found.boards
    ]
    print_table(["Board", "Name", "Images", "Of other people"], rows)
    click.echo(
        f"{user.email} has {_some(len(rows), 'board')}, {_some(found.images, 'image')}"
        f" ({found.storage_bytes} bytes) and {_some(found.unfinished_jobs, 'unfinished job')}.",
        err=True,
    )


@click.command(cls=InvokeCommand)
@root_option
@_email
def unlock(root: Path | None, email: str | None) -> None:
    """Forget a user's wrong sign-ins, so that they can try again at once."""
    email = email or ask("--email", "E-mail address")
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        app.users.unlock(this_host(), user.user_id)
    click.echo(f"Unlocked {user.email}.")


@click.command(cls=InvokeCommand)
@root_option
@_email
def reset_second_factor(root: Path | None, email: str | None) -> None:
    """Take the second factor off a user who lost it; a password is enough to sign in then."""
    email = email or ask("--email", "E-mail address")
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        app.second_factor.reset(this_host(), user.user_id)
    click.echo(f"{user.email} signs in without a second factor.")


@click.command(cls=InvokeCommand)
@root_option
@_email
@click.option("--password", help="The new password; others on this machine can read it.")
@_stdin
def recover(
    root: Path | None, email: str | None, password: str | None, password_stdin: bool
) -> None:
    """Let an administrator back in: a new password, active again, all sign-ins ended."""
    typed = _password_given(password, password_stdin=password_stdin)
    email = email or ask("--email", "E-mail address")
    if typed is None:
        typed = _new_password()
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        saved = app.users.recover(this_host(), user.user_id, typed)
    _warn(saved.warnings)
    click.echo(f"{saved.user.email} can sign in with the new password.")
    if saved.user.second_factor:
        click.echo(
            "A code of the second factor is still asked for; `invoke-admin user reset-second-factor`"
            " takes it off.",
            err=True,
        )


@click.command(cls=InvokeCommand)
@root_option
@_email
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
def export(root: Path | None, email: str | None, archive: Path) -> None:
    """Pack everything that a user owns into the ZIP file ARCHIVE, which must not exist yet."""
    email = email or ask("--email", "E-mail address")
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        parts = app.exports.export(this_host(), user.user_id)
        _write_new(archive, parts)
    click.echo(f"Packed everything of {user.email} into {archive}.")


@click.group(cls=InvokeGroup)
def user() -> None:
    """Add, list, change and delete users."""


user.add_command(useradd, "add")
user.add_command(userlist, "list")
user.add_command(usermod, "modify")
user.add_command(userdel, "delete")
user.add_command(invite)
user.add_command(reset_link)
user.add_command(content)
user.add_command(export)
user.add_command(unlock)
user.add_command(reset_second_factor, "reset-second-factor")
user.add_command(recover)


def _password_given(password: str | None, *, password_stdin: bool) -> str | None:
    """Return the password of the options, or None where it must be asked for."""
    if password_stdin:
        if password is not None:
            raise click.UsageError("Give --password or --password-stdin, not both.")
        line = sys.stdin.readline()
        if not line:
            raise click.UsageError("--password-stdin found no line on standard input.")
        return line.rstrip("\r\n")
    if password is not None:
        click.echo(EXPOSED, err=True)
    return password


def _address(text: str) -> str:
    try:
        return checked_email(text)
    except Invalid as error:  # asked again
        raise click.BadParameter(str(error)) from error


def _name(email: str) -> str | None:
    if not has_terminal():
        return None
    return ask("--name", f"Display name (empty: {email})", default="", show_default=False) or None


def _new_password() -> str:
    return ask(
        "--password-stdin",
        "Password",
        hide_input=True,
        confirmation_prompt="Password again",
    )


def _write_new(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that appears when it is whole."""
    if path.exists():
        raise Refusal(f"{path} exists already: name another file.")
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.writelines(parts)
        part.rename(path)
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}.", TROUBLE) from error
    finally:
        part.unlink(missing_ok=True)


def _show_link(issued: IssuedLink, base_url: str | None) -> None:
    until = f"It works once, until {issued.expires_at:%Y-%m-%d %H:%M} UTC."
    if issued.url is None:
        click.echo(f"The server mails a link to {issued.user.email}. {until}")
        return
    click.echo(issued.url)
    click.echo(f"Give this link to {issued.user.email}, and to nobody else. {until}", err=True)
    if base_url is None:
        click.echo(
            "Warning: the link names this machine as the settings do; set base_url to the address that"
            " people type.",
            err=True,
        )


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _warn(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
