"""The key file keeps the contract of a ring of keys; rings that are broken on purpose do not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_adapters.pyjwt import key_file
from invoke_adapters.pyjwt.key_file import ConfiguredKey, KeyFile, KeyFileCodec
from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.tokens import Claims
from invoke_core.errors import NotFound, RuleViolation, Unauthenticated
from invoke_core.testing.fakes import FakeRandomness, FixedClock
from invoke_core.testing.signing_keys import MONTH, SigningKeysContract
from invoke_core.testing.suites import failing_tests


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def keys(tmp_path: Path, clock: FixedClock) -> KeyFile:
    return KeyFile(tmp_path / "keys.json", clock, FakeRandomness())


class TestKeyFile(SigningKeysContract):
    pass


class Broken(KeyFile):
    """Does everything right."""


class NeverForgets(Broken):
    def rotate(self, keep_for: timedelta) -> Any:
        return super().rotate(timedelta(days=1000))


class ForgetsAtOnce(Broken):
    def rotate(self, keep_for: timedelta) -> Any:
        return super().rotate(timedelta(0))


class ListsBackwards(Broken):
    def list(self) -> Any:
        return super().list()[::-1]


class RevokesNothing(Broken):
    def revoke(self, key_ids: Any) -> Any:
        return [key for key in self.list() if key_ids is None or key.key_id in key_ids]


class RevokesWhatItKnows(Broken):
    def revoke(self, key_ids: Any) -> Any:
        known = {key.key_id for key in self.list()}
        return super().revoke(None if key_ids is None else [k for k in key_ids if k in known])


class RevokesAll(Broken):
    def revoke(self, key_ids: Any) -> Any:
        return super().revoke(None)


class CreatedNever(Broken):
    def list(self) -> Any:
        return [attrs.evolve(k, created_at=k.created_at - MONTH) for k in super().list()]


BROKEN = [
    NeverForgets,
    ForgetsAtOnce,
    ListsBackwards,
    RevokesNothing,
    RevokesWhatItKnows,
    RevokesAll,
    CreatedNever,
]


@pytest.mark.parametrize("kind", [Broken, *BROKEN])
def test_only_a_right_ring_passes(kind: type[KeyFile], tmp_path: Path) -> None:
    count = iter(range(100))

    def provide() -> dict[str, Any]:
        clock = FixedClock()
        path = tmp_path / f"{next(count)}" / "keys.json"
        return {"clock": clock, "keys": kind(path, clock, FakeRandomness())}

    failing = failing_tests(SigningKeysContract, provide)

    assert bool(failing) == (kind is not Broken)


def claims(clock: FixedClock) -> Claims:
    return Claims(
        user_id=UserId("user"),
        session_id=SessionId("session"),
        email="person@example.com",
        is_admin=False,
        epoch=0,
        issued_at=clock.now(),
        expires_at=clock.now() + MONTH,
    )


def test_a_codec_follows_the_file(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "keys.json"
    codec, other = (KeyFileCodec(path, clock, FakeRandomness(seed)) for seed in (1, 2))
    keys = KeyFile(path, clock, FakeRandomness(3))
    (first,) = keys.list()
    old = codec.issue(claims(clock))
    assert other.read(old) == claims(clock)

    keys.rotate(MONTH)
    new = codec.issue(claims(clock))
    assert other.read(old) == other.read(new) == claims(clock)

    keys.revoke([first.key_id])
    assert codec.read(new) == claims(clock)
    for each in (codec, other):
        with pytest.raises(Unauthenticated):
            each.read(old)


def test_a_change_while_the_file_is_being_read_is_seen_at_the_next_look(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.json"
    keys = KeyFile(path, clock, FakeRandomness(3))
    keys.list()
    reading = key_file.stored_ring

    def revoked_meanwhile(*arguments: Any) -> Any:
        ring = reading(*arguments)
        monkeypatch.setattr(key_file, "stored_ring", reading)
        keys.revoke(None)
        return ring

    monkeypatch.setattr(key_file, "stored_ring", revoked_meanwhile)
    codec = KeyFileCodec(path, clock, FakeRandomness(1))

    other = KeyFileCodec(path, clock, FakeRandomness(2))
    assert other.read(codec.issue(claims(clock))) == claims(clock)


def test_a_file_stays_readable_by_us_alone(tmp_path: Path, clock: FixedClock) -> None:
    keys = KeyFile(tmp_path / "keys.json", clock, FakeRandomness())

    keys.rotate(MONTH)

    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_a_configured_key_is_changed_in_the_configuration(clock: FixedClock) -> None:
    keys = ConfiguredKey("id", clock.now())
    (key,) = keys.list()
    assert (key.key_id, key.created_at) == ("id", clock.now())
    assert key.is_active
    assert key.is_configured

    for refused in (lambda: keys.rotate(MONTH), lambda: keys.revoke(None)):
        with pytest.raises(RuleViolation, match="jwt_secret_key"):
            refused()


def test_an_unknown_key_is_named(keys: KeyFile) -> None:
    with pytest.raises(NotFound, match="signing key 'x'"):
        keys.revoke(["x"])
