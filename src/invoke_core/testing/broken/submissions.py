"""Ways to keep submissions wrongly."""

from collections.abc import Mapping
from typing import Any

import attrs

from invoke_core.errors import NotFound
from invoke_core.testing.broken.faults import Fault, after, forgiving, returning


def _without_numbers(found: Any) -> Any:
    return found and attrs.evolve(found, batch=attrs.evolve(found.batch, item_ids=[]))


def _first_wins(work: Any, real: Any, submission: Any) -> None:
    if work.submissions.find(submission.user_id, submission.key) is None:
        real(submission)


def _of_anybody(work: Any, real: Any, user_id: Any, key: Any) -> Any:
    own = real(user_id, key)
    others = [real(user.user_id, key) for user in work.users.list(limit=None).items]
    return own or next((found for found in others if found), None)


def _remembers_the_gone(work: Any, real: Any, user_id: Any) -> None:
    if work.users.list(limit=1).total > 1:
        real(user_id)


SUBMISSIONS: Mapping[str, Fault] = {
    "test_a_submission_comes_back_whole": Fault("submissions.find", after(_without_numbers)),
    "test_a_submission_is_found_by_user_and_key_together": Fault("submissions.find", _of_anybody),
    "test_a_later_one_takes_the_place_of_an_earlier_one": Fault("submissions.put", _first_wins),
    "test_a_submission_needs_its_user": Fault("submissions.put", forgiving(NotFound)),
    "test_old_submissions_are_forgotten": Fault("submissions.remove_before", returning(1)),
    "test_the_submissions_of_a_user_go_with_the_account": Fault(
        "users.remove", _remembers_the_gone
    ),
}
