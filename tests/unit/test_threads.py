"""Which threads requests run in: readers, writers and hashers never wait for each other's."""

import threading
from types import SimpleNamespace

import pytest
from litestar import Litestar, get, post
from litestar.concurrency import get_asyncio_executor, set_asyncio_executor
from litestar.datastructures import State
from litestar.testing import TestClient

from invoke_apps.web.guard import SLOW, UPLOADS, guard
from invoke_apps.web.threads import SplitExecutor
from tests.unit.whole_app import UNLIMITED


@get("/", sync_to_thread=True)
def read() -> str:
    return threading.current_thread().name


@post("/", sync_to_thread=True)
def write() -> str:
    return threading.current_thread().name


@post("/slow", sync_to_thread=True, opt=SLOW)
def write_slowly() -> str:
    return threading.current_thread().name


@post("/pictures", sync_to_thread=True, opt=UPLOADS)
def write_pictures() -> str:
    return threading.current_thread().name


@pytest.mark.parametrize(
    ("method", "path", "pool"),
    [
        ("GET", "/", "web-reading"),
        ("POST", "/", "web-writing"),
        ("POST", "/slow", "web-slow"),
        ("POST", "/pictures", "web-uploading"),
    ],
)
def test_a_handler_runs_in_the_pool_of_its_kind(method: str, path: str, pool: str) -> None:
    before = get_asyncio_executor()
    executor = SplitExecutor()
    set_asyncio_executor(executor)
    settings = SimpleNamespace(multiuser=False)
    state = State({"application": SimpleNamespace(settings=settings), "limiter": UNLIMITED})
    app = Litestar(
        [read, write, write_slowly, write_pictures],
        middleware=[guard],
        state=state,
        openapi_config=None,
    )
    try:
        with TestClient(app) as client:
            assert client.request(method, path).text.startswith(pool)
    finally:
        set_asyncio_executor(before)
        executor.shutdown()
