"""The lives of accounts at random, a modest number; `python -m benchmarks.account_life` takes many more."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from invoke_core.services import users
from tests.unit.account_life import AccountLife, AccountLifeOnSqlite

AccountLife.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestAccountLife = AccountLife.TestCase
AccountLifeOnSqlite.TestCase.settings = settings(
    max_examples=3, stateful_step_count=30, deadline=None
)
TestAccountLifeOnSqlite = AccountLifeOnSqlite.TestCase


FAULTS = {
    "the last administrator goes": (users, "require_administrator_left", lambda *_: None),
    "sessions outlive a deactivation": (users, "ends_sessions", lambda *_: False),
    "links outlive what makes them pointless": (users, "ends_links", lambda *_: False),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_lives_find_what_is_broken(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*FAULTS[fault])

    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(
            AccountLife,
            settings=settings(
                max_examples=200,
                stateful_step_count=50,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
