"""What every store of API keys does."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.identifiers import ApiKeyId, UserId
from invoke_core.domain.principals import Scope
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_user, an_api_key

HOUR = timedelta(hours=1)


class ApiKeyRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    @pytest.mark.parametrize("expires_at", [None, NOON + HOUR])
    def test_a_key_comes_back_whole_with_its_account(
        self, database: Database, expires_at: object
    ) -> None:
        with database.writing() as work:
            user = a_user(work)
            an_api_key(work)
            key = an_api_key(work, user, scope=Scope.READ, expires_at=expires_at)

        with database.reading() as work:
            assert work.api_keys.find_with_user(key.digest) == (key, user)

    def test_the_account_of_a_key_comes_as_it_is_now(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            key = an_api_key(work, user)
            changed = attrs.evolve(user, is_active=False, is_admin=True)
            work.users.put(changed)

            assert work.api_keys.find_with_user(key.digest) == (key, changed)

    def test_an_unknown_digest_is_none(self, database: Database) -> None:
        with database.writing() as work:
            key = an_api_key(work)

            assert work.api_keys.find_with_user(key.digest[:-1]) is None
            assert work.api_keys.find_with_user(key.key_id) is None

    def test_keys_of_an_account_come_oldest_first_then_by_id(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            an_api_key(work)
            last = an_api_key(work, user, key_id="a", created_at=NOON + HOUR)
            c = an_api_key(work, user, key_id="c")
            b = an_api_key(work, user, key_id="b")

            assert list(work.api_keys.of_user(user.user_id)) == [b, c, last]

    def test_the_id_of_a_key_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            key = an_api_key(work)
            with pytest.raises(Conflict):
                work.api_keys.add(attrs.evolve(key, digest="another"))

            assert work.api_keys.find_with_user("another") is None

    def test_a_digest_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            key = an_api_key(work)
            with pytest.raises(Conflict):
                work.api_keys.add(attrs.evolve(key, key_id=ApiKeyId("another")))

            assert list(work.api_keys.of_user(key.user_id)) == [key]

    def test_a_key_needs_an_account(self, database: Database) -> None:
        with database.writing() as work:
            key = attrs.evolve(an_api_key(work), key_id=ApiKeyId("new"), digest="new")
            with pytest.raises(NotFound):
                work.api_keys.add(attrs.evolve(key, user_id=UserId("unknown")))

    def test_a_removed_key_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            key, other = an_api_key(work, user), an_api_key(work, user)

            work.api_keys.remove(key.key_id)

            assert list(work.api_keys.of_user(user.user_id)) == [other]

    def test_removing_a_key_that_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.api_keys.remove(ApiKeyId("none"))

    def test_the_keys_of_an_account_go_and_no_others(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            other = an_api_key(work)
            an_api_key(work, user)
            an_api_key(work, user)

            assert work.api_keys.remove_of_user(user.user_id) == 2
            assert list(work.api_keys.of_user(user.user_id)) == []
            assert list(work.api_keys.of_user(other.user_id)) == [other]

    def test_keys_go_with_their_account(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            key = an_api_key(work, user)

            work.users.remove(user.user_id)

            assert work.api_keys.find_with_user(key.digest) is None
