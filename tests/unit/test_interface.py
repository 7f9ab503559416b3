"""The built interface as the server hands it out: its page, its files, and what it leaves to others."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.app import create_app
from invoke_apps.web.interface import Interface
from tests.unit.accounts import QuickHasher

INDEX = (
    '<html><meta content="__NONCE__"><base href="__BASE__"><script src="assets/app-1.js"></script>'
)
SCRIPT = b"console.log('hello')"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build leaves."""
    built = tmp_path / "ui_dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(INDEX)
    (built / "favicon.svg").write_text("<svg/>")
    (built / "assets" / "app-1.js").write_bytes(SCRIPT)
    (built / "assets" / "app-1.js.br").write_bytes(b"brotli")
    (built / "assets" / "app-1.js.gz").write_bytes(b"gzip")
    (built / "assets" / "plain-2.css").write_bytes(b"a{}")
    return built


def opened(
    tmp_path: Path, built: Interface | None, root_path: str = ""
) -> Iterator[TestClient[Any]]:
    settings = Settings(root=tmp_path / "root", multiuser=True)
    with (
        in_memory(settings, hasher=QuickHasher()) as application,
        TestClient(
            create_app(application, built=built), base_url="http://127.0.0.1", root_path=root_path
        ) as client,
    ):
        yield client


@pytest.fixture
def client(tmp_path: Path, folder: Path) -> Iterator[TestClient[Any]]:
    yield from opened(tmp_path, Interface.built_at(folder))


def test_every_page_has_a_nonce_of_its_own_and_a_strict_policy(client: TestClient[Any]) -> None:
    nonces = set()
    for _ in range(3):
        answer = client.get("/")
        policy = answer.headers["Content-Security-Policy"]
        nonce = re.findall(r'<meta content="([^"]+)">', answer.text)[0]
        assert f"'nonce-{nonce}'" in policy
        assert "unsafe-inline" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        nonces.add(nonce)
    assert len(nonces) == 3


@pytest.mark.parametrize(
    "path", ["/gallery", "/admin/people", "/no/such/place", "/gallery?board=x.y"]
)
def test_an_unknown_path_shows_the_interface(client: TestClient[Any], path: str) -> None:
    answer = client.get(path, headers=BROWSER)

    assert answer.status_code == 200
    assert "assets/app-1.js" in answer.text
    assert "nonce-" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1/nothing", "/assets/app-2.js", "/robots.txt", "/gallery/x.png"]
)
def test_what_does_not_exist_is_no_place_of_the_interface(
    client: TestClient[Any], path: str
) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_only_reading_shows_the_interface(client: TestClient[Any]) -> None:
    assert client.post("/gallery").status_code == 404
    assert client.delete("/no/such/place").status_code == 404


@pytest.mark.parametrize("path", ["/", "/gallery", "/assets/app-1.js", "/favicon.svg"])
def test_a_head_request_has_the_headers_alone(client: TestClient[Any], path: str) -> None:
    answer = client.head(path, headers={"Accept-Encoding": "identity"})

    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["Content-Length"]) > 0


def test_what_has_a_route_is_not_shadowed(client: TestClient[Any]) -> None:
    assert client.get("/openapi.json").json()["openapi"].startswith("3.")
    assert "assets/app-1.js" not in client.get("/docs").text
    assert client.get("/api/v1/auth/status").json()["setup_required"] is True


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzip"),
        ("identity", None, SCRIPT),
        ("", None, SCRIPT),
    ],
)
def test_files_are_packed_as_the_client_takes_them(
    folder: Path, accepted: str, encoding: str | None, content: bytes
) -> None:
    # Not over HTTP: a client unpacks what it is told is packed.
    built = Interface.built_at(folder)
    assert built is not None
    answer = built.file("app-1.js", accepted, cached="public")

    assert answer.content == content
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.media_type == "text/javascript"


def test_files_are_kept_for_ever_and_the_icon_for_a_day(client: TestClient[Any]) -> None:
    assert "immutable" in client.get("/assets/plain-2.css").headers["Cache-Control"]
    assert client.get("/favicon.svg").headers["Cache-Control"] == "public, max-age=86400"
    assert client.get("/assets/app-1.js.gz").status_code == 404


def test_below_a_path_of_a_proxy_the_page_names_it(tmp_path: Path, folder: Path) -> None:
    built = Interface.built_at(folder)
    for client in opened(tmp_path, built, "/studio"):
        for path in ("/studio/", "/studio/gallery"):
            assert '<base href="/studio/">' in client.get(path).text


def test_without_a_build_the_server_says_so(tmp_path: Path) -> None:
    assert Interface.built_at(tmp_path / "nothing") is None
    for client in opened(tmp_path, None):
        assert "administrator" in client.get("/").text
        assert client.get("/gallery").status_code == 404
        assert client.get("/assets/app-1.js").status_code == 404
        assert client.get("/favicon.svg").status_code == 404
