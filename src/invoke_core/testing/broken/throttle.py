"""Ways to keep wrong sign-ins and known devices wrongly."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from invoke_core.domain.throttle import MAX_DEVICES
from invoke_core.errors import NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    returning,
    with_first,
)


def _any_address(work: Any, real: Any, account: str, address: str) -> Any:
    return real(account, address) or (real("a", "b") if "a" in {account, address} else None)


def _keeps_the_first(work: Any, real: Any, tally: Any) -> None:
    if work.throttle.find(tally.account, tally.address) is None:
        real(tally)


def _removes_the_account(work: Any, real: Any, account: str, address: str) -> None:
    work.throttle.remove_account(account)


def _requires_removed(work: Any, real: Any, account: str, address: str) -> None:
    if work.throttle.find(account, address) is None:
        raise NotFound("tally", account)
    real(account, address)


def _keeps_the_whole_account(work: Any, real: Any, account: str) -> None:
    whole = work.throttle.find(account, "")
    real(account)
    if whole is not None:
        work.throttle.put(whole)


def _known_to_all(work: Any, real: Any, user_id: Any, digest: str) -> bool:
    return digest == "digest"


def _never_forgets(work: Any, real: Any, user_id: Any, digest: str) -> bool:
    return (digest.isdigit() and int(digest) < MAX_DEVICES) or bool(real(user_id, digest))


def _forgets_no_device(work: Any, real: Any, user_id: Any, digest: str) -> bool:
    return True


THROTTLE: Mapping[str, Fault] = {
    "test_a_tally_comes_back_whole": Fault(
        "throttle.find", after(lambda found: found and evolved(failures=0)(found))
    ),
    "test_a_tally_is_of_exactly_its_account_and_address": Fault("throttle.find", _any_address),
    "test_the_tallies_of_accounts_come_in_order_and_no_others": Fault(
        "throttle.of_accounts", after(backwards)
    ),
    "test_a_tally_is_replaced": Fault("throttle.put", _keeps_the_first),
    "test_a_removed_tally_is_gone_alone": Fault("throttle.remove", _removes_the_account),
    "test_removing_a_tally_that_is_gone_does_nothing": Fault("throttle.remove", _requires_removed),
    "test_all_tallies_of_an_account_go_and_no_others": Fault(
        "throttle.remove_account", _keeps_the_whole_account
    ),
    "test_tallies_whose_last_failure_was_before_go": Fault(
        "throttle.remove_before", with_first(lambda at: at + timedelta(microseconds=1))
    ),
    "test_a_device_is_known_to_its_account_alone": Fault("throttle.knows_device", _known_to_all),
    "test_a_device_needs_an_account": Fault("throttle.add_device", forgiving(NotFound)),
    "test_the_newest_devices_are_kept": Fault("throttle.knows_device", _never_forgets),
    "test_the_devices_of_an_account_go": Fault("throttle.remove_devices", returning(None)),
    "test_devices_go_with_their_account": Fault("throttle.knows_device", _forgets_no_device),
}
