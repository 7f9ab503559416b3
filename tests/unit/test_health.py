"""How the server fares, as an administrator sees it."""

import logging
from datetime import timedelta
from unittest import mock

import pytest
from litestar.testing import TestClient

from invoke_adapters.files import FileImageStorage
from invoke_adapters.sql import open_database
from invoke_adapters.system import SystemClock
from invoke_adapters.system.faults import LatestFaults
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.app import create_app
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import Principal, Via, host_principal
from invoke_core.domain.queue import DeviceMemory
from invoke_core.errors import Forbidden
from invoke_core.services.boards import BoardService
from invoke_core.services.health import HealthService
from invoke_core.testing.builders import (
    NOON,
    a_job,
    a_session,
    a_user,
    a_worker,
    an_image,
)
from invoke_core.testing.fakes import FixedClock

PASSWORD = "Shapes4Everyone"
ADMIN = Principal(user_id=UserId("admin"), is_admin=True, via=Via.SESSION)


@pytest.fixture
def faults():
    faults = LatestFaults(kept=3)
    yield faults
    faults.close()


@pytest.fixture
def database(tmp_path):
    with open_database(f"sqlite:///{tmp_path}/invoke.db", run_folder=tmp_path) as database:
        yield database


@pytest.fixture
def health(database, faults, tmp_path):
    storage = FileImageStorage(tmp_path / "images")
    return HealthService(database.reading, database.size_bytes, storage, FixedClock(NOON), faults)


def test_a_server_in_numbers(health, database, tmp_path):
    memory = DeviceMemory(device="cuda:0", total_bytes=80, free_bytes=50)
    with database.writing() as work:
        person, _ = a_user(work), a_user(work, is_active=False)
        a_session(work, person, expires_at=NOON + timedelta(seconds=1))
        a_session(work, person, expires_at=NOON)
        an_image(work, person, size_bytes=70)
        an_image(work, person, size_bytes=30)
        a_job(work, person)
        worker = a_worker(work, memory=(memory,))

    found = health.look(ADMIN)

    assert (found.at, found.users, found.active_users, found.sessions) == (NOON, 2, 1, 1)
    assert (found.images, found.storage_bytes) == (2, 100)
    assert (found.jobs.pending, found.jobs.total, found.is_paused) == (1, 1, False)
    assert list(found.workers) == [worker]
    assert found.disk is not None
    assert 0 < found.disk.free_bytes < found.disk.total_bytes
    assert found.database_bytes >= (tmp_path / "invoke.db").stat().st_size > 0


def test_it_is_for_administrators(health):
    with pytest.raises(Forbidden):
        health.look(Principal(user_id=UserId("u"), is_admin=False, via=Via.SESSION))


def test_the_latest_errors_of_the_log_are_kept_the_newest_first(faults):
    log = logging.getLogger("somewhere")
    log.warning("no error")
    for number in range(5):
        log.error("error %d", number, extra={"error_id": f"id{number}"})

    assert [fault.message for fault in faults.latest()] == ["error 4", "error 3", "error 2"]
    assert (faults.latest()[0].source, faults.latest()[0].error_id) == ("somewhere", "id4")
    assert abs(faults.latest()[0].at - SystemClock().now()) < timedelta(minutes=1)


def test_nobody_listens_once_it_is_closed():
    faults = LatestFaults()
    faults.close()
    logging.getLogger("somewhere").error("unheard")

    assert list(faults.latest()) == []


@pytest.fixture
def client(tmp_path, faults):
    settings = Settings(root=tmp_path, multiuser=True)
    with in_memory(settings, faults=faults) as app:
        app.users.create(
            host_principal("operator"), email="a@example.com", password=PASSWORD, is_admin=True
        )
        web = create_app(app)
        with TestClient(web, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            typed = {"email": "a@example.com", "password": PASSWORD}
            token = client.post("/api/v1/auth/login", json=typed).json()["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client


def test_over_http_it_names_its_parts(client):
    answer = client.get("/api/v1/system/health")

    body = answer.json()
    assert answer.status_code == 200
    assert {part: body[part]["answer"] for part in ("database", "storage")} == {
        "database": "ok",
        "storage": "ok",
    }
    assert (body["users"]["active"], body["users"]["sessions"]) == (1, 1)
    assert body["last_errors"] == []


def test_a_fault_is_found_by_the_id_that_its_answer_named(client):
    with mock.patch.object(BoardService, "list", side_effect=RuntimeError("secret")):
        answer = client.get("/api/v1/boards")

    (fault,) = client.get("/api/v1/system/health").json()["last_errors"]
    assert answer.status_code == 500
    assert fault["error_id"] == answer.json()["error_id"]
    assert "secret" not in str(fault)


def test_whoever_embeds_the_library_keeps_their_log_as_it_is(tmp_path):
    before = list(logging.getLogger().handlers)

    with in_memory(Settings(root=tmp_path)) as app:
        assert logging.getLogger().handlers == before
        assert list(app.health.look(ADMIN).faults) == []
