from types import SimpleNamespace

import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.testing import TestClient

from invoke_apps.settings import Settings
from invoke_apps.web._call import provide_call
from invoke_apps.web.errors import HANDLERS
from invoke_apps.web.guard import guard
from invoke_apps.web.routes import auth
from invoke_core.domain.passwords import PasswordPolicy
from tests.unit.accounts import CODE, PASSWORD, open_accounts
from tests.unit.whole_app import UNLIMITED

USER = {
    "user_id", "email", "display_name", "is_admin", "is_active", "must_change_password",
        "second_factor",
    "created_at", "updated_at", "last_login_at",
}  # fmt: skip


class Remote:
    """The routes over HTTP, on services in memory; tokens are taken from the answers."""

    def __init__(self, client, accounts):
        self.client = client
        self.accounts = accounts

    def call(self, method, path, token=None, **changes):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.request(method, f"/api/v1/auth{path}", headers=headers, **changes)

    def ok(self, *arguments, status=200, **changes):
        answer = self.call(*arguments, **changes)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def refused(self, status, *arguments, **changes):
        answer = self.call(*arguments, **changes)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        problem = answer.json()
        assert problem["status"] == status
        assert problem["detail"]
        return problem

    def token(self, email, password=PASSWORD):
        return self.ok("POST", "/login", json={"email": email, "password": password})["token"]


@pytest.fixture
def open_remote(tmp_path):
    clients = []

    def open_(multiuser=True, **changes):
        accounts = open_accounts(multiuser=multiuser, **changes)
        application = SimpleNamespace(
            users=accounts.users,
            sign_in=accounts.sign_in,
            single_sign_on=accounts.single_sign_on,
            settings=Settings(root=tmp_path, multiuser=multiuser),
        )
        app = Litestar(
            [auth.router],
            dependencies={"call": Provide(provide_call, sync_to_thread=False)},
            exception_handlers=HANDLERS,
            middleware=[guard],
            state=State({"application": application, "limiter": UNLIMITED}),
        )
        client = TestClient(app, base_url="http://127.0.0.1")
        clients.append(client)
        client.__enter__()
        return Remote(client, accounts)

    yield open_
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def remote(open_remote):
    return open_remote()


@pytest.fixture
def admin(remote):
    remote.accounts.administrator()
    return remote.token("admin@example.com")


def test_setup_and_sign_in_from_nothing(remote):
    assert remote.ok("GET", "/status") == {
        "setup_required": True,
        "recovery": False,
        "setup_code_required": True,  # the test client is no loopback address
        "multiuser_enabled": True,
        "strict_password_checking": True,
        "oidc_providers": [],
        "admin_email": None,
    }
    wanted = {"email": "admin@example.com", "display_name": "Admin", "password": PASSWORD}
    remote.refused(403, "POST", "/setup", json=wanted)

    made = remote.ok("POST", "/setup", json=wanted | {"setup_code": CODE})

    assert made["success"] is True
    assert set(made["user"]) == USER
    assert made["user"]["is_admin"] is True
    assert made["user"]["created_at"].endswith("Z")
    assert remote.ok("GET", "/status")["setup_required"] is False
    again = remote.refused(400, "POST", "/setup", json=wanted | {"setup_code": CODE})
    assert again["detail"] == "Administrator account already configured"

    signed_in = remote.ok(
        "POST", "/login", json={"email": "ADMIN@example.com", "password": PASSWORD}
    )
    assert set(signed_in) == {"token", "user", "expires_in"}
    assert signed_in["expires_in"] == 86400
    assert set(remote.ok("GET", "/me", signed_in["token"])) == USER


def test_wrong_sign_ins_are_401_and_alike(remote, admin):
    unknown = remote.refused(401, "POST", "/login", json={"email": "x@y.z", "password": "x"})
    wrong = remote.refused(
        401, "POST", "/login", json={"email": "admin@example.com", "password": "x"}
    )

    assert unknown == wrong
    assert wrong["detail"] == "Incorrect email or password"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"email": "a@b.c"}, {"email": 1, "password": "x"}, {"email": "a@b.c", "password": None},
        {"email": "a@b.c", "password": "x", "is_admin": True}, [],
    ],
)  # fmt: skip
def test_missing_mistyped_and_unknown_fields_are_422(remote, body):
    assert remote.refused(422, "POST", "/login", json=body)["errors"]


