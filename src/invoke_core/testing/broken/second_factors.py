"""Ways to keep second factors wrongly."""

from collections.abc import Mapping
from typing import Any

from invoke_core.errors import NotFound
from invoke_core.testing.broken.faults import Fault, after, evolved, forgiving, returning


def _keeps_the_first(work: Any, real: Any, factor: Any) -> None:
    if work.second_factors.find(factor.user_id) is None:
        real(factor)


def _finds_anything(work: Any, real: Any, user_id: Any) -> Any:
    found = (real(user.user_id) for user in work.users.list(limit=None).items)
    return real(user_id) or next(filter(None, found), None)


def _requires_removed(work: Any, real: Any, user_id: Any) -> None:
    if work.second_factors.find(user_id) is None:
        raise NotFound("second factor", user_id)


def _removes_all(work: Any, real: Any, user_id: Any) -> None:
    for user in work.users.list(limit=None).items:
        real(user.user_id)


SECOND_FACTORS: Mapping[str, Fault] = {
    "test_a_factor_comes_back_whole": Fault(
        "second_factors.find", after(lambda found: found and evolved(recovery=())(found))
    ),
    "test_an_account_without_a_factor_has_none": Fault("second_factors.find", _finds_anything),
    "test_a_factor_is_replaced": Fault("second_factors.put", _keeps_the_first),
    "test_a_factor_needs_an_account": Fault("second_factors.put", forgiving(NotFound)),
    "test_a_removed_factor_is_gone_alone": Fault("second_factors.remove", _removes_all),
    "test_removing_a_factor_that_is_gone_does_nothing": Fault(
        "second_factors.remove", _requires_removed
    ),
    "test_a_factor_goes_with_its_account": Fault("users.remove", returning(None)),
}
