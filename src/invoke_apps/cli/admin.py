"""`invoke-admin GROUP COMMAND`: everything that an administrator does on the host."""

import click

from invoke_apps.cli._base import InvokeGroup, LaterCommand
from invoke_apps.cli.assets import assets
from invoke_apps.cli.audit import audit
from invoke_apps.cli.board import board
from invoke_apps.cli.doctor import doctor
from invoke_apps.cli.model import model
from invoke_apps.cli.secret import secret
from invoke_apps.cli.user import user

LATER = {
    "adopt": "taking over of an InvokeAI installation",
    "backup": "backups",
    "config": "commands for the settings",
    "db": "commands for the database",
    "queue": "commands for the queue",
    "status": "report of its state",
}
"""Groups that are named already and not there yet."""


@click.group(cls=InvokeGroup)
def main() -> None:
    """Manage a multi-user server on its host."""


main.add_command(assets)
main.add_command(audit)
main.add_command(board)
main.add_command(doctor)
main.add_command(model)
main.add_command(secret)
main.add_command(user)
for name, feature in LATER.items():
    main.add_command(LaterCommand(name, feature))
