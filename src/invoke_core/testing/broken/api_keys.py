"""Ways to keep API keys wrongly."""

from collections.abc import Mapping
from typing import Any

import attrs

from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    raising,
    returning,
)


def _account_as_it_was(work: Any, real: Any, digest: Any) -> Any:
    key, user = real(digest)
    return key, attrs.evolve(user, is_active=True)


def _requires_removed(work: Any, real: Any, key_id: Any) -> None:
    raise NotFound("API key", key_id)


def _removes_all_of_the_account(work: Any, real: Any, key_id: Any) -> None:
    for user in work.users.list(limit=None).items:
        if key_id in {key.key_id for key in work.api_keys.of_user(user.user_id)}:
            work.api_keys.remove_of_user(user.user_id)


def _survives(work: Any, real: Any, user_id: Any) -> None:
    """Remove the account, but keep a key of its digest for another one."""
    keys = work.api_keys.of_user(user_id)
    others = [user for user in work.users.list(limit=None).items if user.user_id != user_id]
    real(user_id)
    heir = others[0].user_id if others else "system"
    for key in keys:
        work.api_keys.add(attrs.evolve(key, user_id=heir))


API_KEYS: Mapping[str, Fault] = {
    "test_a_key_comes_back_whole_with_its_account": Fault(
        "api_keys.find_with_user",
        after(lambda found: (evolved(expires_at=None, name="")(found[0]), found[1])),
    ),
    "test_the_account_of_a_key_comes_as_it_is_now": Fault(
        "api_keys.find_with_user", _account_as_it_was
    ),
    "test_an_unknown_digest_is_none": Fault(
        "api_keys.find_with_user", raising(NotFound("API key", "none"))
    ),
    "test_keys_of_an_account_come_oldest_first_then_by_id": Fault(
        "api_keys.of_user", after(backwards)
    ),
    "test_the_id_of_a_key_is_taken_once": Fault("api_keys.add", forgiving(Conflict)),
    "test_a_digest_is_taken_once": Fault("api_keys.add", forgiving(Conflict)),
    "test_a_key_needs_an_account": Fault("api_keys.add", forgiving(NotFound)),
    "test_a_removed_key_is_gone_alone": Fault("api_keys.remove", _removes_all_of_the_account),
    "test_removing_a_key_that_is_gone_does_nothing": Fault("api_keys.remove", _requires_removed),
    "test_the_keys_of_an_account_go_and_no_others": Fault("api_keys.remove_of_user", returning(2)),
    "test_keys_go_with_their_account": Fault("users.remove", _survives),
}
