"""Ways to keep deletions of accounts wrongly."""

from collections.abc import Mapping

from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import Fault, after, backwards, evolved, forgiving, returning

DELETIONS: Mapping[str, Fault] = {
    "test_a_deletion_comes_back_whole": Fault(
        "deletions.find", after(lambda found: found and evolved(heir_id=None)(found))
    ),
    "test_an_account_has_one_deletion": Fault("deletions.add", forgiving(Conflict)),
    "test_nobody_unknown_has_a_deletion": Fault("deletions.add", forgiving(NotFound)),
    "test_deletions_come_oldest_first_then_by_account": Fault("deletions.list", after(backwards)),
    "test_a_deletion_goes_with_its_account": Fault("users.remove", returning(None)),
}
