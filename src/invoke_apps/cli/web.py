"""`invokeai-web`: the server."""

import asyncio
import logging
import os
import signal
import socket
import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from invoke_apps.cli._base import InvokeCommand
from invoke_apps.config import ConfigurationWarning, load_settings
from invoke_apps.locks import held
from invoke_apps.logs import start_logging
from invoke_apps.root import make_root, root_trouble
from invoke_apps.settings import Settings
from invoke_core.errors import Unavailable

STOP_SECONDS = 20  # for requests under way, once a stop is asked for

_log = logging.getLogger("invoke.server")


@click.command(cls=InvokeCommand)
@click.option("--root", type=click.Path(path_type=Path), help="The root folder.")
@click.option("--host", help="The address to listen on; 0.0.0.0 for every one.")
@click.option("--port", type=int, help="The port to listen on; 0 for any free one.")
@click.option("--log-level", help="debug, info, warning, error or critical.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="A settings file in place of ROOT/invokeai.yaml.",
)
def main(
    root: Path | None, host: str | None, port: int | None, log_level: str | None, config: Path | None
) -> None:
    """Run the server until it is told to stop (Ctrl-C, or SIGTERM)."""
    os.umask(0o077)
    options = {"host": host, "port": port, "log_level": log_level}
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ConfigurationWarning)
        settings = load_settings(root, options=options, file=config)
    make_root(settings.root)
    try:
        start_logging(settings)
    except OSError as error:
        raise root_trouble(settings.root, error) from error
    for warning in found:
        _log.warning("%s", warning.message)
    with held(settings.root / "run" / "server.lock", f"a server running on {settings.root}"):
        serve(settings)


def serve(settings: Settings) -> None:
    """Bind, open everything, answer until a signal comes, close everything.

    Raises:
        Unavailable: the address is taken or not this machine's.
    """
    # Slow imports come after everything that can refuse at once.
    import uvicorn

    from invoke_apps.composition import build
    from invoke_apps.housekeeping import housekeeping
    from invoke_apps.supervisor import supervised
    from invoke_apps.web.app import create_app

    with ExitStack() as opened:
        listener = opened.enter_context(_bound(settings))
        application = opened.enter_context(build(settings))
        web = create_app(application, companions=[housekeeping, supervised])
        server = _Server(
            uvicorn.Config(
                web,
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=True,
                lifespan="on",
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=list(settings.trusted_proxies),
                root_path=settings.root_path,
                ssl_certfile=settings.ssl_certfile and settings.path(settings.ssl_certfile),
                ssl_keyfile=settings.ssl_keyfile and str(settings.path(settings.ssl_keyfile)),
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
