"""What every store of clients' memory does."""

import pytest

from invoke_core.domain.identifiers import UserId
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_user


class ClientStateRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_value_comes_back(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            work.client_state.put(user_id, "key", '{"é": "🎨"}', NOON)

        with database.reading() as work:
            assert work.client_state.find(user_id, "key") == '{"é": "🎨"}'

    def test_what_was_never_set_is_none(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            work.client_state.put(user_id, "Key", "", NOON)

            assert work.client_state.find(user_id, "key") is None

    def test_a_value_replaces_the_one_before(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            for value in ("first", "second"):
                work.client_state.put(user_id, "key", value, NOON)

            assert work.client_state.find(user_id, "key") == "second"

    def test_each_person_has_values_of_their_own(self, database: Database) -> None:
        with database.writing() as work:
            user_id, other_id = a_user(work).user_id, a_user(work).user_id
            work.client_state.put(user_id, "key", "mine", NOON)
            work.client_state.put(other_id, "key", "theirs", NOON)

            assert work.client_state.find(user_id, "key") == "mine"

    def test_a_value_needs_an_account(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.client_state.put(UserId("nobody"), "key", "value", NOON)

    def test_keys_come_in_order_of_their_characters(self, database: Database) -> None:
        with database.writing() as work:
            user_id, other_id = a_user(work).user_id, a_user(work).user_id
            work.client_state.put(other_id, "other", "", NOON)
            for key in ("b", "B", "a_2", "a%1", "é"):
                work.client_state.put(user_id, key, "", NOON)

            assert list(work.client_state.keys(user_id)) == ["B", "a%1", "a_2", "b", "é"]

    def test_a_prefix_is_taken_as_itself(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            for key in ("a_1", "A_2", "ab1", "a%1", "xa_"):
                work.client_state.put(user_id, key, "", NOON)

            assert list(work.client_state.keys(user_id, "a_")) == ["a_1"]
            assert list(work.client_state.keys(user_id, "a%")) == ["a%1"]

    def test_a_removed_value_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            user_id, other_id = a_user(work).user_id, a_user(work).user_id
            for owner_id, key in ((user_id, "a"), (user_id, "b"), (other_id, "a")):
                work.client_state.put(owner_id, key, "value", NOON)

            work.client_state.remove(user_id, "a")

            assert work.client_state.find(user_id, "a") is None
            assert work.client_state.find(user_id, "b") == "value"
            assert work.client_state.find(other_id, "a") == "value"

    def test_removing_what_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.client_state.remove(a_user(work).user_id, "key")

    def test_all_of_a_person_goes_at_once(self, database: Database) -> None:
        with database.writing() as work:
            user_id, other_id = a_user(work).user_id, a_user(work).user_id
            for owner_id, key in ((user_id, "a"), (user_id, "b"), (other_id, "a")):
                work.client_state.put(owner_id, key, "value", NOON)

            work.client_state.remove_all(user_id)

            assert not work.client_state.keys(user_id)
            assert list(work.client_state.keys(other_id)) == ["a"]

    def test_it_goes_with_the_account(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            work.client_state.put(user_id, "key", "value", NOON)

            work.users.remove(user_id)

            assert work.client_state.find(user_id, "key") is None

    def test_characters_are_counted(self, database: Database) -> None:
        with database.writing() as work:
            user_id, other_id = a_user(work).user_id, a_user(work).user_id
            assert work.client_state.characters(user_id) == 0
            work.client_state.put(user_id, "é", "🎨🎨", NOON)
            work.client_state.put(user_id, "ab", "", NOON)
            work.client_state.put(other_id, "ab", "cd", NOON)

            assert work.client_state.characters(user_id) == 5
