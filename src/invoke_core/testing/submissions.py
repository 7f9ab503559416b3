"""What every store of submissions does."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.identifiers import BatchId, ItemId, UserId
from invoke_core.domain.queue import EnqueuedBatch
from invoke_core.domain.submissions import Submission
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.testing.builders import NOON, a_generation, a_user


def a_submission(work: Work, key: str = "é key") -> Submission:
    """Return a submission of a new user, not kept yet."""
    batch = EnqueuedBatch(
        batch_id=BatchId("batch"),
        requested=2,
        priority=-1,
        generation=a_generation(),
        origin=None,
        destination="é",
        item_ids=(ItemId(7), ItemId(2**40)),
    )
    user_id = a_user(work).user_id
    return Submission(user_id=user_id, key=key, wish_digest="digest", batch=batch, at=NOON)


class SubmissionRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_submission_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            submission = a_submission(work)
            work.submissions.put(submission)

        with database.reading() as work:
            assert work.submissions.find(submission.user_id, submission.key) == submission

    def test_a_submission_is_found_by_user_and_key_together(self, database: Database) -> None:
        with database.writing() as work:
            submission = a_submission(work)
            work.submissions.put(submission)

            assert work.submissions.find(submission.user_id, "another key") is None
            assert work.submissions.find(a_user(work).user_id, submission.key) is None

    def test_a_later_one_takes_the_place_of_an_earlier_one(self, database: Database) -> None:
        with database.writing() as work:
            submission = a_submission(work)
            later = attrs.evolve(submission, wish_digest="other", at=NOON + timedelta(days=1))
            work.submissions.put(submission)
            work.submissions.put(later)

            assert work.submissions.find(submission.user_id, submission.key) == later

    def test_a_submission_needs_its_user(self, database: Database) -> None:
        with database.writing() as work:
            submission = attrs.evolve(a_submission(work), user_id=UserId("nobody"))
            with pytest.raises(NotFound):
                work.submissions.put(submission)

    def test_old_submissions_are_forgotten(self, database: Database) -> None:
        with database.writing() as work:
            old, kept = a_submission(work), a_submission(work)
            work.submissions.put(attrs.evolve(old, at=NOON - timedelta(microseconds=1)))
            work.submissions.put(kept)

            assert work.submissions.remove_before(NOON) == 1
            assert work.submissions.find(old.user_id, old.key) is None
            assert work.submissions.find(kept.user_id, kept.key) == kept

    def test_the_submissions_of_a_user_go_with_the_account(self, database: Database) -> None:
        with database.writing() as work:
            submission = a_submission(work)
            work.submissions.put(submission)
            work.users.remove(submission.user_id)

            assert work.submissions.find(submission.user_id, submission.key) is None
