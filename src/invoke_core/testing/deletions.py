"""What every store of deletions of accounts does."""

from datetime import timedelta

import pytest

from invoke_core.domain.deletions import Deletion
from invoke_core.domain.identifiers import UserId
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_user


class DeletionRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_deletion_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            user, heir, other = a_user(work), a_user(work), a_user(work)
            first = Deletion(user_id=user.user_id, heir_id=heir.user_id, created_at=NOON)
            second = Deletion(user_id=other.user_id, created_at=NOON)
            work.deletions.add(first)
            work.deletions.add(second)

        with database.reading() as work:
            assert work.deletions.find(user.user_id) == first
            assert work.deletions.find(other.user_id) == second
            assert work.deletions.find(heir.user_id) is None

    def test_an_account_has_one_deletion(self, database: Database) -> None:
        with database.writing() as work:
            user, heir = a_user(work), a_user(work)
            kept = Deletion(user_id=user.user_id, created_at=NOON)
            work.deletions.add(kept)
            with pytest.raises(Conflict):
                work.deletions.add(
                    Deletion(user_id=user.user_id, heir_id=heir.user_id, created_at=NOON)
                )

            assert work.deletions.find(user.user_id) == kept

    def test_nobody_unknown_has_a_deletion(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.deletions.add(Deletion(user_id=UserId("none"), created_at=NOON))

    def test_deletions_come_oldest_first_then_by_account(self, database: Database) -> None:
        with database.writing() as work:
            a, b, c = (a_user(work, user_id=UserId(name)).user_id for name in "abc")
            for user_id, age in ((b, 0), (a, 0), (c, 1)):
                at = NOON - timedelta(seconds=age)
                work.deletions.add(Deletion(user_id=user_id, created_at=at))

            assert [each.user_id for each in work.deletions.list()] == [c, a, b]

    def test_a_deletion_goes_with_its_account(self, database: Database) -> None:
        with database.writing() as work:
            user, heir = a_user(work), a_user(work)
            kept = Deletion(user_id=heir.user_id, created_at=NOON)
            work.deletions.add(Deletion(user_id=user.user_id, created_at=NOON))
            work.deletions.add(kept)
            work.users.remove(user.user_id)

            assert list(work.deletions.list()) == [kept]
