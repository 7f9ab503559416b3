"""Transfers and exports over HTTP."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_board_link_routes import a_board
from tests.unit.whole_app import Site, open_site

TRANSFER = "/api/v1/system/assets/transfer"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path) as site:
        yield site


def test_a_transfer_is_planned_done_listed_and_undone(site: Site) -> None:
    person, admin = site.login().json(), site.login("admin@example.com").json()
    board_id, names = a_board(site, person["token"])
    me, heir = person["user"]["user_id"], admin["user"]["user_id"]
    body = {"from_user_id": me, "to_user_id": heir}
    token = admin["token"]

    plan = site.ask("POST", TRANSFER, token=token, json={**body, "dry_run": True})
    assert plan.status_code == 200
    assert plan.json() == {
        "dry_run": True,
        "from_user_id": me,
        "to_user_id": heir,
        "boards": [{"board_id": board_id, "board_name": "Shapes"}],
        "images": 1,
        "storage_bytes": plan.json()["storage_bytes"],
        "workflows": 0,
        "style_presets": 0,
    }
    done = site.ask("POST", TRANSFER, token=token, json=body).json()
    assert (done["status"], done["boards"], done["images"]) == ("done", 1, 1)
    image = f"/api/v1/images/i/{names[0]}"
    assert site.ask("GET", image, token=token).json()["user_id"] == heir
    assert site.ask("GET", image, token=person["token"]).status_code == 404
    undone = site.ask(
        "POST", f"/api/v1/system/assets/transfers/{done['transfer_id']}/undo", token=token
    )
    assert undone.json()["undoes"] == done["transfer_id"]
    assert site.ask("GET", image, token=person["token"]).json()["user_id"] == me
    page = site.ask("GET", "/api/v1/system/assets/transfers", token=token).json()
    assert page["total"] == 2


def test_people_transfer_nothing(site: Site) -> None:
    person = site.login().json()
    body = {"from_user_id": "system", "to_user_id": person["user"]["user_id"]}

    assert site.ask("POST", TRANSFER, token=person["token"], json=body).status_code == 403
    assert site.ask("POST", TRANSFER, json=body).status_code == 401


def test_an_account_is_sent_as_one_archive(site: Site) -> None:
    person, admin = site.login().json(), site.login("admin@example.com").json()
    _, names = a_board(site, person["token"])
    me = person["user"]["user_id"]
    path = f"/api/v1/auth/users/{me}/export"

    for token in (person["token"], admin["token"]):
        sent = site.ask("GET", path, token=token)
        assert (sent.status_code, sent.headers["content-type"]) == (200, "application/zip")
        assert sent.headers["content-disposition"].startswith("attachment")
        with zipfile.ZipFile(io.BytesIO(sent.content)) as packed:
            assert f"images/{names[0]}" in packed.namelist()
            assert json.loads(packed.read("manifest.json"))["account"]["user_id"] == me

    other = f"/api/v1/auth/users/{admin['user']['user_id']}/export"
    assert site.ask("GET", other, token=person["token"]).status_code == 403
