"""The lives of accounts at random, a modest number; `python -m benchmarks.account_life` takes many more."""

from hypothesis import settings

from tests.unit.account_life import AccountLife, AccountLifeOnSqlite

AccountLife.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestAccountLife = AccountLife.TestCase
AccountLifeOnSqlite.TestCase.settings = settings(
    max_examples=3, stateful_step_count=30, deadline=None
)
TestAccountLifeOnSqlite = AccountLifeOnSqlite.TestCase
