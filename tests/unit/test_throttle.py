"""Wrong sign-ins are let through a few at a time, and their owner still gets in."""

import threading
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.sign_in import Client
from invoke_core.domain.throttle import (
    ACCOUNT_FAILURES,
    ADDRESS_FAILURES,
    DAY,
    LONGEST_WAIT,
    PAIR_FAILURES,
    WINDOW,
    Tally,
    account_key,
    address_key,
    counted,
    opens_at,
    taken_back,
)
from invoke_core.errors import Forbidden, NotFound, RuleViolation, TooMany, Unauthenticated
from invoke_core.testing.builders import NOON
from tests.unit.accounts import HOST, PASSWORD, open_accounts

HERE = Client(address="192.0.2.1")


def new(account="a", address="b"):
    return Tally(account=account, address=address, first_at=NOON, last_at=NOON)


def test_the_same_account_has_one_key_however_it_is_spelled():
    assert account_key("Person@Example.com") == account_key(" person@example.COM ")
    assert account_key("person@example.com") != account_key("people@example.com")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("nonsense", ""),
        (None, ""),
    ],
)
def test_an_address_counts_as_its_network(address, key):
    assert address_key(address) == key


@given(st.lists(st.integers(0, 2000), max_size=60), st.sampled_from([("a", "b"), ("", "b")]))
def test_in_any_quarter_of_an_hour_few_tries_pass(pauses, key):
    tally, now, passed = new(*key), NOON, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        if opens_at(tally) <= now:
            tally = counted(tally, now)
            passed.append(now)
    limit = PAIR_FAILURES if key[0] else ADDRESS_FAILURES
    for start in passed:
        among = [at for at in passed if start <= at < start + WINDOW]
        assert len(among) <= limit + 6  # the waits of 15, 30, 60, 120, 240 and 480 seconds


@given(st.integers(0, 200))
def test_an_account_is_closed_after_its_failures_of_a_day(failures):
    tally = attrs.evolve(new(address=""), failures=failures)

    assert (opens_at(tally) > NOON) == (failures >= ACCOUNT_FAILURES)
    assert opens_at(tally) <= NOON + DAY


@given(st.integers(PAIR_FAILURES, 10_000))
def test_waits_grow_to_a_quarter_of_an_hour(failures):
    tally = attrs.evolve(new(), failures=failures)

    wait = opens_at(tally) - tally.last_at
    assert wait == min(timedelta(seconds=15) * 2 ** min(failures - PAIR_FAILURES, 6), LONGEST_WAIT)


def test_after_a_quarter_of_an_hour_all_is_forgotten():
    tally = attrs.evolve(new(), failures=7)

    assert counted(tally, NOON + WINDOW - timedelta(seconds=1)).failures == 8
    assert counted(tally, NOON + WINDOW).failures == 1


def test_what_is_taken_back_is_never_less_than_nothing():
    assert taken_back(new()).failures == 0


@pytest.fixture
def accounts():
    accounts = open_accounts()
    accounts.administrator()
    accounts.person()
    return accounts


def fail(accounts, times, client=HERE, email="person@example.com"):
    refused = 0
    for _ in range(times):
        try:
            accounts.sign_in.login(client, email=email, password="wrong")
        except TooMany:
            refused += 1
        except Unauthenticated:
            pass
    return refused


def test_after_ten_wrong_tries_the_right_password_waits_too(accounts):
    assert fail(accounts, PAIR_FAILURES) == 0

    with pytest.raises(TooMany) as caught:
        accounts.sign_in.login(HERE, email="person@example.com", password=PASSWORD)
    assert caught.value.retry_after == 15

    accounts.clock.advance(15)
    accounts.sign_in.login(HERE, email="person@example.com", password=PASSWORD)
    assert fail(accounts, PAIR_FAILURES) == 0  # forgiven by the right one


def test_an_unknown_address_is_refused_like_a_known_one(accounts):
    told = []
    for email in ("person@example.com", "nobody@example.com"):
        client = Client(address=f"198.51.100.{len(told) + 1}")
        fail(accounts, PAIR_FAILURES, client, email)
        with pytest.raises(TooMany) as caught:
            accounts.sign_in.login(client, email=email, password=PASSWORD)
        told.append((str(caught.value), caught.value.retry_after))
    assert told[0] == told[1]


def test_without_an_address_an_account_has_its_limit_and_others_are_untouched(accounts):
    nowhere = Client()

    assert fail(accounts, PAIR_FAILURES + 1, nowhere) == 1
    assert sum(fail(accounts, 1, nowhere, f"person{n}@example.com") for n in range(40)) == 0


