"""The web application on uvicorn, in this process, on a socket that is bound already."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from invoke_apps.application import Application
from invoke_apps.housekeeping import housekeeping, postman
from invoke_apps.settings import Settings, is_loopback
from invoke_apps.supervisor import supervised
from invoke_apps.web.app import create_app
from invoke_apps.web.interface import BUILT, Interface
from invoke_apps.web.protocol import LimitedProtocol
from invoke_core.domain.sign_in import Client

SWITCH_SECONDS = 0.001
STOP_SECONDS = 20  # for requests under way, once a stop is asked for

_log = logging.getLogger("invoke.server")


def run(application: Application, listener: socket.socket) -> None:
    """Answer on the socket until SIGINT or SIGTERM comes, and what was begun has ended."""
    settings = application.settings
    # A thread that works through an upload gives way to the others five times as often as by default.
    sys.setswitchinterval(SWITCH_SECONDS)
    web = create_app(
        application,
        companions=[housekeeping, postman, supervised],
        built=Interface.built_at(BUILT),
    )
    config = uvicorn.Config(
        web,
        http=LimitedProtocol,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="on",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        root_path=settings.root_path,
        ssl_certfile=_optional_path(settings, "ssl_certfile"),
        ssl_keyfile=_optional_path(settings, "ssl_keyfile"),
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(
        config,
        on_start=lambda: announce(application, listener.getsockname()[1]),
        on_stop=web.end_streams,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
    _log.info("The server has stopped.")


class _Server(uvicorn.Server):
    """A server that says when it is ready, and that a signal ends with exit code 0."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_start: Callable[[], None],
        on_stop: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            gc.freeze()  # the collector need never look at what the start made
            gc.enable()
            self._on_start()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals; unlike its parent, do not raise them again at the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            _log.info("Stopping ...")
            self._on_stop()
        super().handle_exit(sig, frame)


def announce(application: Application, port: int) -> None:
    """Say on the console where to go and, while there is no administrator, how to become it."""
    settings = application.settings
    scheme = "https" if settings.ssl_certfile else "http"
    host = "localhost" if is_loopback(settings.host) else settings.host
    url = settings.base_url or f"{scheme}://{host}:{port}{settings.root_path}/"
    _log.info("The server answers at %s (root folder %s)", url, settings.root)
    if not settings.multiuser:
        _log.info(
            "Single-user mode: nobody signs in. `multiuser: true` in invokeai.yaml changes that."
        )
        return
    status = application.sign_in.status(Client(is_loopback=False))
    if status.setup_required:
        _log.info("There is no administrator yet: open %s to see how to become one.", url)
    elif status.recovery:
        _log.warning(
            "jwt_secret_key is gone from the configuration: everybody signs in again, and whoever has the"
            " code below may become an administrator at %s, until one signs in or the key returns.",
            url,
        )
    if status.setup_required or status.recovery:
        # To the console alone: the log file keeps no secret.
        sys.stderr.write(f"Setup code: {application.sign_in.setup_code}\n")


def _optional_path(settings: Settings, key: str) -> str | None:
    value = getattr(settings, key)
    return None if value is None else str(settings.path(value))
