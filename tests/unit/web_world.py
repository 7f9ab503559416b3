"""The routes of boards and pictures over a world in memory; the header `X-Who` says who asks."""

from types import SimpleNamespace
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.testing import TestClient

from invoke_apps.web._call import Call
from invoke_apps.web.errors import HANDLERS
from invoke_apps.web.routes import board_images, boards, images
from invoke_core.domain.principals import Principal
from invoke_core.domain.sign_in import Client
from tests.unit.picture_world import World

LIMIT = 1_000_000  # bytes of an upload


def client_of(world: World, people: dict[str, Principal]) -> TestClient[Litestar]:
    """Return a client of the real routes and errors, without sign-in."""
    application = SimpleNamespace(
        boards=world.boards,
        images=world.images,
        settings=SimpleNamespace(max_upload_bytes=LIMIT, multiuser=True),
    )

    def authenticate(token: str, _: str | None, *, background: bool) -> tuple[Principal, None]:
        return people[token], None

    application.sign_in = SimpleNamespace(authenticate=authenticate)

    def provide_call(request: Request[Any, Any, Any]) -> Call:
        return Call(
            app=application,
            client=Client(),
            token=request.headers["x-who"],
            in_background=False,
            scope_state={},
        )

    app = Litestar(
        [boards.router, images.router, board_images.router],
        dependencies={"call": Provide(provide_call, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        state=State({"application": application}),
        request_max_body_size=1_048_576,
        openapi_config=None,
    )
    return TestClient(app)
