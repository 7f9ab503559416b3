"""At which providers people sign in, at the command line."""

from pathlib import Path

import click

from invoke_apps.cli._accounts import account, email_option
from invoke_apps.cli._base import InvokeCommand, root_option, this_host
from invoke_core.domain.identifiers import IdentityId


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.option("--json", "as_json", is_flag=True, help="Print an array of records.")
def identities(root: Path | None, email: str | None, as_json: bool) -> None:
    """Show at which providers a user signs in."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes._users import IdentityView

    with account(root, email) as (app, user):
        found = app.single_sign_on.identities(this_host(), user.user_id)
    views = [IdentityView.of(identity) for identity in found]
    if as_json:
        print_json(views)
        return
    rows = [(each.identity_id, each.issuer, each.subject, each.created_at) for each in views]
    print_table(["Identity", "Issuer", "Subject", "Since"], rows)


@click.command(cls=InvokeCommand)
@root_option
@email_option
@click.argument("identity_id")
def unlink(root: Path | None, email: str | None, identity_id: str) -> None:
    """Untie IDENTITY_ID from a user; their sign-ins that began at a provider end."""
    with account(root, email) as (app, user):
        app.single_sign_on.unlink(this_host(), user.user_id, IdentityId(identity_id))
    click.echo(f"{user.email} does not sign in there any more.")


COMMANDS = (identities, unlink)
