"""The key file keeps the contract of a recovery; recoveries that are broken on purpose do not."""

import json
from pathlib import Path

import pytest

from invoke_adapters.pyjwt.key_file import KeyFile, KeyFileCodec
from invoke_adapters.pyjwt.recovery import KeyFileRecovery
from invoke_core.errors import Unauthenticated
from invoke_core.testing.fakes import FakeRandomness, FixedClock
from invoke_core.testing.recovery import (
    BROKEN_RECOVERIES,
    Open,
    RecoveryContract,
    opened_in_memory,
)
from invoke_core.testing.signing_keys import MONTH
from invoke_core.testing.suites import fails, test_names
from invoke_core.testing.tokens import some_claims


def opened_in(path: Path, clock: FixedClock | None = None) -> Open:
    randomness = FakeRandomness()
    return lambda key: KeyFileRecovery(path, clock or FixedClock(), randomness, configured=key)


class TestKeyFileRecovery(RecoveryContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Open:
        return opened_in(tmp_path / "secrets" / "keys.json")


class TestSoundRecovery(RecoveryContract):
    @pytest.fixture
    def opened(self) -> Open:
        return opened_in_memory()


def test_every_claim_on_recovery_has_a_fault() -> None:
    assert set(BROKEN_RECOVERIES) == test_names(RecoveryContract)


@pytest.mark.parametrize("name", BROKEN_RECOVERIES)
def test_each_fault_of_recovery_is_noticed(name: str) -> None:
    kind = BROKEN_RECOVERIES[name]

    assert fails(RecoveryContract, name, lambda: {"opened": opened_in_memory(kind)})


def test_what_the_file_signed_before_a_key_was_configured_counts_no_more(tmp_path: Path) -> None:
    path, clock = tmp_path / "keys.json", FixedClock()
    codec = KeyFileCodec(path, clock, FakeRandomness(1))
    before = codec.issue(some_claims())

    opened_in(path)("key").settle()
    opened_in(path)(None).settle()

    with pytest.raises(Unauthenticated):
        codec.read(before)
    assert codec.read(codec.issue(some_claims())) == some_claims()


def test_rotation_and_revocation_leave_the_memory_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    opened_in(path)("key").settle()
    keys = KeyFile(path, FixedClock(), FakeRandomness(1))

    keys.rotate(MONTH)
    keys.revoke(None)

    assert opened_in(path)(None).settle() is True


def test_the_file_tells_since_when_a_key_is_configured_and_not_which(tmp_path: Path) -> None:
    path, clock = tmp_path / "keys.json", FixedClock()
    since = clock.now()
    server = KeyFileRecovery(path, clock, FakeRandomness(), configured="key")
    assert server.configured_since() == since
    server.settle()
    clock.advance(60)

    assert server.configured_since() == since
    other = KeyFileRecovery(path, clock, FakeRandomness(), configured="other")
    assert other.configured_since() == clock.now()
    assert json.loads(path.read_text())["configured"]["key_id"] == "key"
    assert path.stat().st_mode & 0o777 == 0o600
