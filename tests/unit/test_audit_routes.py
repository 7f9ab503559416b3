"""The audit log over HTTP, through the whole web application."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from invoke_apps.application import Application
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.app import create_app
from invoke_core.domain.principals import host_principal
from invoke_core.domain.users import User

HOST = host_principal("operator")
PASSWORD = "Shapes4Everyone"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Application]:
    with in_memory(Settings(root=tmp_path, multiuser=True)) as app:
        for name in ("ada", "lee"):
            app.users.create(
                HOST, email=f"{name}@example.com", password=PASSWORD, is_admin=name == "ada"
            )
        yield app


@pytest.fixture
def client(app: Application) -> Iterator[Any]:
    with TestClient(create_app(app), base_url="http://127.0.0.1") as client:
        yield client


def sign_in(client: Any, email: str, **headers: str) -> dict[str, str]:
    body = {"email": email, "password": PASSWORD}
    answer = client.post("/api/v1/auth/login", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.fixture
def ada(client: Any) -> dict[str, str]:
    return sign_in(client, "ada@example.com", **{"X-Request-ID": "sign-in-1"})


def log(client: Any, ada: dict[str, str], **query: Any) -> Any:
    answer = client.get("/api/v1/audit", params=query, headers=ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def user(app: Application, email: str) -> User:
    return app.users.get_by_email(HOST, email)


def test_entries_have_the_form_of_the_interface(
    client: Any, app: Application, ada: dict[str, str]
) -> None:
    page = log(client, ada, limit=1)

    assert set(page) == {"items", "limit", "total", "total_is_lower_bound", "next_cursor"}
    (entry,) = page["items"]
    assert entry.pop("after")["remember_me"] is False
    assert entry.pop("at").endswith("Z")
    assert entry == {
        "entry_id": 3,
        "actor": {
            "user_id": user(app, "ada@example.com").user_id,
            "email": "ada@example.com",
            "address": "testclient",
            "via": "session",
            "operating_system_user": None,
        },
        "action": "sign_in",
        "target": {"kind": "user", "id": user(app, "ada@example.com").user_id},
        "before": None,
        "request_id": "sign-in-1",
    }


def test_the_id_of_the_request_that_changed_something_stands_in_the_entry(
    client: Any, app: Application, ada: dict[str, str]
) -> None:
    lee = user(app, "lee@example.com").user_id
    answer = client.patch(f"/api/v1/auth/users/{lee}", json={"is_admin": True}, headers=ada)
    assert answer.status_code == 200

    (entry,) = log(client, ada, action="user.update")["items"]

    assert entry["request_id"] == answer.headers["X-Request-ID"]
    assert (entry["before"], entry["after"]) == ({"is_admin": False}, {"is_admin": True})


def test_a_failed_sign_in_names_the_typed_address_and_the_request(
    client: Any, ada: dict[str, str]
) -> None:
    body = {"email": "Nobody@example.com", "password": "Wrong1234"}
    answer = client.post("/api/v1/auth/login", json=body)
    assert answer.status_code == 401

    page = log(client, ada, actor="nobody@EXAMPLE.com")

    (entry,) = page["items"]
    assert (entry["action"], entry["actor"]["via"]) == ("sign_in.failed", "anonymous")
    assert entry["request_id"] == answer.headers["X-Request-ID"]
    assert "Wrong1234" not in str(page)


def test_the_log_is_paged_and_filtered(client: Any, app: Application, ada: dict[str, str]) -> None:
    first = log(client, ada, limit=2)
    second = log(client, ada, limit=2, cursor=first["next_cursor"])
    assert [e["entry_id"] for e in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next_cursor"] is None
    assert first["total"] == second["total"] == 3

    lee = user(app, "lee@example.com").user_id
    for query, found in (
        ({"actor": "system"}, [2, 1]),
        ({"actor": "ADA@example.com"}, [3]),
        ({"action": "user"}, [2, 1]),
        ({"action": "user.create", "target": lee}, [2]),
        ({"target": "user"}, [3, 2, 1]),
        ({"since": "2000-01-01T00:00:00Z"}, [3, 2, 1]),
        ({"since": "2999-01-01"}, []),
        ({"until": "2000-01-01T00:00:00"}, []),
        ({"until": "2999-01-01T00:00:00+02:00"}, [3, 2, 1]),
    ):
        assert [e["entry_id"] for e in log(client, ada, **query)["items"]] == found, query


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"cursor": "x"}, {"since": "yesterday"}],
)
def test_what_is_out_of_range_is_422(client: Any, ada: dict[str, str], query: Any) -> None:
    assert client.get("/api/v1/audit", params=query, headers=ada).status_code == 422


def test_verify_says_that_all_is_well(client: Any, ada: dict[str, str]) -> None:
    answer = client.get("/api/v1/audit/verify", headers=ada)

    assert answer.status_code == 200
    found = answer.json()
    assert len(found.pop("head")) == 64
    assert found == {"ok": True, "entries": 3, "first_bad": None, "trouble": None}


@pytest.mark.parametrize("path", ["", "/verify"])
def test_only_administrators_read_it(client: Any, path: str) -> None:
    lee = sign_in(client, "lee@example.com")

    assert client.get(f"/api/v1/audit{path}", headers=lee).status_code == 403
    assert client.get(f"/api/v1/audit{path}").status_code == 401


def test_a_look_over_http_is_written_down(
    client: Any, app: Application, ada: dict[str, str]
) -> None:
    lee = sign_in(client, "lee@example.com")
    board = client.post("/api/v1/boards/?board_name=Mine", headers=lee).json()["board_id"]
    for who in (lee, ada, ada):
        assert client.get(f"/api/v1/boards/{board}", headers=who).status_code == 200

    (entry,) = log(client, ada, action="board.look")["items"]

    assert entry["target"] == {"kind": "board", "id": board}
    assert entry["actor"]["email"] == "ada@example.com"


def test_recovery_shows_in_the_status_and_takes_the_code(tmp_path: Path) -> None:
    key = "q8Zr1-vT0x_uLwN5yD3bK7gH2mC9sE4aJ6fPqRtW"
    for settings, recovering in (
        (Settings(root=tmp_path, multiuser=True, jwt_secret_key=key), False),
        (Settings(root=tmp_path, multiuser=True), True),
    ):
        with in_memory(settings) as app:
            app.users.create(HOST, email="ada@example.com", password=PASSWORD, is_admin=True)
            with TestClient(create_app(app), base_url="http://127.0.0.1") as client:
                status = client.get("/api/v1/auth/status").json()
                assert status["recovery"] is recovering
                assert status["setup_code_required"] is recovering
                assert status["setup_required"] is False
                wanted = {"email": "kim@example.com", "password": PASSWORD}
                refused = client.post("/api/v1/auth/setup", json=wanted)
                assert refused.status_code == (403 if recovering else 400)
                wanted["setup_code"] = app.sign_in.setup_code
                made = client.post("/api/v1/auth/setup", json=wanted)
                assert made.status_code == (200 if recovering else 400)
                assert client.get("/api/v1/auth/status").json()["recovery"] is False
