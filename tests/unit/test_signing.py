"""Controls of tokens and their keys (C10 to C13), with counts that take seconds; see `benchmarks.signing`."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.signing import accepted, key_ids, rotate_and_revoke, spoiled, with_key_id
from invoke_adapters.pyjwt.key_file import KeyFileCodec
from invoke_apps.cli.admin import main as admin
from invoke_core.testing.fakes import FakeRandomness, FixedClock
from invoke_core.testing.tokens import some_claims

_opened: list[str] | None = None  # while a test watches


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _opened is not None and event in {"open", "sqlite3.connect"}:
        _opened.append(str(arguments[0]))


sys.addaudithook(_watch)  # it cannot be taken back, so it watches only when it is told to


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Names of the files that are opened during a test."""
    global _opened  # noqa: PLW0603 - the hook is the interpreter's, and has no other memory
    _opened = []
    yield _opened
    _opened = None


@pytest.fixture
def codec(tmp_path: Path) -> KeyFileCodec:
    return KeyFileCodec(tmp_path / "keys.json", FixedClock(), FakeRandomness())


def test_no_spoiled_token_is_taken(codec: KeyFileCodec) -> None:
    token, rng = codec.issue(some_claims()), random.Random(1)

    assert accepted(codec, iter([token])) == 1
    assert accepted(codec, (spoiled(token, rng) for _ in range(5000))) == 0


def test_no_hostile_key_id_is_taken_or_looked_up(codec: KeyFileCodec, opened: list[str]) -> None:
    token, rng = codec.issue(some_claims()), random.Random(1)
    opened.clear()

    assert accepted(codec, (with_key_id(token, key) for key in key_ids(300, rng))) == 0
    assert opened == []


def test_a_rotation_ends_no_session_and_a_revocation_all(tmp_path: Path) -> None:
    rotation = rotate_and_revoke(tmp_path, 40)

    assert (rotation.begun, rotation.after_rotation, rotation.after_revocation) == (40, 40, 0)


BAD_KEYS = [
    "x", "q8Zr1-vT0x", "q8Zr1-vT0x_uLwN5yD3bK7gH2mC9sE4", "your-secret-key-here",
    "your-very-long-random-secret-key-here", "changeme-changeme-changeme-changeme", "secret" * 8,
    "0" * 64, "abcdefgh" * 6, "AbAbAbAb" * 5, "-----BEGIN PUBLIC KEY-----\\nMIIBIjANBgkqhkiG9w0B",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDV8",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_bad_key_is_refused_in_one_line_that_does_not_show_it(tmp_path: Path, key: str) -> None:
    (tmp_path / "invokeai.yaml").write_text(f'multiuser: true\njwt_secret_key: "{key}"\n')

    refused = CliRunner().invoke(admin, ["secret", "show", "--root", str(tmp_path)])

    assert refused.exit_code == 4
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1
    assert "jwt_secret_key" in refused.stderr
    assert len(key) == 1 or key not in refused.stderr
