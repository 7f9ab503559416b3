"""What every store of wrong sign-ins and known devices does."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.throttle import MAX_DEVICES, Tally
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_user

SECOND = timedelta(seconds=1)


def a_tally(account: str = "account", address: str = "address", failures: int = 3) -> Tally:
    return Tally(
        account=account, address=address, failures=failures, first_at=NOON, last_at=NOON + SECOND
    )


class ThrottleRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    @pytest.mark.parametrize(("account", "address"), [("a", "b"), ("a", ""), ("", "b")])
    def test_a_tally_comes_back_whole(self, database: Database, account: str, address: str) -> None:
        tally = a_tally(account, address)
        with database.writing() as work:
            work.throttle.put(tally)

        with database.reading() as work:
            assert work.throttle.find(account, address) == tally

    def test_a_tally_is_of_exactly_its_account_and_address(self, database: Database) -> None:
        with database.writing() as work:
            work.throttle.put(a_tally("a", "b"))

            assert work.throttle.find("a", "") is None
            assert work.throttle.find("", "b") is None

    def test_the_tallies_of_accounts_come_in_order_and_no_others(self, database: Database) -> None:
        keys = [("b", "x"), ("a", "y"), ("", "x"), ("a", ""), ("c", "x")]
        with database.writing() as work:
            for account, address in keys:
                work.throttle.put(a_tally(account, address))

            found = work.throttle.of_accounts(["unknown", "b", "a"])

            assert list(found) == [a_tally("a", ""), a_tally("a", "y"), a_tally("b", "x")]
            assert list(work.throttle.of_accounts([])) == []

    def test_a_tally_is_replaced(self, database: Database) -> None:
        later = attrs.evolve(a_tally(), failures=4, last_at=NOON + 2 * SECOND)
        with database.writing() as work:
            work.throttle.put(a_tally())
            work.throttle.put(later)

            assert work.throttle.find("account", "address") == later

    def test_a_removed_tally_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            work.throttle.put(a_tally())
            work.throttle.put(a_tally(address=""))

            work.throttle.remove("account", "address")

            assert work.throttle.find("account", "address") is None
            assert work.throttle.find("account", "") is not None

    def test_removing_a_tally_that_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.throttle.remove("account", "address")

    def test_all_tallies_of_an_account_go_and_no_others(self, database: Database) -> None:
        with database.writing() as work:
            for account, address in (("a", "x"), ("a", "y"), ("a", ""), ("", "x"), ("b", "x")):
                work.throttle.put(a_tally(account, address))

            work.throttle.remove_account("a")

            assert all(work.throttle.find("a", address) is None for address in ("x", "y", ""))
            assert work.throttle.find("", "x") is not None
            assert work.throttle.find("b", "x") is not None

    def test_tallies_whose_last_failure_was_before_go(self, database: Database) -> None:
        with database.writing() as work:
            work.throttle.put(a_tally("old"))
            work.throttle.put(attrs.evolve(a_tally("new"), last_at=NOON + 2 * SECOND))

            assert work.throttle.remove_before(NOON + 2 * SECOND) == 1
            assert work.throttle.find("old", "address") is None
            assert work.throttle.find("new", "address") is not None

    def test_a_device_is_known_to_its_account_alone(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            work.throttle.add_device(user.user_id, "digest", NOON)

            assert work.throttle.knows_device(user.user_id, "digest")
            assert not work.throttle.knows_device(user.user_id, "other")
            assert not work.throttle.knows_device(other.user_id, "digest")

    def test_a_device_needs_an_account(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.throttle.add_device(UserId("unknown"), "digest", NOON)

    def test_the_newest_devices_are_kept(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            work.throttle.add_device(other.user_id, "others", NOON - SECOND)
            for number in range(MAX_DEVICES + 2):
                work.throttle.add_device(user.user_id, f"{number}", NOON + number * SECOND)

            known = [
                number
                for number in range(MAX_DEVICES + 2)
                if work.throttle.knows_device(user.user_id, f"{number}")
            ]
            assert known == list(range(2, MAX_DEVICES + 2))
            assert work.throttle.knows_device(other.user_id, "others")

    def test_the_devices_of_an_account_go(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            work.throttle.add_device(user.user_id, "digest", NOON)
            work.throttle.add_device(other.user_id, "digest", NOON)

            work.throttle.remove_devices(user.user_id)

            assert not work.throttle.knows_device(user.user_id, "digest")
            assert work.throttle.knows_device(other.user_id, "digest")

    def test_devices_go_with_their_account(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            work.throttle.add_device(user.user_id, "digest", NOON)

            work.users.remove(user.user_id)

            assert not work.throttle.knows_device(user.user_id, "digest")
