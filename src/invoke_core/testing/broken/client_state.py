"""Ways to keep clients' memory wrongly."""

from collections.abc import Mapping
from typing import Any

from invoke_core.errors import NotFound
from invoke_core.testing.broken.faults import Fault, after, backwards, forgiving
from invoke_core.testing.builders import NOON


def _in_any_case(work: Any, real: Any, user_id: Any, key: str) -> Any:
    found = [own for own in work.client_state.keys(user_id) if own.casefold() == key.casefold()]
    return real(user_id, found[0]) if found else None


def _keeps_the_first(work: Any, real: Any, user_id: Any, key: str, *more: Any) -> None:
    if work.client_state.find(user_id, key) is None:
        real(user_id, key, *more)


def _everybodys(work: Any, real: Any, user_id: Any, key: str) -> Any:
    users = work.users.list(limit=None).items
    found = [real(user.user_id, key) for user in users]
    return next((value for value in reversed(found) if value is not None), None)


def _in_any_place(work: Any, real: Any, user_id: Any, prefix: str = "") -> Any:
    return [key for key in real(user_id) if prefix in key]


def _removes_all(work: Any, real: Any, user_id: Any, key: str) -> None:
    work.client_state.remove_all(user_id)


def _requires_it(work: Any, real: Any, user_id: Any, key: str) -> None:
    if work.client_state.find(user_id, key) is None:
        raise NotFound("key", key)
    real(user_id, key)


def _removes_everybodys(work: Any, real: Any, user_id: Any) -> None:
    for user in work.users.list(limit=None).items:
        real(user.user_id)


def _of_nobody(work: Any, real: Any, user_id: Any, key: str) -> Any:
    try:
        work.users.get(user_id)
    except NotFound:
        return "value"
    return real(user_id, key)


def _in_bytes(work: Any, real: Any, user_id: Any) -> int:
    keys = work.client_state.keys(user_id)
    return sum(len((key + work.client_state.find(user_id, key)).encode()) for key in keys)


def _for_anybody(work: Any, real: Any, user_id: Any, key: str, value: str, at: Any) -> None:
    forgiving(NotFound)(work, real, user_id, key, value, NOON)


CLIENT_STATE: Mapping[str, Fault] = {
    "test_a_value_comes_back": Fault(
        "client_state.find",
        after(lambda found: found and found.encode("ascii", "ignore").decode()),
    ),
    "test_what_was_never_set_is_none": Fault("client_state.find", _in_any_case),
    "test_a_value_replaces_the_one_before": Fault("client_state.put", _keeps_the_first),
    "test_each_person_has_values_of_their_own": Fault("client_state.find", _everybodys),
    "test_a_value_needs_an_account": Fault("client_state.put", _for_anybody),
    "test_keys_come_in_order_of_their_characters": Fault("client_state.keys", after(backwards)),
    "test_a_prefix_is_taken_as_itself": Fault("client_state.keys", _in_any_place),
    "test_a_removed_value_is_gone_alone": Fault("client_state.remove", _removes_all),
    "test_removing_what_is_gone_does_nothing": Fault("client_state.remove", _requires_it),
    "test_all_of_a_person_goes_at_once": Fault("client_state.remove_all", _removes_everybodys),
    "test_it_goes_with_the_account": Fault("client_state.find", _of_nobody),
    "test_characters_are_counted": Fault("client_state.characters", _in_bytes),
}
