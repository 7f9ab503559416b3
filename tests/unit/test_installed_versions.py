"""The libraries that we stand on are new enough to lack the faults that we know of, and behave so."""

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import jwt
import pytest

from benchmarks.tokens import encoded, signed
from invoke_adapters.passlib_bcrypt import PasslibBcryptHasher
from invoke_adapters.pillow import PillowImageCodec
from invoke_core.errors import Unsupported

PROJECT = Path(__file__).parents[2]
FLOORS = {
    "litestar": (2, 24),  # CVE-2025-59152, CVE-2026-25479, and the bypass by X-Forwarded-Host
    "pyjwt": (2, 13),  # GHSA-752w-5fwx-jx9f, CVE-2026-48526
    "pillow": (12, 3),  # CVE-2026-40192, CVE-2026-25990, CVE-2026-42311
    "bcrypt": (5, 0),
    "libpass": (1, 9),
}


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


@pytest.mark.parametrize("name", FLOORS)
def test_the_installed_version_is_above_the_floor(name: str) -> None:
    assert numbers(version(name)) >= FLOORS[name]


@pytest.mark.parametrize("name", FLOORS)
def test_the_project_asks_for_it(name: str) -> None:
    document = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    wanted = document["project"]["optional-dependencies"]["server"]
    (line,) = [line for line in wanted if re.match(rf"{name}\b", line)]

    assert numbers(line.removeprefix(name)) >= FLOORS[name]


@pytest.mark.parametrize("length", [0, 1, 31])
def test_pyjwt_signs_with_no_short_key(length: int) -> None:
    strict = jwt.PyJWT(options={"enforce_minimum_key_length": True})

    with pytest.raises(jwt.PyJWTError):
        strict.encode({"sub": "x"}, b"k" * length, algorithm="HS256")


def test_pyjwt_refuses_critical_headers_and_json_keys() -> None:
    key = b"k" * 32
    critical = signed(encoded({"alg": "HS256", "crit": ["x"], "x": 1}), encoded({}), key=key)
    with pytest.raises(jwt.PyJWTError):
        jwt.decode(critical, key, algorithms=["HS256"])

    public = json.dumps({"kty": "RSA", "n": "0" * 300, "e": "AQAB"}).encode()
    forged = signed(encoded({"alg": "HS256"}), encoded({}), key=public)
    with pytest.raises(jwt.PyJWTError):
        jwt.decode(forged, public, algorithms=["HS256"])


def test_hashes_take_any_text() -> None:
    hasher = PasslibBcryptHasher(rounds=4)
    kept = hasher.hash("right")

    for text in ("\ud800", "x" * 10_000, "nul\0inside", ""):
        assert not hasher.verify(text, kept).matches


@pytest.mark.parametrize("content", [b"SIMPLE  =" + b" " * 2880, b"8BPS\0\1" + b"\0" * 40])
def test_pillow_is_not_asked_about_other_formats(content: bytes) -> None:
    with pytest.raises(Unsupported):
        PillowImageCodec(10**6).decode(content)