def test_a_body_that_is_no_json_is_400(remote):
    answer = remote.client.post(
        "/api/v1/auth/login", content="{", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


def test_everything_else_needs_a_token_that_counts(remote, admin):
    for method, path in (
        ("GET", "/me"), ("PATCH", "/me"), ("POST", "/logout"), ("GET", "/sessions"),
        ("DELETE", "/sessions"), ("DELETE", "/sessions/x"), ("GET", "/users"), ("POST", "/users"),
        ("GET", "/users/x"), ("PATCH", "/users/x"), ("DELETE", "/users/x"),
        ("GET", "/directory?search=ad"), ("GET", "/generate-password"),
    ):  # fmt: skip
        for token in (None, "x", admin + "x"):
            body = {"email": "x@example.com", "password": PASSWORD} if method == "POST" else {}
            remote.refused(401, method, path, token, json=body)
    assert remote.call("GET", "/me").headers["www-authenticate"] == "Bearer"


def test_a_sign_out_is_final(remote, admin):
    assert remote.ok("POST", "/logout", admin) == {"success": True}

    remote.refused(401, "GET", "/me", admin)


def test_administrators_manage_accounts(remote, admin):
    made = remote.ok(
        "POST",
        "/users",
        admin,
        json={"email": "new@example.com", "password": PASSWORD, "display_name": "New"},
        status=201,
    )
    path = f"/users/{made['user_id']}"

    assert set(made) == USER | {
        "note",
        "locked_until",
        "second_factor",
        "storage_quota_bytes",
        "storage_bytes",
    }
    assert remote.ok("GET", path, admin) == made
    changed = remote.ok("PATCH", path, admin, json={"note": "n", "display_name": "Newer"})
    assert (changed["note"], changed["display_name"]) == ("n", "Newer")
    token = remote.token("new@example.com")
    assert "note" not in remote.ok("GET", "/me", token)
    remote.ok("PATCH", path, admin, json={"is_active": False})
    remote.refused(401, "GET", "/me", token)
    disabled = remote.refused(
        403, "POST", "/login", json={"email": "new@example.com", "password": PASSWORD}
    )
    assert disabled["type"].endswith("account-disabled")
    remote.ok("DELETE", path, admin, status=204)
    remote.refused(404, "GET", path, admin)
    remote.refused(404, "DELETE", path, admin)


def test_refusals_have_their_status(remote, admin):
    me = remote.ok("GET", "/me", admin)["user_id"]
    other = {"email": "other@example.com", "password": PASSWORD}
    remote.ok("POST", "/users", admin, json=other, status=201)

    remote.refused(409, "POST", "/users", admin, json=other)
    weak = remote.refused(400, "POST", "/users", admin, json=other | {"password": "weak"})
    assert weak["type"].endswith("weak-password")
    remote.refused(422, "POST", "/users", admin, json=other | {"email": "x"})
    remote.refused(422, "PATCH", f"/users/{me}", admin, json={"is_admin": None})
    remote.refused(422, "PATCH", f"/users/{me}", admin, json={"epoch": 7})
    last = remote.refused(400, "PATCH", f"/users/{me}", admin, json={"is_admin": False})
    assert last["type"].endswith("last-administrator")
    remote.refused(400, "DELETE", f"/users/{me}", admin)
    remote.refused(400, "PATCH", "/users/system", admin, json={"is_active": True})
    assert remote.ok("GET", "/users/system", admin)["user_id"] == "system"


def test_people_do_not_manage_accounts(remote, admin):
    remote.accounts.person()
    token = remote.token("person@example.com")
    me = remote.ok("GET", "/me", token)["user_id"]

    remote.refused(403, "GET", "/users", token)
    remote.refused(403, "GET", "/users/unknown", token)
    remote.refused(403, "PATCH", f"/users/{me}", token, json={"is_admin": True})
    remote.refused(403, "DELETE", f"/users/{me}", token)


def test_the_list_of_accounts_is_bare_or_a_page(remote, admin):
    for number in range(3):
        remote.accounts.person(f"p{number}@example.com")

    everybody = remote.ok("GET", "/users", admin)
    page = remote.ok("GET", "/users?offset=1&limit=2", admin)

    assert [user["email"][:2] for user in everybody] == ["ad", "p0", "p1", "p2"]
    rest = remote.ok("GET", f"/users?limit=2&cursor={page.pop('next_cursor')}", admin)
    assert page == {"items": everybody[1:3], "offset": 1, "limit": 2, "total": 4}
    last = {"items": everybody[3:], "offset": 0, "limit": 2, "total": 4, "next_cursor": None}
    assert rest == last
    assert len(remote.ok("GET", "/users?is_admin=false", admin)) == 3
    assert len(remote.ok("GET", "/users?search=P1", admin)) == 1
    remote.refused(422, "GET", "/users?is_admin=x", admin)
    for bad in ("limit=0", "limit=1001", "limit=a", "offset=-1", "offset=10001", "cursor=x"):
        remote.refused(422, "GET", f"/users?{bad}", admin)


def test_ones_own_password_changes_with_a_fresh_token(remote, admin):
    other = remote.token("admin@example.com")
    answer = remote.call(
        "PATCH", "/me", admin, json={"current_password": PASSWORD, "new_password": "Other1234"}
    )

    assert answer.status_code == 200
    remote.refused(401, "GET", "/me", admin)
    remote.refused(401, "GET", "/me", other)
    assert remote.token("admin@example.com", "Other1234")
    fresh = remote.accounts.login("admin@example.com", "Other1234").token
    wrong = {"current_password": "x", "new_password": "Third1234"}
    remote.refused(400, "PATCH", "/me", fresh, json=wrong)
    remote.refused(422, "PATCH", "/me", fresh, json={"new_password": "Third1234"})


def test_a_password_that_must_be_changed_blocks_the_rest(remote, admin):
    remote.accounts.person(must_change_password=True)
    token = remote.token("person@example.com")

    assert remote.ok("GET", "/me", token)["must_change_password"] is True
    refused = remote.refused(403, "GET", "/sessions", token)
    assert refused["type"].endswith("password-change-required")
    remote.ok("POST", "/logout", token)


def test_sessions_are_listed_and_ended(remote, admin):
    other = remote.token("admin@example.com")

    page = remote.ok("GET", "/sessions", admin)
    listed = page["items"]
    assert (page["offset"], page["limit"], page["total"]) == (0, 50, 2)
    assert remote.ok("GET", "/sessions?offset=1&limit=1", admin)["items"] == listed[1:]
    assert [set(session) for session in listed] == [
        {
            "session_id",
            "created_at",
            "last_seen_at",
            "expires_at",
            "address",
            "user_agent",
            "current",
        }
    ] * 2
    assert [session["current"] for session in listed].count(True) == 1
    ended = next(session for session in listed if not session["current"])["session_id"]
    remote.ok("DELETE", f"/sessions/{ended}", admin, status=204)
    remote.refused(401, "GET", "/me", other)
    remote.refused(404, "DELETE", f"/sessions/{ended}", admin)
    another = remote.token("admin@example.com")
    remote.ok("DELETE", "/sessions", admin, status=204)
    remote.refused(401, "GET", "/me", another)
    remote.ok("GET", "/me", admin)


def test_the_directory_shows_names_alone(remote, admin):
    remote.accounts.person(display_name="Ada")
    token = remote.token("person@example.com")

    page = remote.ok("GET", "/directory?search=ad", token)
    assert page["total"] == len(page["items"]) == 2  # Ada, and admin@example.com by its name
    assert set(page["items"][0]) == {"user_id", "display_name"}
    remote.refused(422, "GET", "/directory?search=a", token)
    remote.refused(422, "GET", "/directory", token)


def test_a_generated_password_is_good(remote, admin):
    password = remote.ok("GET", "/generate-password", admin)["password"]

    new = {"email": "new@example.com", "password": password}
    remote.ok("POST", "/users", admin, json=new, status=201)


def test_a_weak_password_that_is_let_pass_is_told(open_remote):
    remote = open_remote(policy=PasswordPolicy(strict=False))

    answer = remote.call(
        "POST",
        "/setup",
        json={"email": "admin@example.com", "password": "weak", "setup_code": CODE},
    )

    assert answer.status_code == 200
    assert "digit" in answer.headers["x-password-warning"]


def test_single_user_mode_asks_nobody(open_remote):
    remote = open_remote(multiuser=False)

    assert remote.ok("GET", "/status")["multiuser_enabled"] is False
    assert remote.ok("GET", "/me")["user_id"] == "system"
    assert remote.ok("GET", "/users") == []
    remote.refused(403, "POST", "/login", json={"email": "a@b.c", "password": "x"})
    wanted = {"email": "a@b.c", "password": PASSWORD, "setup_code": CODE}
    remote.refused(403, "POST", "/setup", json=wanted)


def test_too_many_wrong_sign_ins_wait_unless_the_browser_is_known(remote, admin):
    login = {"email": "admin@example.com", "password": PASSWORD}
    remote.client.cookies.clear()
    answer = remote.call("POST", "/login", json=login)
    (cookie,) = (c for c in answer.headers.get_list("set-cookie") if c.startswith("invoke_device="))
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/api/v1/auth"))
    device = cookie.partition("=")[2].partition(";")[0]
    remote.client.cookies.clear()

    for _ in range(10):
        remote.refused(401, "POST", "/login", json={**login, "password": "wrong"})
        remote.client.cookies.clear()
    waiting = remote.call("POST", "/login", json=login)
    assert waiting.status_code == 429
    assert int(waiting.headers["Retry-After"]) == 15
    known = remote.client.post(
        "/api/v1/auth/login", json=login, headers={"Cookie": f"invoke_device={device}"}
    )
    assert known.status_code == 200
    assert "invoke_device" not in known.headers["set-cookie"]

    user_id = remote.ok("GET", "/me", known.json()["token"])["user_id"]
    remote.ok("POST", f"/users/{user_id}/unlock", known.json()["token"], status=204)
    remote.ok("POST", "/login", json=login)


def test_a_forwarding_header_of_a_stranger_changes_nothing(remote, admin):
    remote.client.cookies.clear()
    statuses = [
        remote.client.post(
            "/api/v1/auth/login",
            json={"email": "admin@example.com", "password": "wrong"},
            headers={"X-Forwarded-For": f"198.51.100.{number % 250}", "Forwarded": "for=10.0.0.1"},
        ).status_code
        for number in range(500)
    ]

    assert statuses == [401] * 10 + [429] * 490


def test_only_administrators_unlock(remote, admin):
    user = remote.ok(
        "POST", "/users", admin, status=201, json={"email": "u@example.com", "password": PASSWORD}
    )
    token = remote.token("u@example.com")

    remote.refused(403, "POST", f"/users/{user['user_id']}/unlock", token)
    remote.refused(404, "POST", "/users/unknown/unlock", admin)
