"""The ASGI application: every route, its errors, and what lives as long as the server."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from importlib.metadata import version

import attrs
from litestar import Litestar, Router
from litestar.concurrency import set_asyncio_executor
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins import PluginProtocol
from litestar.plugins.attrs import AttrsSchemaPlugin
from litestar.plugins.core import MsgspecDIPlugin
from litestar.types import ASGIApp, Receive, Scope, Send

from invoke_apps.application import Application
from invoke_apps.web import board_link_pages, docs, events, interface, link_pages
from invoke_apps.web._call import provide_call
from invoke_apps.web.edge import Edge, own_hosts, own_origins
from invoke_apps.web.errors import HANDLERS
from invoke_apps.web.events import Alarm
from invoke_apps.web.guard import OPEN, guard
from invoke_apps.web.interface import Interface
from invoke_apps.web.rates import RateLimiter
from invoke_apps.web.routes import (
    access,
    account_life,
    api_keys,
    assets,
    audit,
    auth,
    board_images,
    board_links,
    boards,
    client_state,
    image_bin,
    images,
    models,
    oidc,
    queue,
    second_factor,
    style_presets,
    system,
    workflows,
)
from invoke_apps.web.threads import SplitExecutor

Companion = Callable[[Application], AbstractContextManager[object]]


@attrs.frozen
class WebApp:
    """The ASGI application."""

    edge: ASGIApp
    alarm: Alarm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        await self.edge(scope, receive, send)

    def end_streams(self) -> None:
        """End every event stream, so that a server that stops need not wait for them."""
        self.alarm.stop()


def create_app(
    application: Application,
    *,
    companions: Sequence[Companion] = (),
    built: Interface | None = None,
) -> WebApp:
    """Return the web application over an application object, which the caller closes.

    Args:
        application: what answers.
        companions: what is opened when the server starts and closed when it stops, such as the
            supervisor of its worker.
        built: the web interface; None: a page says that it was left out.
    """
    settings = application.settings
    alarm = Alarm()

    @asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        alarm.start()
        application.sign_in.settle_recovery()
        application.queue_care.settle()
        if application.settings.clear_queue_on_startup:
            application.queue_care.clear_pending()
        with ExitStack() as opened:
            application.news.subscribe(alarm.ring)
            opened.callback(application.news.unsubscribe, alarm.ring)
            application.news.start()
            for companion in companions:
                opened.enter_context(companion(application))
            yield
            alarm.stop()

    executor = SplitExecutor()
    set_asyncio_executor(executor)
    documented = [docs.docs, docs.document] if settings.openapi_docs else []
    inner = _Litestar(
        route_handlers=[
            *interface.HANDLERS,
            link_pages.router,
            board_link_pages.router,
            system.router,
            auth.router,
            account_life.router,
            api_keys.router,
            second_factor.router,
            oidc.router,
            audit.router,
            boards.router,
            board_links.router,
            board_links.holders,
            access.router,
            assets.router,
            images.router,
            image_bin.router,
            board_images.router,
            models.router,
            workflows.router,
            style_presets.router,
            client_state.router,
            queue.router,
            Router(path="/api/v1/queue", route_handlers=[events.events], tags=["queue"]),
            *documented,
        ],
        dependencies={"call": Provide(provide_call, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        lifespan=[life],
        middleware=[guard],
        logging_config=None,
        openapi_config=_openapi() if settings.openapi_docs else None,
        request_max_body_size=settings.max_json_bytes,
        state=State(
            {
                "application": application,
                "alarm": alarm,
                "limiter": RateLimiter(application.rates),
                "interface": built,
            }
        ),
    )
    edge = Edge(inner=inner, hosts=own_hosts(settings), origins=own_origins(settings))
    return WebApp(edge, alarm)


class _Litestar(Litestar):
    """Litestar with the plugins that we use.

    Its own choice imports pydantic where that is installed, as it is beside diffusers: a tenth of the
    start, for types that we do not have.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin(), AttrsSchemaPlugin()]


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Invoke multi-user server",
        version=version("invoke-multiuser"),
        description="Image generation for many people on a few GPUs.",
        # Litestar's router also answers every unknown path below its own, so it gets a corner to itself.
        openapi_router=Router("/api/openapi", route_handlers=[], include_in_schema=False, opt=OPEN),
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
            }
        ),
        security=[{"bearer": []}],
    )
