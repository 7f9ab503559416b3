"""`invoke-worker`: a process that runs jobs, beside the server or on its own."""

import os
import sys
from pathlib import Path

import click

from invoke_apps.cli._base import InvokeCommand
from invoke_apps.config import load_settings, taken_over
from invoke_apps.logs import start_logging
from invoke_apps.root import make_root, root_trouble
from invoke_apps.settings import Settings


@click.command(cls=InvokeCommand)
@click.option("--root", type=click.Path(path_type=Path), help="The root folder.")
@click.option(
    "--devices",
    help="Such as cuda:0,cuda:1; one worker each. A second process on one CPU names cpu:1.",
)
@click.option(
    "--child",
    is_flag=True,
    hidden=True,
    help="Read the settings from standard input, and end when it closes.",
)
def main(root: Path | None, devices: str | None, child: bool) -> None:
    """Run jobs until told to stop (Ctrl-C, or SIGTERM); a job that is being drawn is given back."""
    os.umask(0o077)
    settings = taken_over(sys.stdin.readline()) if child else _settings(root, devices)
    make_root(settings.root)
    try:
        start_logging(settings)
    except OSError as error:
        raise root_trouble(settings.root, error) from error
    # Slow imports come after everything that can refuse at once.
    from invoke_apps.composition import build
    from invoke_apps.worker_host import serve

    with build(settings) as application:
        serve(application, is_child=child)


def _settings(root: Path | None, devices: str | None) -> Settings:
    names = [name.strip() for name in devices.split(",")] if devices else None
    return load_settings(root, options={"devices": names})


if __name__ == "__main__":
    main()
