"""What becomes of accounts, at the command line: links, lost factors, sign-ins that are ended, numbers."""

from pathlib import Path

import attrs
import click

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
from invoke_apps.cli._base import InvokeCommand, ask, opened, root_option, this_host
from invoke_core.services.links import IssuedLink


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.option("--name", "-n", help="The display name; the e-mail address without one.")
@click.option("--admin", "-a", is_flag=True, help="Make the account an administrator.")
def invite(root: Path | None, email: str | None, name: str | None, admin: bool) -> None:
    """Add a user who chooses the password by a link, which works once within seven days."""
    email = email or ask("--email", "E-mail address", value_proc=address)
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
@email_option
def reset_link(root: Path | None, email: str | None) -> None:
    """Make a link by which a user chooses a new password, once within a day."""
    with account(root, email) as (app, user):
        issued = app.links.reset_link(this_host(), user.user_id, site=app.settings.site)
        _show_link(issued, app.settings.base_url)


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.option("--json", "as_json", is_flag=True, help="Print a record.")
def content(root: Path | None, email: str | None, as_json: bool) -> None:
    """Show what a deletion of a user would remove, or hand over; nothing changes."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.account_life import ContentView

    with account(root, email) as (app, user):
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
        f"{user.email} has {some(len(rows), 'board')}, {some(found.images, 'image')}"
        f" ({found.storage_bytes} bytes), {some(found.workflows, 'workflow')},"
        f" {some(found.style_presets, 'style preset')}"
        f" and {some(found.unfinished_jobs, 'unfinished job')}.",
        err=True,
    )


@click.command(cls=InvokeCommand)
@root_option
@email_option
def unlock(root: Path | None, email: str | None) -> None:
    """Forget a user's wrong sign-ins, so that they can try again at once."""
    with account(root, email) as (app, user):
        app.users.unlock(this_host(), user.user_id)
    click.echo(f"Unlocked {user.email}.")


@click.command("reset-second-factor", cls=InvokeCommand)
@root_option
@email_option
def reset_second_factor(root: Path | None, email: str | None) -> None:
    """Take the second factor off a user who lost it; a password is enough to sign in then."""
    with account(root, email) as (app, user):
        app.second_factor.reset(this_host(), user.user_id)
    click.echo(f"{user.email} signs in without a second factor.")


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.option("--password", help="The new password; others on this machine can read it.")
@stdin_option
def recover(
    root: Path | None, email: str | None, password: str | None, password_stdin: bool
) -> None:
    """Let an administrator back in: a new password, active again, all sign-ins ended."""
    typed = password_given(password, password_stdin=password_stdin)
    email = email or ask("--email", "E-mail address")
    if typed is None:
        typed = new_password()
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        saved = app.users.recover(this_host(), user.user_id, typed)
    warn(saved.warnings)
    click.echo(f"{saved.user.email} can sign in with the new password.")
    if saved.user.second_factor:
        click.echo(
            "A code of the second factor is still asked for; `invoke-admin user reset-second-factor`"
            " takes it off.",
            err=True,
        )


@click.command("end-sessions", cls=InvokeCommand)
@root_option
@email_option
def end_sessions(root: Path | None, email: str | None) -> None:
    """End every sign-in of a user at once; the password goes on working."""
    with account(root, email) as (app, user):
        app.users.end_sessions(this_host(), user.user_id)
    click.echo(f"{user.email} is signed out everywhere.")


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.option("--json", "as_json", is_flag=True, help="Print a record.")
def statistics(root: Path | None, email: str | None, as_json: bool) -> None:
    """Show a user in numbers: boards, images, jobs, GPU time, sign-ins."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.account_life import StatisticsView

    with account(root, email) as (app, user):
        found = StatisticsView.of(app.statistics.of_user(this_host(), user.user_id))
    if as_json:
        print_json(found)
        return
    numbers = attrs.asdict(found)
    jobs = numbers.pop("jobs")
    rows = [[name.replace("_", " "), value] for name, value in numbers.items()]
    rows += [[f"jobs {name.replace('_', ' ')}", value] for name, value in jobs.items()]
    print_table(["What", user.email], rows)


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


COMMANDS = (
    invite,
    reset_link,
    content,
    statistics,
    end_sessions,
    unlock,
    reset_second_factor,
    recover,
)
