"""Invitations, reset links, statistics and sessions over HTTP, and the pages that links lead to."""

import html
import logging
import re

import pytest
from litestar.testing import TestClient

from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.app import create_app
from tests.unit.accounts import HOST, Post

PASSWORD, NEW = "Steering-Wheel-77", "Another-Pass-9"
STATISTICS = {
    "boards", "images", "workflows", "storage_bytes", "jobs", "gpu_seconds", "last_login_at",
    "active_sessions",
}  # fmt: skip


class Site:
    """A whole server in memory; `root` administers it."""

    def __init__(self, app, client):
        self.app, self.client = app, client

    def call(self, method, path, who=None, **changes):
        headers = {"Authorization": f"Bearer {self.token(who)}"} if who else {}
        headers |= changes.pop("headers", {})
        return self.client.request(method, path, headers=headers, **changes)

    def api(self, method, path, who=None, status=200, **changes):
        answer = self.call(method, f"/api/v1/auth{path}", who, **changes)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def token(self, who, password=PASSWORD):
        return self.api(
            "POST", "/login", json={"email": f"{who}@example.com", "password": password}
        )["token"]

    def user_id(self, who):
        return self.app.users.get_by_email(HOST, f"{who}@example.com").user_id


@pytest.fixture
def open_site(tmp_path):
    opened = []

    def open_(*, mailer=None, **settings):
        app = in_memory(Settings(root=tmp_path, multiuser=True, **settings), mailer=mailer)
        for who, is_admin in (("root", True), ("ada", False)):
            app.users.create(HOST, email=f"{who}@example.com", password=PASSWORD, is_admin=is_admin)
        client = TestClient(create_app(app), base_url="http://127.0.0.1:9090")
        opened.extend([app, client])
        client.__enter__()
        return Site(app, client)

    yield open_
    for each in reversed(opened):
        each.__exit__(None, None, None)


@pytest.fixture
def site(open_site):
    return open_site()


def test_an_invitation_over_http(site):
    body = {"email": "new@example.com", "display_name": "New"}

    made = site.api("POST", "/users", "root", 201, json=body)

    assert re.fullmatch(r"http://127\.0\.0\.1:9090/invitation/[\w-]{43}", made["invitation_url"])
    assert made["invitation_expires_at"].endswith("Z")
    accepted = {
        "token": made["invitation_url"].rpartition("/")[2],
        "password": NEW,
        "display_name": "Newer",
    }
    answer = site.api("POST", "/invitations/accept", json=accepted)
    assert answer["success"]
    assert (answer["user"]["display_name"], "note" in answer["user"]) == ("Newer", False)
    assert site.token("new", NEW)
    problem = site.api("POST", "/invitations/accept", None, 400, json=accepted)
    assert "used already" in problem["detail"]
    site.api("POST", "/users", "root", 409, json=body)


def test_a_reset_over_http(site):
    path = f"/users/{site.user_id('ada')}/reset-link"
    before = site.token("ada")

    made = site.api("POST", path, "root", 201)

    assert set(made) == {"reset_url", "expires_at"}
    body = {"token": made["reset_url"].rpartition("/")[2], "new_password": "weak"}
    site.api("POST", "/password-reset", None, 400, json=body)
    site.api("POST", "/password-reset", json=body | {"new_password": NEW})
    gone = site.call("GET", "/api/v1/auth/me", headers={"Authorization": f"Bearer {before}"})
    assert gone.status_code == 401
    assert site.token("ada", NEW)
    site.api("POST", "/password-reset", None, 400, json=body | {"new_password": NEW})


@pytest.mark.parametrize("token", ["", "x", "../../etc/passwd", "\u0000", "é" * 5000])
def test_no_other_text_is_a_token(site, token):
    site.api("POST", "/password-reset", None, 400, json={"token": token, "new_password": NEW})
    site.api("POST", "/invitations/accept", None, 400, json={"token": token, "password": NEW})


def test_with_mail_links_are_sent_and_not_shown(open_site):
    post = Post()
    site = open_site(mailer=post, base_url="https://invoke.example.com")

    def api(method, path, **changes):
        headers = {"Host": "invoke.example.com"}
        return site.api(method, path, "root", 201, headers=headers, **changes)

    made = api("POST", "/users", json={"email": "new@example.com"})
    reset = api("POST", f"/users/{site.user_id('ada')}/reset-link")

    assert made["invitation_url"] is None
    assert reset["reset_url"] is None
    assert site.app.mail.deliver() == 2
    assert "https://invoke.example.com/invitation/" in post.sent[0].text
    assert "https://invoke.example.com/password-reset/" in post.sent[1].text


