import json
import os
import threading

import pytest

from invoke_adapters.pyjwt import configured_ring, stored_ring
from invoke_adapters.system import SystemClock, SystemRandomness
from invoke_core.errors import Unavailable


def ring_of(path):
    return stored_ring(path, SystemClock(), SystemRandomness())


@pytest.mark.parametrize(
    "key",
    [
        "", "x", "x" * 31, "your-secret", "your-secret-key-here",
        "your-very-long-random-secret-key-here", "YOUR_VERY_LONG_RANDOM_SECRET_KEY_HERE",
        "changeme" * 5, "change-this-secret-key-in-production", "secret" * 10, "0" * 64,
        "1234567890" * 4, "abcdefgh" * 4, "-----BEGIN PUBLIC KEY-----MIIBIjANBgkqhkiG",
    ],
)  # fmt: skip
def test_short_sample_and_plain_keys_are_refused_without_being_shown(key):
    with pytest.raises(Unavailable) as caught:
        configured_ring(key)

    said = str(caught.value)
    assert said.startswith("jwt_secret_key ")
    assert "token_urlsafe" in said
    assert not key or len(key) < 12 or key not in said
    assert key not in repr(caught.value) or len(key) < 12


def test_a_random_key_of_32_bytes_is_taken():
    for _ in range(100):
        configured_ring(SystemRandomness().secret()[:32])


def test_a_configured_key_has_an_id_of_its_own_and_is_not_in_the_representation():
    one, two = (SystemRandomness().secret() for _ in range(2))

    assert configured_ring(one) == configured_ring(one)
    assert configured_ring(one).active != configured_ring(two).active
    assert one not in repr(configured_ring(one))


def test_the_key_file_is_made_once_for_us_alone(tmp_path):
    path = tmp_path / "secrets" / "keys.json"

    first = ring_of(path)

    assert ring_of(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(path.parent) == ["keys.json"]


def test_of_many_that_make_the_file_at_once_all_get_the_same_ring(tmp_path):
    path = tmp_path / "keys.json"
    barrier = threading.Barrier(8)
    rings = []

    def make():
        barrier.wait()
        rings.append(ring_of(path))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(rings) == 8
    assert all(ring == rings[0] for ring in rings)
    assert os.listdir(tmp_path) == ["keys.json"]


def test_the_file_may_hold_several_keys(tmp_path):
    path = tmp_path / "keys.json"
    first = ring_of(path)
    document = json.loads(path.read_text())
    document["keys"]["newer"] = {"secret": "n" * 43, "created_at": "2026-01-01T00:00:00+00:00"}
    document["active"] = "newer"
    path.write_text(json.dumps(document))

    ring = ring_of(path)

    assert ring.active == "newer"
    assert set(ring.keys) == {first.active, "newer"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "keys.json"
    ring_of(path)
    path.chmod(mode)

    with pytest.raises(Unavailable, match="chmod 600"):
        ring_of(path)


@pytest.mark.parametrize(
    "content",
    [
        "", "x", "[]", "{}", '{"format": 2, "active": "a", "keys": {"a": {"secret": "s"}}}',
        '{"format": 1, "active": "a", "keys": {"a": {"secret": "short"}}}',
        '{"format": 1, "active": "b", "keys": {"a": {"secret": "' + "s" * 43 + '"}}}',
        '{"format": 1, "active": "a", "keys": []}', '{"format": 1, "active": "a", "keys": {"a": 1}}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(Unavailable, match="damaged"):
        ring_of(path)

    assert path.read_text() == content


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(Unavailable, match=r"keys\.json"):
        ring_of(tmp_path / "file" / "keys.json")
