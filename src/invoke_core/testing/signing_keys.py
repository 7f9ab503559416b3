"""What every ring of signing keys does."""

from datetime import timedelta

import pytest

from invoke_core.errors import NotFound
from invoke_core.ports.signing_keys import SigningKeys
from invoke_core.testing.fakes import FixedClock

MONTH = timedelta(days=30)


class SigningKeysContract:
    """A subclass provides the fixtures `keys`, new, and `clock`, which they read."""

    def test_a_new_ring_has_one_active_key(self, keys: SigningKeys, clock: FixedClock) -> None:
        (key,) = keys.list()

        assert key.is_active
        assert key.created_at == clock.now()

    def test_a_rotation_retires_the_active_key_and_keeps_it(
        self, keys: SigningKeys, clock: FixedClock
    ) -> None:
        (before,) = keys.list()
        clock.advance(60)

        key = keys.rotate(MONTH)

        active, retired = keys.list()
        assert active == key
        assert active.is_active
        assert (retired.key_id, retired.retired_at) == (before.key_id, clock.now())

    def test_keys_come_with_the_active_one_first_then_those_retired_last(
        self, keys: SigningKeys, clock: FixedClock
    ) -> None:
        made = [keys.list()[0]]
        for _ in range(3):
            clock.advance(60)
            made.append(keys.rotate(MONTH))

        listed = [key.key_id for key in keys.list()]
        assert listed == [key.key_id for key in reversed(made)]

    def test_a_rotation_forgets_keys_that_were_retired_long_ago(
        self, keys: SigningKeys, clock: FixedClock
    ) -> None:
        (first,) = keys.list()
        second = keys.rotate(MONTH)
        clock.advance(MONTH)
        third = keys.rotate(MONTH)
        assert {key.key_id for key in keys.list()} >= {first.key_id, second.key_id}
        clock.advance(1)

        fourth = keys.rotate(MONTH)

        listed = {key.key_id for key in keys.list()}
        assert listed == {second.key_id, third.key_id, fourth.key_id}

    def test_a_revoked_key_is_gone_and_the_others_stay(self, keys: SigningKeys) -> None:
        (first,) = keys.list()
        second = keys.rotate(MONTH)

        gone = keys.revoke([first.key_id])

        assert [key.key_id for key in gone] == [first.key_id]
        assert [key.key_id for key in keys.list()] == [second.key_id]

    def test_a_new_key_takes_over_for_a_revoked_active_one(self, keys: SigningKeys) -> None:
        (first,) = keys.list()

        keys.revoke([first.key_id])

        (key,) = keys.list()
        assert key.is_active
        assert key.key_id != first.key_id

    def test_all_keys_can_be_revoked(self, keys: SigningKeys) -> None:
        old = {keys.list()[0].key_id, keys.rotate(MONTH).key_id}

        assert {key.key_id for key in keys.revoke(None)} == old
        (key,) = keys.list()
        assert key.key_id not in old

    def test_with_an_unknown_key_none_is_revoked(self, keys: SigningKeys) -> None:
        (first,) = keys.list()

        with pytest.raises(NotFound):
            keys.revoke([first.key_id, "unknown"])

        assert [key.key_id for key in keys.list()] == [first.key_id]