def test_numbers_and_previews_over_http(site):
    path = f"/users/{site.user_id('ada')}"

    for who in ("root", "ada"):
        numbers = site.api("GET", f"{path}/statistics", who)
        assert set(numbers) == STATISTICS
        assert set(numbers["jobs"]) == {
            "pending", "in_progress", "completed", "failed", "canceled",
        }  # fmt: skip
    site.api("GET", f"/users/{site.user_id('root')}/statistics", "ada", 403)
    site.api("GET", "/users/nobody/statistics", "root", 404)
    content = site.api("GET", f"{path}/content", "root")
    assert content == {
        "boards": [], "images": 0, "workflows": 0, "style_presets": 0, "storage_bytes": 0,
        "unfinished_jobs": 0,
    }  # fmt: skip
    site.api("GET", f"{path}/content", "ada", 403)


def test_an_administrator_ends_the_sign_ins_of_others_over_http(site):
    token = site.token("ada")
    path = f"/users/{site.user_id('ada')}/sessions"

    site.api("DELETE", path, "root", 204)

    gone = site.call("GET", "/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert gone.status_code == 401
    site.api("DELETE", path, "ada", 403)
    site.api("DELETE", "/users/nobody/sessions", "root", 404)
    site.api("DELETE", "/users/system/sessions", "root", 400)


def test_unused_accounts_over_http(site):
    assert site.api("GET", "/users?unused_days=1", "root") == []
    site.api("GET", "/users?unused_days=-1", "root", 422)


def test_only_administrators_hand_out_links(site):
    site.api("POST", "/users", "ada", 403, json={"email": "x@example.com"})
    site.api("POST", f"/users/{site.user_id('ada')}/reset-link", "ada", 403)
    site.api("POST", f"/users/{site.user_id('ada')}/reset-link", None, 401)


# The pages


def page_of(site, url):
    answer = site.client.get(url, headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    # A browser tells where a form comes from only if it may tell this server where it was.
    has_form = "<form" in answer.text
    assert answer.headers["referrer-policy"] == ("same-origin" if has_form else "no-referrer")
    assert answer.headers["cache-control"] == "no-store"
    return answer, policy


def test_the_page_of_an_invitation_takes_a_password(site):
    body = {"email": "new@example.com", "display_name": "<b>New"}
    url = site.api("POST", "/users", "root", 201, json=body)["invitation_url"]
    for _ in range(2):  # opening it changes nothing
        answer, policy = page_of(site, url)
        assert answer.status_code == 200
        assert "form-action 'self'" in policy
        assert html.escape("<b>New") in answer.text
        assert "<b>New" not in answer.text

    typed = {"password": NEW, "again": NEW, "display_name": "Newer", "username": "new@example.com"}
    differ = site.client.post(url, data=typed | {"again": "x"})
    assert (differ.status_code, "differ" in differ.text) == (400, True)
    weak = site.client.post(url, data=typed | {"password": "x", "again": "x"})
    assert (weak.status_code, "at least 8" in weak.text) == (400, True)
    done = site.client.post(url, data=typed)

    assert (done.status_code, "Your password is set" in done.text) == (200, True)
    assert site.token("new", NEW)
    again = site.client.post(url, data=typed, headers={"Accept": "text/html"})
    assert (again.status_code, "used already" in again.text) == (400, True)


def test_the_page_of_a_reset_takes_a_password(site):
    url = site.api("POST", f"/users/{site.user_id('ada')}/reset-link", "root", 201)["reset_url"]
    answer, _ = page_of(site, url)
    assert "display_name" not in answer.text

    assert site.client.post(url, data={"password": NEW, "again": NEW}).status_code == 200
    assert site.token("ada", NEW)


def test_a_page_of_a_wrong_link_says_so(site):
    answer, policy = page_of(site, "/invitation/wrong")

    assert (answer.status_code, "does not work" in answer.text) == (400, True)
    assert "form-action 'none'" in policy


def test_another_sites_page_sends_no_form(site):
    url = site.api("POST", f"/users/{site.user_id('ada')}/reset-link", "root", 201)["reset_url"]

    answer = site.client.post(
        url, data={"password": NEW, "again": NEW}, headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403


def test_no_token_comes_into_the_log(site, caplog):
    caplog.set_level(logging.DEBUG)
    url = site.api("POST", f"/users/{site.user_id('ada')}/reset-link", "root", 201)["reset_url"]
    token = url.rpartition("/")[2]

    site.client.get(url)
    site.client.post(url, data={"password": "weak", "again": "weak"})
    site.client.get(f"/invitation/{token}/x")
    site.api("POST", "/password-reset", None, 400, json={"token": token, "new_password": "weak"})

    ours = [r for r in caplog.records if r.name.startswith("invoke")]
    assert len(ours) >= 4
    assert all(token not in str(vars(record)) for record in ours)
