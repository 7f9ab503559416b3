"""A server that cannot start says in one sentence why and what to do, and exits with 4."""

import socket
import sqlite3
from pathlib import Path

import pytest

from tests.e2e.running import (
    PATIENCE,
    first_administrator,
    multiuser_root,
    on_a_small_disk,
    person,
    running,
    start,
)


def refusal(root: Path, *arguments: str, **variables: str) -> str:
    """Start a server that must give up; return its only line."""
    process = start(root, *arguments, **variables)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4, said
    lines = said.strip().splitlines()
    assert len(lines) == 1, said
    return lines[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("multiuser: [true", ["line 1", "YAML"]),
        ("multi_user: true", ["multi_user", "Did you mean `multiuser`?"]),
        ("max_steps: many", ["`max_steps`", "whole number"]),
        ("webhooks: []", ["`webhooks` cannot be set yet"]),
        ("multiuser: true\nauth_enabled: false", ["two names of one setting"]),
        ('multiuser: true\njwt_secret_key: "your-secret-key-here"', ["jwt_secret_key", "sample"]),
        ('multiuser: true\njwt_secret_key: "q8Zr1"', ["jwt_secret_key", "32 bytes"]),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "invokeai.yaml").write_text(text)

    said = refusal(tmp_path)

    for word in words:
        assert word in said
    assert "q8Zr1" not in said


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        said = refusal(tmp_path, "--port", str(port))

    assert f"Port {port}" in said
    assert "--port" in said


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    assert "--host" in refusal(tmp_path, "--host", "192.0.2.1")


def test_a_second_server_on_one_root(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        said = refusal(tmp_path)

    assert f"process {first.process.pid} holds" in said


def test_a_root_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    said = refusal(tmp_path / "file" / "root")

    assert str(tmp_path / "file" / "root") in said
    assert "--root" in said


@pytest.mark.parametrize(
    ("options", "then", "words"),
    [
        ("ro,size=1m", "true", "make it writable"),
        ("size=256k", 'head -c 252k /dev/zero > "$1/big"', "free some space"),
        ("size=1m", 'head -c 900k /dev/zero > "$1/big"', "full"),
    ],
)
def test_a_disk_that_is_read_only_or_full(
    tmp_path: Path, options: str, then: str, words: str
) -> None:
    process = on_a_small_disk(tmp_path / "root", options, then=then)
    _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == 4, said
    assert words in said.strip().splitlines()[-1]
    assert "Traceback" not in said


def test_a_corrupt_database_is_left_as_it_is(tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root")
    (root / "databases").mkdir()
    file = root / "databases" / "invokeai.db"
    file.write_bytes(b"This is no database at all. " * 500)
    before = file.read_bytes()

    said = refusal(root)

    assert str(file) in said
    assert "backup" in said
    assert file.read_bytes() == before


def test_a_database_that_another_program_holds_locked(tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root", db_busy_timeout_seconds=0.2)
    with running(root) as server:
        ada = first_administrator(server)
        database = sqlite3.connect(root / "databases" / "invokeai.db", isolation_level=None)
        database.execute("BEGIN EXCLUSIVE")

        busy = ada.post("/api/v1/boards/", params={"board_name": "Later"})
        readable = ada.get("/api/v1/auth/me")
        database.execute("ROLLBACK")
        database.close()
        again = ada.post("/api/v1/boards/", params={"board_name": "Later"})

        assert busy.status_code == 503
        assert int(busy.headers["Retry-After"]) >= 1
        assert readable.status_code == 200
        assert again.status_code == 201
        assert person(server, "admin@example.com").get("/api/v1/boards/").json()["total"] == 1
