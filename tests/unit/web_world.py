"""The routes of boards and pictures over a world in memory; the header `X-Who` says who asks."""

from functools import cache
from types import SimpleNamespace
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.testing import TestClient

from invoke_apps.web._call import Call
from invoke_apps.web.credentials import Jar
from invoke_apps.web.errors import HANDLERS
from invoke_apps.web.routes import board_images, boards, image_bin, images
from invoke_core.domain.principals import Principal
from invoke_core.domain.sign_in import Client
from tests.unit.picture_world import World

LIMIT = 1_000_000  # bytes of an upload


def client_of(world: World, people: dict[str, Principal]) -> TestClient[Litestar]:
    """Return a client of the real routes and errors, without sign-in."""

    def authenticate(token: str, _: str | None, **__: object) -> tuple[Principal, None]:
        return people[token], None

    app = _app()
    app.state.application = SimpleNamespace(
        boards=world.boards,
        images=world.images,
        bin=world.bin,
        downloads=world.downloads,
        settings=SimpleNamespace(max_upload_bytes=LIMIT, multiuser=True),
        sign_in=SimpleNamespace(authenticate=authenticate),
    )
    return TestClient(app)


@cache
def _app() -> Litestar:
    """Return the routes, made once: that takes longer than most tests."""

    def provide_call(request: Request[Any, Any, Any], state: State) -> Call:
        return Call(
            app=state.application,
            client=Client(),
            token=request.headers["x-who"],
            in_background=False,
            jar=Jar(secure=False, max_age=60),
            scope_state={},
        )

    return Litestar(
        [boards.router, images.router, image_bin.router, board_images.router],
        dependencies={"call": Provide(provide_call, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        request_max_body_size=1_048_576,
        openapi_config=None,
    )
