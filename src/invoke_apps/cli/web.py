"""`invokeai-web`: the server."""

import errno
import gc
import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click

from invoke_apps.cli._base import InvokeCommand
from invoke_apps.config import ConfigurationWarning, load_settings
from invoke_apps.locks import held
from invoke_apps.logs import start_logging
from invoke_apps.root import make_root, root_trouble
from invoke_apps.settings import Settings
from invoke_core.errors import Unavailable

SLOW_SECONDS = 30  # a client that takes nothing of its answer for so long is gone

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
    root: Path | None,
    host: str | None,
    port: int | None,
    log_level: str | None,
    config: Path | None,
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
    with ExitStack() as opened:
        listener = opened.enter_context(_bound(settings.host, settings.port))
        # Nearly all that a start makes stays: the collector would look through it again and again, which
        # took a quarter of the start's CPU time. `run` lets it go on.
        gc.disable()
        opened.callback(gc.enable)
        # Slow imports come after everything that can refuse at once.
        from invoke_adapters.system.faults import LatestFaults
        from invoke_apps.composition import build
        from invoke_apps.web.server import run

        faults = opened.enter_context(closing(LatestFaults()))
        application = opened.enter_context(build(settings, faults=faults))
        run(application, listener)


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on the address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it: else who stops to read keeps one open for as long as it likes.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SLOW_SECONDS * 1000)
        try:
            listener.bind(address)
            listener.listen(2048)
        except OSError as error:
            raise _cannot_listen(host, port, error) from error
        yield listener


def _cannot_listen(host: str, port: int, error: OSError) -> Unavailable:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} of {host} is taken by another program: stop that one, or choose another port"
            " with --port."
        )
    return Unavailable(
        f"The server cannot listen on {host}, port {port} ({error.strerror}): choose another address"
        " with --host and --port."
    )