def test_one_address_that_tries_many_accounts_is_stopped(accounts):
    refused = sum(fail(accounts, 1, email=f"person{n}@example.com") for n in range(40))

    assert refused == 40 - ADDRESS_FAILURES


def test_a_thousand_tries_from_everywhere_verify_a_hundred_and_the_owner_gets_in(accounts):
    owner = accounts.sign_in.login(HERE, email="person@example.com", password=PASSWORD)
    known = attrs.evolve(HERE, device=owner.device)

    refused = 0
    for n in range(1000):
        address = f"2001:db8:{n:x}::1"
        refused += fail(accounts, 1, Client(address=address))

    assert 1000 - refused <= ACCOUNT_FAILURES
    with pytest.raises(TooMany):
        accounts.sign_in.login(HERE, email="person@example.com", password=PASSWORD)
    for _ in range(10):
        again = accounts.sign_in.login(known, email="person@example.com", password=PASSWORD)
        assert again.device is None  # it is known already
    accounts.clock.advance(DAY)
    accounts.sign_in.login(HERE, email="person@example.com", password=PASSWORD)


def test_a_known_device_is_known_to_its_account_alone_and_has_a_limit_too(accounts):
    device = accounts.sign_in.login(HERE, email="person@example.com", password=PASSWORD).device
    known = attrs.evolve(HERE, device=device)

    fail(accounts, PAIR_FAILURES, known)
    assert fail(accounts, 1, known) == 1
    fail(accounts, PAIR_FAILURES, known, "admin@example.com")
    assert fail(accounts, 1, Client(address=HERE.address), "admin@example.com") == 1


def test_tries_side_by_side_do_not_pass_the_limit(accounts):
    refused = []
    barrier = threading.Barrier(30)

    def try_once():
        barrier.wait()
        refused.append(fail(accounts, 1))

    threads = [threading.Thread(target=try_once) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(refused) == 30 - PAIR_FAILURES


def test_an_administrator_unlocks(accounts):
    fail(accounts, PAIR_FAILURES)
    person = accounts.users.get_by_email(HOST, "person@example.com")

    with pytest.raises(NotFound):
        accounts.users.unlock(HOST, "unknown")
    token = accounts.login("admin@example.com").token
    with pytest.raises(Forbidden):
        accounts.users.unlock(attrs.evolve(accounts.who(token), is_admin=False), person.user_id)
    accounts.users.unlock(HOST, person.user_id)

    accounts.sign_in.login(HERE, email="person@example.com", password=PASSWORD)


def test_administrators_see_until_when_an_account_waits(accounts):
    token = accounts.login("admin@example.com").token
    admin = accounts.who(token)
    people = accounts.users.list(admin).items
    person = next(user for user in people if not user.is_admin)

    assert {s.locked_until for s in accounts.users.standing(admin, people).values()} == {None}
    fail(accounts, PAIR_FAILURES)
    standing = accounts.users.standing(admin, people)
    assert standing[person.user_id].locked_until == accounts.clock.now() + timedelta(seconds=15)
    assert standing[admin.user_id].locked_until is None
    accounts.clock.advance(15)
    assert accounts.users.standing(admin, people)[person.user_id].locked_until is None
    with pytest.raises(Forbidden):
        accounts.users.standing(accounts.who(accounts.login().token), people)


def test_an_unlocked_owner_gets_in_from_an_address_that_was_stopped_too(accounts):
    fail(accounts, PAIR_FAILURES)
    for n in range(ADDRESS_FAILURES):
        fail(accounts, 1, email=f"nobody{n}@example.com")

    accounts.users.unlock(HOST, accounts.users.get_by_email(HOST, "person@example.com").user_id)

    accounts.sign_in.login(HERE, email="person@example.com", password=PASSWORD)


def test_guessing_the_current_password_is_throttled_too(accounts):
    principal = accounts.who(accounts.login().token)
    for _ in range(PAIR_FAILURES):
        with pytest.raises(RuleViolation):
            accounts.sign_in.update_me(
                principal, current_password="wrong", new_password="Another-7-Password"
            )

    with pytest.raises(TooMany):
        accounts.sign_in.update_me(
            principal, current_password=PASSWORD, new_password="Another-7-Password"
        )


def test_old_failures_are_forgotten_by_the_chores(accounts):
    fail(accounts, 1)
    accounts.clock.advance(DAY + timedelta(seconds=1))

    assert accounts.sign_in.forget_failures() == 3  # account, address, and both
