"""Every route asks a key for its scope; what may be done by key is written here by hand."""

import pytest

from invoke_apps.web.scopes import NEEDED
from invoke_core.domain.principals import Scope
from tests.unit.whole_app import PASSWORD, filled, open_site

KEYS = "/api/v1/auth/api-keys"
QUEUE = "/api/v1/queue/{queue_id}"
CREDENTIALS_BY_KEY = {
    ("GET", "/api/v1/auth/me"), ("GET", "/api/v1/auth/generate-password"),
    ("GET", "/api/v1/auth/directory"), ("GET", "/api/v1/auth/users"),
    ("GET", "/api/v1/auth/users/{user_id}"),
    ("GET", "/api/v1/auth/users/{user_id}/statistics"),
    ("GET", "/api/v1/auth/users/{user_id}/content"),
    ("GET", "/api/v1/auth/users/{user_id}/access"), ("GET", "/api/v1/auth/users/{user_id}/export"),
    ("PATCH", "/api/v1/auth/users/{user_id}"), ("DELETE", "/api/v1/auth/users/{user_id}"),
}  # fmt: skip
POSTS_THAT_READ = {
    ("POST", "/api/v1/images/images_by_names"), ("POST", f"{QUEUE}/items_by_ids"),
    ("POST", f"{QUEUE}/item_summaries_by_ids"), ("POST", "/api/v1/images/download"),
}  # fmt: skip
GENERATING = {
    ("POST", "/api/v1/images/upload"), ("POST", f"{QUEUE}/enqueue_batch"),
    ("PUT", f"{QUEUE}/i/{{item_id}}/cancel"), ("DELETE", f"{QUEUE}/i/{{item_id}}"),
    ("PUT", f"{QUEUE}/cancel_by_batch_ids"), ("PUT", f"{QUEUE}/cancel_by_destination"),
    ("PUT", f"{QUEUE}/cancel_all_except_current"), ("PUT", f"{QUEUE}/clear"),
    ("PUT", f"{QUEUE}/prune"), ("PUT", f"{QUEUE}/retry_items_by_id"),
}  # fmt: skip
OPEN = {
    ("GET", "/api/v1/auth/status"), ("POST", "/api/v1/auth/setup"), ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/invitations/accept"), ("POST", "/api/v1/auth/password-reset"),
    ("GET", "/api/v1/app/version"),
    ("GET", "/api/v1/links/{token}"), ("POST", "/api/v1/links/{token}/unlock"),
    ("GET", "/api/v1/links/{token}/images/{image_name}/full"),
    ("HEAD", "/api/v1/links/{token}/images/{image_name}/full"),
    ("GET", "/api/v1/links/{token}/images/{image_name}/thumbnail"),
    ("HEAD", "/api/v1/links/{token}/images/{image_name}/thumbnail"),
    ("GET", "/api/v1/links/{token}/images/{image_name}/metadata"),
    ("GET", "/api/v1/auth/oidc/{provider}/login"),
    ("GET", "/api/v1/auth/oidc/{provider}/callback"),
    ("GET", "/api/v1/auth/oidc/{provider}/logout"),
    ("POST", "/api/v1/auth/oidc/{provider}/code"),
}  # fmt: skip
ENDLESS = {("GET", f"{QUEUE}/events")}


def may(scope, method, template):
    if template.startswith("/api/v1/auth") and (method, template) not in CREDENTIALS_BY_KEY:
        return False
    if method in {"GET", "HEAD"} or (method, template) in POSTS_THAT_READ:
        return True
    return scope is Scope.FULL or (scope is Scope.GENERATE and (method, template) in GENERATING)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(tmp_path_factory.mktemp("root")) as site:
        yield site


def key_of(site, email, scope):
    token = site.login(email).json()["token"]
    answer = site.ask("POST", KEYS, token=token, json={"name": "n", "scope": scope})
    assert answer.status_code == 201, answer.text
    return answer.json()["key"]


