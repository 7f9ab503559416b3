"""A password that somebody else chose, to be changed at the first sign-in, waits a week for it (C39)."""

from datetime import timedelta

import pytest

from invoke_core.errors import FirstPasswordOver, PasswordChangeRequired, Unauthenticated
from invoke_core.services.users import UserChanges
from tests.unit.accounts import HOST, PASSWORD, open_accounts

WEEK = timedelta(days=7)
NEW = "Another-7-Password"


@pytest.fixture
def accounts():
    accounts = open_accounts()
    accounts.person(must_change_password=True)
    return accounts


def test_within_a_week_it_signs_in_and_must_be_changed(accounts):
    accounts.clock.advance(WEEK - timedelta(seconds=1))

    who = accounts.who(accounts.login().token)

    with pytest.raises(PasswordChangeRequired):
        accounts.users.directory(who, "pe")
    accounts.sign_in.update_me(who, current_password=PASSWORD, new_password=NEW)
    accounts.clock.advance(timedelta(days=400))
    assert not accounts.login(password=NEW).user.must_change_password


def test_after_a_week_it_says_so_to_whoever_has_it_alone(accounts):
    accounts.clock.advance(WEEK)

    with pytest.raises(FirstPasswordOver, match="seven days"):
        accounts.login()
    with pytest.raises(Unauthenticated):
        accounts.login(password="Wrong-7-Password")


def test_a_new_one_begins_a_new_week(accounts):
    accounts.clock.advance(WEEK)
    user = accounts.users.get_by_email(HOST, "person@example.com")
    accounts.users.update(HOST, user.user_id, UserChanges(password=NEW, must_change_password=True))

    assert accounts.login(password=NEW).user.must_change_password


def test_one_that_was_used_in_time_goes_on(accounts):
    accounts.login()
    accounts.clock.advance(timedelta(days=8))

    assert accounts.login().user.must_change_password


def test_a_password_for_good_does_not_end(accounts):
    accounts.person("other@example.com")
    accounts.clock.advance(timedelta(days=400))

    assert accounts.login("other@example.com")
