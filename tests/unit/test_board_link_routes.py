"""Links to boards over HTTP, as a browser without an account and a person who shares see them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from invoke_apps.web.edge import shown_path
from tests.unit.picture_world import PNG
from tests.unit.whole_app import Site, open_site

SECRET = "open sesame"  # of a link


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path) as site:
        yield site


@pytest.fixture
def token(site: Site) -> str:
    return str(site.login().json()["token"])


def a_board(site: Site, token: str, pictures: int = 1) -> tuple[str, list[str]]:
    made = site.ask("POST", "/api/v1/boards/?board_name=Shapes", token=token)
    board_id = made.json()["board_id"]
    names = []
    for _ in range(pictures):
        sent = site.ask(
            "POST",
            f"/api/v1/images/upload?image_category=general&board_id={board_id}",
            token=token,
            files={"file": ("a.png", PNG, "image/png")},
        )
        names.append(sent.json()["image_name"])
    return board_id, names


def a_link(site: Site, token: str, board_id: str, **body: Any) -> dict[str, Any]:
    made = site.ask("POST", f"/api/v1/boards/{board_id}/links", token=token, json=body)
    assert made.status_code == 201
    found: dict[str, Any] = made.json()
    return found


def secret_of(link: dict[str, Any]) -> str:
    return str(link["url"]).rpartition("/")[2]


def test_a_link_opens_the_board_and_its_pictures_without_an_account(site: Site, token: str) -> None:
    board_id, names = a_board(site, token, pictures=3)

    link = a_link(site, token, board_id)
    secret = secret_of(link)

    assert set(link) == {"link_id", "url", "expires_at"}
    assert link["expires_at"] == "2026-03-31T12:00:00Z"
    first = site.ask("GET", f"/api/v1/links/{secret}?limit=2")
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    body = first.json()
    assert set(body) == {"board_name", "description", "expires_at", "images", "next_cursor"}
    rest = site.ask("GET", f"/api/v1/links/{secret}?cursor={body['next_cursor']}").json()
    assert rest["next_cursor"] is None
    images = body["images"] + rest["images"]
    assert sorted(image["image_name"] for image in images) == sorted(names)
    for image in images:
        assert set(image) == {"image_name", "width", "height", "image_url", "thumbnail_url"}
        full = site.ask("GET", f"/{image['image_url']}")
        assert (full.status_code, full.headers["content-type"]) == (200, "image/png")
        assert full.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert site.ask("GET", f"/{image['thumbnail_url']}").status_code == 200
        assert site.ask("HEAD", f"/{image['image_url']}").status_code == 200
        # The pictures' own addresses stay closed.
        assert site.ask("GET", f"/api/v1/images/i/{image['image_name']}/full").status_code == 401


def test_a_link_that_is_taken_back_reads_as_one_that_never_was(site: Site, token: str) -> None:
    board_id, names = a_board(site, token)
    link = a_link(site, token, board_id)
    paths = [
        f"/api/v1/links/{secret_of(link)}{rest}"
        for rest in ("", f"/images/{names[0]}/full", f"/images/{names[0]}/thumbnail")
    ]
    assert [site.ask("GET", path).status_code for path in paths] == [200] * 3

    gone = site.ask("DELETE", f"/api/v1/boards/{board_id}/links/{link['link_id']}", token=token)

    assert gone.status_code == 204
    for path in paths:
        answer = site.ask("GET", path)
        unknown = site.ask("GET", path.replace(secret_of(link), "unknown"))
        assert answer.status_code == 404
        assert answer.json() == unknown.json()
        assert secret_of(link) not in answer.text
    assert site.ask("GET", f"/api/v1/boards/{board_id}/links", token=token).json()["total"] == 0


def test_links_are_listed_without_their_secrets(site: Site, token: str) -> None:
    board_id, _ = a_board(site, token)
    link = a_link(site, token, board_id, password=SECRET, metadata=True)

    page = site.ask("GET", f"/api/v1/boards/{board_id}/links", token=token)

    assert page.json()["items"] == [
        {
            "link_id": link["link_id"],
            "created_by": site.login().json()["user"]["user_id"],
            "created_at": "2026-03-01T12:00:00Z",
            "expires_at": link["expires_at"],
            "has_password": True,
            "metadata": True,
            "works": True,
        }
    ]
    assert secret_of(link) not in page.text


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_password_leaves_a_cookie_that_opens_this_link_alone(tmp_path: Path, scheme: str) -> None:
    with open_site(tmp_path, scheme=scheme) as site:
        token = str(site.login().json()["token"])
        board_id, names = a_board(site, token)
        locked = a_link(site, token, board_id, password=SECRET)
        other = a_link(site, token, board_id, password=SECRET)
        path = f"/api/v1/links/{secret_of(locked)}"
        picture = f"{path}/images/{names[0]}/full"

        for asked in (path, picture):
            refused = site.ask("GET", asked)
            assert refused.status_code == 401
            assert refused.json()["type"].endswith("link-password-required")
        assert site.ask("POST", f"{path}/unlock", json={"password": "no"}).status_code == 401
        opened = site.ask("POST", f"{path}/unlock", json={"password": SECRET})

        assert (opened.status_code, opened.json()) == (200, {"success": True})
        (set_cookie,) = opened.headers.get_list("set-cookie")
        name, _, value = set_cookie.partition(";")[0].partition("=")
        prefix = "__Host-" if scheme == "https" else ""
        assert name == f"{prefix}invoke_link_{locked['link_id']}"
        assert "httponly" in set_cookie.lower()
        assert ("secure" in set_cookie.lower()) == (scheme == "https")
        cookies = {name: value}
        assert site.ask("GET", path, cookies=cookies).status_code == 200
        assert site.ask("GET", picture, cookies=cookies).status_code == 200
        elsewhere = f"/api/v1/links/{secret_of(other)}"
        forged = {f"{prefix}invoke_link_{other['link_id']}": value}
        assert site.ask("GET", elsewhere, cookies=cookies).status_code == 401
        assert site.ask("GET", elsewhere, cookies=forged).status_code == 401
        assert site.ask("GET", "/api/v1/boards/", cookies=cookies).status_code == 401


def test_an_ended_link_is_404_though_it_was_unlocked(site: Site, token: str) -> None:
    board_id, _ = a_board(site, token)
    link = a_link(site, token, board_id, password=SECRET, expires_at="2026-03-02T12:00:00Z")
    path = f"/api/v1/links/{secret_of(link)}"
    opened = site.ask("POST", f"{path}/unlock", json={"password": SECRET})
    cookies = {c.name: c.value for c in opened.cookies.jar}

    site.clock.advance(86_400)

    assert site.ask("GET", path, cookies=cookies).status_code == 404
    assert site.ask("POST", f"{path}/unlock", json={"password": SECRET}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"expires_at": "2026-02-01T00:00:00Z"},
        {"expires_at": "soon"},
        {"password": ""},
        {"metadata": "yes"},
        {"board_id": "other"},
    ],
)
def test_a_wrong_wish_is_422(site: Site, token: str, body: dict[str, Any]) -> None:
    board_id, _ = a_board(site, token, pictures=0)

    answer = site.ask("POST", f"/api/v1/boards/{board_id}/links", token=token, json=body)

    assert answer.status_code == 422


def test_a_foreign_cursor_is_422(site: Site, token: str) -> None:
    board_id, _ = a_board(site, token, pictures=0)
    link = a_link(site, token, board_id)

    assert site.ask("GET", f"/api/v1/links/{secret_of(link)}?cursor=x").status_code == 422


def test_the_page_of_a_link_shows_the_board_after_its_password(site: Site, token: str) -> None:
    board_id, names = a_board(site, token)
    link = a_link(site, token, board_id, password=SECRET)
    path = f"/links/{secret_of(link)}"
    accept = {"accept": "text/html"}

    asked = site.ask("GET", path, headers=accept)
    wrong = site.ask("POST", path, data={"password": "no"}, follow_redirects=False)
    right = site.ask("POST", path, data={"password": SECRET}, follow_redirects=False)

    assert "<form method=post>" in asked.text
    assert names[0] not in asked.text
    assert wrong.status_code == 401
    assert "not the password" in wrong.text
    assert (right.status_code, right.headers["location"]) == (303, path)
    cookies = {c.name: c.value for c in right.cookies.jar}
    shown = site.ask("GET", path, headers=accept, cookies=cookies)
    assert names[0] in shown.text
    assert "<script" not in shown.text
    assert "img-src 'self'" in shown.headers["content-security-policy"]
    assert site.ask("GET", "/links/unknown", headers=accept).status_code == 404


def test_the_log_never_keeps_the_token() -> None:
    for path in ("/links/abc", "/api/v1/links/abc", "/api/v1/links/abc/images/a.png/full"):
        assert "abc" not in shown_path(path)


def test_a_board_changes_hands(site: Site, token: str) -> None:
    board_id, _ = a_board(site, token, pictures=0)
    admin = site.login("admin@example.com").json()
    heir = admin["user"]["user_id"]

    given = site.ask(
        "POST", f"/api/v1/boards/{board_id}/transfer", token=token, json={"user_id": heir}
    )

    assert given.status_code == 200
    assert (given.json()["user_id"], given.json()["permission"]) == (heir, "admin")
    again = site.ask(
        "POST", f"/api/v1/boards/{board_id}/transfer", token=token, json={"user_id": heir}
    )
    assert again.status_code == 403


def test_access_is_reported_with_its_reasons(site: Site, token: str) -> None:
    board_id, _ = a_board(site, token, pictures=0)
    admin = site.login("admin@example.com").json()
    me = site.login().json()["user"]["user_id"]

    of_board = site.ask("GET", f"/api/v1/boards/{board_id}/access", token=admin["token"]).json()
    of_person = site.ask("GET", f"/api/v1/auth/users/{me}/access", token=admin["token"]).json()
    of_other = site.ask("GET", f"/api/v1/auth/users/{admin['user']['user_id']}/access", token=token)

    assert [(p["email"], p["reasons"][0]["source"]) for p in of_board["people"]] == [
        ("admin@example.com", "administrator"),
        ("person@example.com", "owner"),
    ]
    assert of_board["everybody"] is None
    owner = {"source": "owner", "permission": "owner", "granted_by": None, "since": None}
    assert of_person["boards"] == [
        {
            "board_id": board_id,
            "board_name": "Shapes",
            "owner_id": me,
            "archived": False,
            "permission": "owner",
            "reasons": [owner],
        }
    ]
    assert of_other.status_code == 403
