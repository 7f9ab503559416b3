"""What browsers send by themselves is good for what it was made for, and for nothing else."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import pytest

from invoke_apps.composition import build
from invoke_apps.settings import Settings
from invoke_apps.web.credentials import csrf_token
from invoke_core.testing.pictures import a_png
from tests.unit.whole_app import HOST, PASSWORD, filled, open_site

AUTH = "/api/v1/auth"
ME = f"{AUTH}/me"
MEDIA = (
    {
        (method, f"/api/v1/images/i/{{image_name}}/{rendition}")
        for method in ("GET", "HEAD")
        for rendition in ("full", "thumbnail")
    }
    | {
        (method, path)
        for method in ("GET", "HEAD")
        for path in (
            "/api/v1/workflows/i/{workflow_id}/thumbnail",
            "/api/v1/style_presets/i/{style_preset_id}/image",
        )
    }
    | {
        ("GET", "/api/v1/images/bin/i/{image_name}/thumbnail"),
        ("HEAD", "/api/v1/images/bin/i/{image_name}/thumbnail"),
        ("GET", "/api/v1/images/download/{name}"),
    }
)
OPEN = {
    ("GET", f"{AUTH}/status"), ("POST", f"{AUTH}/setup"), ("POST", f"{AUTH}/login"),
    ("POST", f"{AUTH}/invitations/accept"), ("POST", f"{AUTH}/password-reset"),
    ("POST", f"{AUTH}/password-strength"),  # by the token of a link
    ("GET", "/api/v1/app/version"),
    *(("GET", f"{AUTH}/oidc/{{provider}}/{way}") for way in ("login", "callback", "logout")),
    ("POST", f"{AUTH}/oidc/{{provider}}/code"),
    ("GET", "/api/v1/links/{token}"), ("POST", "/api/v1/links/{token}/unlock"),
    ("GET", "/api/v1/links/{token}/images/{image_name}/metadata"),
} | {
    (method, f"/api/v1/links/{{token}}/images/{{image_name}}/{rendition}")
    for method in ("GET", "HEAD")
    for rendition in ("full", "thumbnail")
}  # fmt: skip
ENDLESS = {("GET", "/api/v1/queue/{queue_id}/events")}
SAFE = {"GET", "HEAD"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(tmp_path_factory.mktemp("root")) as site:
        yield site


def set_by(answer):
    """Return the cookies that an answer sets, by name."""
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        (cookie,) = SimpleCookie(line).values()
        found[cookie.key] = cookie
    return found


def values(answer):
    return {name: cookie.value for name, cookie in set_by(answer).items()}


def cookie_login(site, email="person@example.com", **changes):
    answer = site.login(email, session="cookie", **changes)
    assert answer.status_code == 200
    return values(answer)


def csrf(cookies):
    return {"X-CSRF-Token": cookies["invoke_csrf"]}


def upload(site, token):
    answer = site.ask(
        "POST",
        "/api/v1/images/upload?image_category=user",
        token=token,
        files={"file": ("p.png", a_png(1, 1, b"\1\2\3"), "image/png")},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["image_name"]


def test_a_bearer_sign_in_sets_the_media_cookie_alone(site):
    answer = site.login()

    assert answer.json()["token"]
    cookies = set_by(answer)
    assert set(cookies) == {"invoke_media", "invoke_device"}
    media = cookies["invoke_media"]
    assert media["httponly"]
    assert (media["samesite"], media["path"], media["domain"]) == ("lax", "/", "")
    assert media.value != answer.json()["token"]


def test_a_cookie_sign_in_shows_no_token(site):
    answer = site.login(session="cookie")

    assert answer.json()["token"] is None
    cookies = set_by(answer)
    assert set(cookies) == {"invoke_session", "invoke_csrf", "invoke_media", "invoke_device"}
    assert cookies["invoke_session"]["httponly"]
    assert not cookies["invoke_csrf"]["httponly"]
    assert all(cookie["samesite"] == "lax" for cookie in cookies.values())
    assert cookies["invoke_session"].value not in answer.text
    assert site.login(session="both").status_code == 422


def test_on_https_the_cookies_belong_to_the_host_alone(tmp_path):
    with open_site(tmp_path, scheme="https") as site:
        cookies = set_by(site.login(session="cookie"))

        ours = {name for name in cookies if name != "invoke_device"}
        assert ours == {f"__Host-invoke_{name}" for name in ("session", "csrf", "media")}
        for name in ours:
            assert cookies[name]["secure"]
            assert (cookies[name]["path"], cookies[name]["domain"]) == ("/", "")
        assert cookies["invoke_device"]["secure"]
        session = cookies["__Host-invoke_session"].value
        assert site.ask("GET", ME, cookies={"__Host-invoke_session": session}).status_code == 200
        assert site.ask("GET", ME, cookies={"invoke_session": session}).status_code == 401


def test_a_session_cookie_reads_and_with_the_csrf_header_changes(site):
    cookies = cookie_login(site)

    assert site.ask("GET", ME, cookies=cookies).json()["email"] == "person@example.com"
    body = {"display_name": "New name"}
    for headers in (
        {}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": "é".encode()},
        csrf(cookie_login(site)),  # of another sign-in
        {"X-CSRF-Token": cookies["invoke_session"]},
    ):  # fmt: skip
        refused = site.ask("PATCH", ME, cookies=cookies, headers=headers, json=body)
        assert refused.status_code == 403, headers
    assert site.ask("GET", ME, cookies=cookies).json()["display_name"] == "person@example.com"

    changed = site.ask("PATCH", ME, cookies=cookies, headers=csrf(cookies), json=body)

    assert changed.status_code == 200
    assert changed.json()["display_name"] == "New name"


def test_a_csrf_cookie_that_somebody_else_planted_helps_nobody(site):
    cookies = cookie_login(site) | {"invoke_csrf": "planted"}

    refused = site.ask("DELETE", f"{AUTH}/sessions", cookies=cookies, headers=csrf(cookies))

    assert refused.status_code == 403


def test_another_sites_page_changes_nothing_even_with_everything(site):
    cookies = cookie_login(site)
    headers = csrf(cookies) | {"Origin": "https://evil.example"}

    assert site.ask("POST", f"{AUTH}/logout", cookies=cookies, headers=headers).status_code == 403
    assert site.ask("GET", ME, cookies=cookies).status_code == 200


def test_a_cookies_value_is_no_bearer_token_and_a_bearer_token_no_cookie(site):
    cookies = cookie_login(site)
    token = site.login().json()["token"]

    for name in ("invoke_session", "invoke_media", "invoke_csrf", "invoke_device"):
        assert site.ask("GET", ME, token=cookies.get(name, "x")).status_code == 401
    assert site.ask("GET", ME, cookies={"invoke_session": token}).status_code == 401
    assert (
        site.ask("GET", ME, cookies={"invoke_session": cookies["invoke_media"]}).status_code == 401
    )
    name = upload(site, token)
    full = f"/api/v1/images/i/{name}/full"
    for text in (token, cookies["invoke_session"]):
        assert site.ask("GET", full, cookies={"invoke_media": text}).status_code == 401


def test_cookies_alone_change_nothing_anywhere(site):
    cookies = cookie_login(site, "admin@example.com")
    wrong = []
    for method, template in site.routes():
        if method in SAFE or (method, template) in OPEN:
            continue
        for sent, status in (
            (cookies, 403),
            ({"invoke_session": cookies["invoke_session"]}, 403),
            ({"invoke_media": cookies["invoke_media"]}, 401),
            ({"invoke_csrf": cookies["invoke_csrf"]}, 401),
        ):
            answer = site.ask(method, filled(template), cookies=sent, json={})
            if answer.status_code != status:
                wrong.append((method, template, sorted(sent), answer.status_code))
    assert wrong == []


def test_the_media_cookie_opens_media_routes_and_nothing_else(site):
    media = {"invoke_media": cookie_login(site, "admin@example.com")["invoke_media"]}
    wrong = []
    for method, template in site.routes():
        if (method, template) in OPEN:
            continue
        answer = site.ask(method, filled(template), cookies=media)
        expected = 404 if (method, template) in MEDIA else 401
        if answer.status_code != expected:
            wrong.append((method, template, answer.status_code))
    assert wrong == []


def test_the_media_cookie_fetches_what_its_owner_may_see(site):
    signed_in = site.login()
    name = upload(site, signed_in.json()["token"])
    full, thumbnail = (f"/api/v1/images/i/{name}/{r}" for r in ("full", "thumbnail"))
    own = {"invoke_media": values(signed_in)["invoke_media"]}

    fetched = site.ask("GET", full, cookies=own)
    assert fetched.status_code == 200
    assert fetched.headers["cache-control"].startswith("private")
    assert "set-cookie" not in fetched.headers
    assert site.ask("HEAD", thumbnail, cookies=own).status_code == 200
    site.app.users.create(HOST, email="other@example.com", password=PASSWORD)
    others = {"invoke_media": values(site.login("other@example.com"))["invoke_media"]}
    again = {"If-None-Match": fetched.headers["etag"]}
    assert site.ask("GET", full, cookies=others, headers=again).status_code == 404
    assert site.ask("GET", full).status_code == 401


def test_a_media_cookie_is_given_to_whoever_is_signed_in(site):
    token = site.login().json()["token"]

    given = site.ask("POST", f"{AUTH}/media-cookie", token=token)

    assert (given.status_code, given.json()) == (200, {"success": True})
    cookies = values(given)
    assert set(cookies) == {"invoke_media"}
    name = upload(site, token)
    assert site.ask("GET", f"/api/v1/images/i/{name}/full", cookies=cookies).status_code == 200
    assert site.ask("POST", f"{AUTH}/media-cookie").status_code == 401
    body = {"name": "n", "scope": "full"}
    key = site.ask("POST", f"{AUTH}/api-keys", token=token, json=body).json()["key"]
    assert site.ask("POST", f"{AUTH}/media-cookie", token=key).status_code == 403


def test_a_header_counts_before_every_cookie(site):
    cookies = cookie_login(site)

    assert site.ask("GET", ME, token="nonsense", cookies=cookies).status_code == 401
    basic = {"Authorization": "Basic eDp5"}
    assert site.ask("GET", ME, headers=basic, cookies=cookies).status_code == 401
    admin = site.login("admin@example.com").json()["token"]
    assert site.ask("GET", ME, token=admin, cookies=cookies).json()["is_admin"] is True


@pytest.mark.parametrize("by_cookie", [True, False])
def test_a_sign_out_ends_everything_everywhere(site, by_cookie):
    cookies = cookie_login(site)
    if by_cookie:
        sent = {"cookies": cookies, "headers": csrf(cookies)}
    else:
        answer = site.login()
        cookies = {"invoke_media": values(answer)["invoke_media"]}
        sent = {"token": answer.json()["token"]}

    left = site.ask("POST", f"{AUTH}/logout", **sent)

    assert left.json() == {"success": True}
    ended = set_by(left)
    assert set(ended) == {"invoke_session", "invoke_csrf", "invoke_media"}
    assert all(cookie["max-age"] == "0" for cookie in ended.values())
    assert left.headers["clear-site-data"] == '"cache", "storage"'
    alive = []
    for method, template in site.routes():
        if (method, template) in OPEN:
            continue
        for again in (sent, {"cookies": cookies}):
            answer = site.ask(method, filled(template), **again)
            # A body that is missing is found out before the credential is looked at.
            if answer.status_code not in {401, 403, 422}:
                alive.append((method, template, answer.status_code))
    assert alive == []
    assert site.ask("GET", ME, **sent).status_code == 401


def test_renewal_sets_the_cookies_anew(tmp_path):
    with open_site(tmp_path) as site:
        cookies = cookie_login(site)
        site.clock.advance(13 * 3600)

        renewed = site.ask("GET", ME, cookies=cookies)

        assert "x-refreshed-token" not in renewed.headers
        fresh = values(renewed)
        assert set(fresh) == {"invoke_session", "invoke_csrf", "invoke_media"}
        assert fresh["invoke_csrf"] == csrf_token(fresh["invoke_session"])
        site.clock.advance(12 * 3600)
        assert site.ask("GET", ME, cookies=cookies).status_code == 401
        changed = site.ask(
            "PATCH", ME, cookies=fresh, headers=csrf(fresh), json={"display_name": "Later"}
        )
        assert changed.status_code == 200


def test_a_bearer_renewal_sets_the_media_cookie_anew_where_there_is_one(tmp_path):
    with open_site(tmp_path) as site:
        answer = site.login()
        token, media = answer.json()["token"], values(answer)["invoke_media"]
        site.clock.advance(13 * 3600)

        program = site.ask("GET", ME, token=token)
        assert program.headers["x-refreshed-token"]
        assert "set-cookie" not in program.headers
        browser = site.ask("GET", ME, token=token, cookies={"invoke_media": media})
        assert set(values(browser)) == {"invoke_media"}


def test_pictures_and_background_requests_renew_nothing(tmp_path):
    with open_site(tmp_path) as site:
        answer = site.login(session="cookie")
        cookies = values(answer)
        token = site.login().json()["token"]
        name = upload(site, token)
        site.clock.advance(13 * 3600)
        full = f"/api/v1/images/i/{name}/full"

        for sent in (
            {"path": full, "cookies": cookies},
            {"path": full, "cookies": {"invoke_session": cookies["invoke_session"]}},
            {"path": full, "token": token},
            {"path": ME, "cookies": cookies, "headers": {"X-Background": "1"}},
        ):
            answer = site.ask("GET", sent.pop("path"), **sent)
            assert answer.status_code == 200
            assert not {"set-cookie", "x-refreshed-token"} & set(answer.headers)


def test_a_hundred_renewals_side_by_side_leave_one_session(tmp_path):
    with open_site(tmp_path) as site:
        token = site.login().json()["token"]
        site.clock.advance(13 * 3600)
        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda _: site.app.sign_in.authenticate(token, None), range(100)))

        assert all(fresh for _, fresh in found)
        principal, _ = found[0]
        (session,) = site.app.sign_in.list_sessions(principal)
        assert session.session_id == principal.session_id


def test_forty_days_of_renewals_by_cookie_stop_at_the_thirtieth(tmp_path):
    with open_site(tmp_path) as site:
        cookies, days = cookie_login(site), 0.0
        while (answer := site.ask("GET", ME, cookies=cookies)).status_code == 200 and days < 40:
            cookies |= values(answer)
            site.clock.advance(18 * 3600)
            days += 0.75

        assert 29 <= days <= 31
        assert len(site.app.sign_in.list_sessions(_person(site))) == 0


def _person(site):
    token = site.login().json()["token"]
    principal, _ = site.app.sign_in.authenticate(token, None)
    site.app.sign_in.logout(principal)
    return principal


def test_a_new_password_comes_with_new_cookies(tmp_path):
    with open_site(tmp_path) as site:
        cookies = cookie_login(site)
        other = cookie_login(site)
        body = {"current_password": PASSWORD, "new_password": "Another-7-Password"}

        changed = site.ask("PATCH", ME, cookies=cookies, headers=csrf(cookies), json=body)

        assert changed.status_code == 200
        assert "x-refreshed-token" not in changed.headers
        fresh = values(changed)
        assert site.ask("GET", ME, cookies=fresh).status_code == 200
        for old in (cookies, other):
            assert site.ask("GET", ME, cookies=old).status_code == 401
        path = "/api/v1/images/i/unknown/full"
        media = {"invoke_media": fresh["invoke_media"]}
        assert site.ask("GET", path, cookies=media).status_code == 404
        old = {"invoke_media": cookies["invoke_media"]}
        assert site.ask("GET", path, cookies=old).status_code == 401


def test_a_deactivation_ends_cookies_at_the_next_request(tmp_path):
    with open_site(tmp_path) as site:
        cookies = cookie_login(site)
        admin = site.login("admin@example.com").json()["token"]
        user_id = site.ask("GET", ME, cookies=cookies).json()["user_id"]
        path = f"{AUTH}/users/{user_id}"
        assert site.ask("PATCH", path, token=admin, json={"is_active": False}).status_code == 200

        media = {"invoke_media": cookies["invoke_media"]}
        full = "/api/v1/images/i/unknown/full"
        for is_active in (None, True):
            if is_active:
                site.ask("PATCH", path, token=admin, json={"is_active": True})
            assert site.ask("GET", ME, cookies=cookies).status_code == 401
            assert site.ask("GET", full, cookies=media).status_code == 401


def test_single_user_mode_has_no_cookies(tmp_path):
    with open_site(tmp_path, multiuser=False) as site:
        assert site.ask("POST", f"{AUTH}/media-cookie").status_code == 403
        assert site.ask("GET", ME, cookies={"invoke_session": "x"}).json()["user_id"] == "system"


def dumped(path):
    with sqlite3.connect(path) as connection:
        lines = "\n".join(connection.iterdump())
    connection.close()
    return lines


def test_reading_by_cookie_changes_no_row(tmp_path):
    settings = Settings(root=tmp_path / "sql", multiuser=True)
    with build(settings) as real, open_site(tmp_path, database=real.database) as site:
        cookies = cookie_login(site, "admin@example.com")
        site.app.sign_in.flush_seen()
        before = dumped(settings.path(settings.db_path))

        for method, template in site.routes():
            if method in SAFE and (method, template) not in ENDLESS:
                site.ask(method, filled(template), cookies=cookies)

        assert dumped(settings.path(settings.db_path)) == before
