"""`invoke-admin GROUP COMMAND`: everything that an administrator does on the host."""

import click

from invoke_apps.cli._base import InvokeGroup
from invoke_apps.cli.model import model
from invoke_apps.cli.user import user


@click.group(cls=InvokeGroup)
def main() -> None:
    """Manage a multi-user server on its host."""


main.add_command(model)
main.add_command(user)