@pytest.mark.parametrize("scope", list(Scope))
def test_each_scope_does_exactly_what_it_may(site, scope):
    key = key_of(site, "person@example.com", scope)
    wrong = []
    for method, template in site.routes():
        if (method, template) in OPEN | ENDLESS:
            continue
        answer = site.ask(method, filled(template), token=key, json={})
        told = "" if method == "HEAD" or answer.status_code < 400 else answer.json()["detail"]
        refused = answer.status_code == 403 and "API key" in told
        # A body that is no good is found out before the scope: that tells nothing and does nothing.
        undecided = answer.status_code in {400, 422} and not may(scope, method, template)
        if answer.status_code == 401 or (refused == may(scope, method, template) and not undecided):
            wrong.append((method, template, answer.status_code, told))
    assert wrong == []


def test_every_route_that_is_named_exists(site):
    assert set(NEEDED) <= set(site.routes())
    assert set(NEEDED) == CREDENTIALS_BY_KEY | POSTS_THAT_READ | GENERATING


def test_keys_are_made_listed_and_removed(site):
    token = site.login("admin@example.com").json()["token"]
    wanted = {"name": "Script", "scope": "read", "expires_at": "2026-03-02T12:00:00Z"}

    made = site.ask("POST", KEYS, token=token, json=wanted)

    assert made.status_code == 201
    body = made.json()
    assert set(body) == {"key_id", "name", "scope", "created_at", "expires_at", "key"}
    assert body["key"].startswith("ivk_")
    assert body["expires_at"] == wanted["expires_at"]
    listed = site.ask("GET", KEYS, token=token)
    assert body["key"] not in listed.text
    assert listed.json()["items"] == [{k: v for k, v in body.items() if k != "key"}]
    assert (listed.json()["offset"], listed.json()["limit"], listed.json()["total"]) == (0, 50, 1)
    me = site.ask("GET", "/api/v1/auth/me", token=body["key"])
    assert me.json()["email"] == "admin@example.com"
    assert "x-refreshed-token" not in me.headers
    path = f"{KEYS}/{body['key_id']}"
    assert site.ask("DELETE", path, token=body["key"]).status_code == 403
    assert site.ask("DELETE", path, token=token).status_code == 204
    assert site.ask("GET", "/api/v1/auth/me", token=body["key"]).status_code == 401
    assert site.ask("DELETE", path, token=token).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": "n"}, {"name": "n", "scope": "all"}, {"name": "", "scope": "read"},
        {"name": "n", "scope": "read", "expires_at": "soon"},
        {"name": "n", "scope": "read", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "n", "scope": "read", "key": "ivk_mine"},
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_is_422(site, body):
    token = site.login("admin@example.com").json()["token"]

    assert site.ask("POST", KEYS, token=token, json=body).status_code == 422


def test_an_administrators_key_for_generating_stops_nobody_elses_jobs(site):
    person = key_of(site, "person@example.com", Scope.GENERATE)
    admin = {s: key_of(site, "admin@example.com", s) for s in (Scope.GENERATE, Scope.FULL)}
    batch = {"batch": {"generation": {"model": "demo-shapes", "prompt": "a red circle"}}}
    queued = site.ask(
        "POST", "/api/v1/queue/default/enqueue_batch", token=person, json=batch
    ).json()
    cancel = f"/api/v1/queue/default/i/{queued['item_ids'][0]}/cancel"

    assert site.ask("PUT", cancel, token=admin[Scope.GENERATE]).status_code == 403
    assert site.ask("PUT", cancel, token=admin[Scope.FULL]).status_code == 200


def test_a_key_in_the_address_or_in_a_cookie_is_none(site):
    key = key_of(site, "person@example.com", Scope.FULL)

    assert site.ask("GET", f"/api/v1/auth/me?token={key}&key={key}").status_code == 401
    for name in ("invoke_session", "invoke_media", "invoke_device"):
        assert site.ask("GET", "/api/v1/auth/me", cookies={name: key}).status_code == 401


def test_an_administrators_full_key_sets_no_password(site):
    key = key_of(site, "admin@example.com", Scope.FULL)
    users = site.ask("GET", "/api/v1/auth/users", token=key).json()
    person = next(user for user in users if not user["is_admin"])
    path = f"/api/v1/auth/users/{person['user_id']}"

    assert site.ask("PATCH", path, token=key, json={"password": PASSWORD}).status_code == 403
    assert site.ask("PATCH", path, token=key, json={"note": "n"}).status_code == 200
