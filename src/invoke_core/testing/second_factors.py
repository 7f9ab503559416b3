"""What every store of second factors does."""

import attrs
import pytest

from invoke_core.domain.identifiers import UserId
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_second_factor, a_user


class SecondFactorRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    @pytest.mark.parametrize("confirmed_at", [None, NOON])
    def test_a_factor_comes_back_whole(self, database: Database, confirmed_at: object) -> None:
        with database.writing() as work:
            a_second_factor(work)
            factor = a_second_factor(
                work, confirmed_at=confirmed_at, last_step=2**40, recovery=("b", "a")
            )

        with database.reading() as work:
            assert work.second_factors.find(factor.user_id) == factor

    def test_an_account_without_a_factor_has_none(self, database: Database) -> None:
        with database.writing() as work:
            a_second_factor(work)

            assert work.second_factors.find(a_user(work).user_id) is None
            assert work.second_factors.find(UserId("unknown")) is None

    def test_a_factor_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            other = a_second_factor(work)
            factor = a_second_factor(work, recovery=("a", "b"))
            later = attrs.evolve(factor, sealed_secret="new", last_step=7, recovery=("b",))  # noqa: S106
            work.second_factors.put(later)

            assert work.second_factors.find(factor.user_id) == later
            assert work.second_factors.find(other.user_id) == other

    def test_a_factor_needs_an_account(self, database: Database) -> None:
        with database.writing() as work:
            factor = a_second_factor(work)
            with pytest.raises(NotFound):
                work.second_factors.put(attrs.evolve(factor, user_id=UserId("unknown")))

    def test_a_removed_factor_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            factor, other = a_second_factor(work), a_second_factor(work)

            work.second_factors.remove(factor.user_id)

            assert work.second_factors.find(factor.user_id) is None
            assert work.second_factors.find(other.user_id) == other

    def test_removing_a_factor_that_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.second_factors.remove(a_user(work).user_id)

    def test_a_factor_goes_with_its_account(self, database: Database) -> None:
        with database.writing() as work:
            factor = a_second_factor(work)

            work.users.remove(factor.user_id)

            assert work.second_factors.find(factor.user_id) is None
