"""Accounts at the command line: `invoke-admin user …`, `invoke-useradd` and its sisters."""

from pathlib import Path

import click

from invoke_apps.cli import account_life, identities
from invoke_apps.cli._accounts import (
    account,
    address,
    email_option,
    new_password,
    password_given,
    some,
    stdin_option,
    warn,
)
from invoke_apps.cli._base import (
    InvokeCommand,
    InvokeGroup,
    ask,
    confirm,
    has_terminal,
    opened,
    root_option,
    this_host,
)
from invoke_apps.cli._export import export
from invoke_apps.cli._quota import Quota
from invoke_core.services.users import UserChanges


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.option("--password", "-p", help="The password; others on this machine can read it.")
@stdin_option
@click.option("--name", "-n", help="The display name; the e-mail address if it is left empty.")
@click.option("--admin", "-a", is_flag=True, help="Make the account an administrator.")
@click.option(
    "--must-change-password",
    is_flag=True,
    help="The password is good for one sign-in, to choose another.",
)
def useradd(
    root: Path | None,
    email: str | None,
    password: str | None,
    password_stdin: bool,
    name: str | None,
    admin: bool,
    must_change_password: bool,
) -> None:
    """Add a user. What is not given is asked for."""
    typed = password_given(password, password_stdin=password_stdin)
    asked = email is None or typed is None
    email = email or ask("--email", "E-mail address", value_proc=address)
    if name is None and asked and not password_stdin:
        name = _name(email)
    if typed is None:
        typed = new_password()
    with opened(root) as app:
        saved = app.users.create(
            this_host(),
            email=email,
            password=typed,
            display_name=name,
            is_admin=admin,
            must_change_password=must_change_password,
        )
    warn(saved.warnings)
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
@email_option
@click.option("--name", help="A new display name.")
@click.option("--password", help="A new password; others on this machine can read it.")
@stdin_option
@click.option("--admin/--no-admin", default=None, help="Make it an administrator, or no longer.")
@click.option(
    "--activate/--deactivate", default=None, help="Let the account sign in, or no longer."
)
@click.option(
    "--must-change-password/--no-must-change-password",
    default=None,
    help="Let its owner choose a new password at the next sign-in, or no longer.",
)
@click.option("--new-email", metavar="EMAIL", help="Another e-mail address to sign in with.")
@click.option("--note", help="A note that administrators see.")
@click.option(
    "--storage-quota",
    type=Quota(),
    metavar="BYTES",
    help="What the pictures may take: bytes, such as 20GB; none; or default, as the setting says.",
)
def usermod(
    root: Path | None,
    email: str | None,
    name: str | None,
    password: str | None,
    password_stdin: bool,
    admin: bool | None,
    activate: bool | None,
    must_change_password: bool | None,
    new_email: str | None,
    note: str | None,
    storage_quota: int | None,
) -> None:
    """Change a user. A new password, a demotion and a deactivation end all sign-ins at once."""
    given = (
        name,
        password,
        admin,
        activate,
        must_change_password,
        new_email,
        note,
        storage_quota,
    )
    if not password_stdin and all(value is None for value in given):
        raise click.UsageError(
            "Nothing to change: say what, for example --name, --password-stdin, --admin or --deactivate;"
            " --help lists every option."
        )
    typed = password_given(password, password_stdin=password_stdin)
    changes = UserChanges(
        email=new_email,
        display_name=name,
        password=typed,
        is_admin=admin,
        is_active=activate,
        must_change_password=must_change_password,
        note=note,
        storage_quota_bytes=storage_quota,
    )
    with account(root, email) as (app, user):
        saved = app.users.update(this_host(), user.user_id, changes)
    warn(saved.warnings)
    click.echo(f"Changed {saved.user.email}.")


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
@click.option("--transfer-to", metavar="EMAIL", help="Who gets the boards and images instead.")
def userdel(root: Path | None, email: str | None, force: bool, transfer_to: str | None) -> None:
    """Delete a user with all boards, images and jobs, for good."""
    with account(root, email) as (app, user):
        heir = app.users.get_by_email(this_host(), transfer_to) if transfer_to else None
        if not force:
            found = app.statistics.content(this_host(), user.user_id)
            what = f"{some(len(found.boards), 'board')} and {some(found.images, 'image')}"
            fate = f"{heir.email} gets {what}" if heir else f"{what} go with it"
            confirm(f"This deletes {user.email} ({user.display_name}) for good; {fate}.")
        heir_id = heir.user_id if heir else None
        app.users.delete(this_host(), user.user_id, transfer_to=heir_id)
    click.echo(f"Deleted {user.email}.")


@click.group(cls=InvokeGroup)
def user() -> None:
    """Add, list, change and delete users."""


user.add_command(useradd, "add")
user.add_command(userlist, "list")
user.add_command(usermod, "modify")
user.add_command(userdel, "delete")
for command in (*account_life.COMMANDS, *identities.COMMANDS, export):
    user.add_command(command)


def _name(email: str) -> str | None:
    if not has_terminal():
        return None
    return ask("--name", f"Display name (empty: {email})", default="", show_default=False) or None
