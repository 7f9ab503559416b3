"""The second factor at sign-in: asked for after the right password, and each code counts once."""

import threading
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import Principal, Via
from invoke_core.domain.second_factor import (
    Proof,
    SecondFactor,
    SecondFactorPolicy,
    must_enroll,
    recovery_code,
    recovery_digest,
    spent,
    step_of,
)
from invoke_core.domain.sign_in import Client
from invoke_core.domain.throttle import ACCOUNT_FAILURES, PAIR_FAILURES
from invoke_core.domain.users import User
from invoke_core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PasswordChangeRequired,
    RuleViolation,
    SecondFactorMissing,
    SecondFactorRequired,
    TooMany,
    Unauthenticated,
)
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import NOON
from invoke_core.testing.one_time_codes import code_at
from tests.unit.accounts import HOST, PASSWORD, open_accounts

FACTOR = SecondFactor(user_id=UserId("u"), sealed_secret="s", created_at=NOON)


@given(st.lists(st.integers(1, 20)))
def test_each_step_counts_once_and_none_before_it(steps):
    factor, used = FACTOR, []
    for step in steps:
        after = spent(factor, Proof(step=step))
        if after is not None:
            used.append(step)
            factor = after

    assert used == sorted(set(used))
    assert not steps or max(steps) in used


@given(st.lists(st.sampled_from("abcd")))
def test_each_recovery_code_counts_once(tries):
    factor, used = attrs.evolve(FACTOR, recovery=("a", "b", "c")), []
    for digest in tries:
        after = spent(factor, Proof(recovery=digest))
        if after is not None:
            used.append(digest)
            factor = after

    assert sorted(used) == sorted(set(tries) & set("abc"))


@given(st.text())
def test_a_recovery_code_is_known_however_it_is_spaced(secret):
    code = recovery_code(secret)

    assert recovery_digest(f" {code.lower().replace('-', ' ')} ") == recovery_digest(code)
    assert recovery_digest(code[:-1]) is None
    assert recovery_digest("123456") is None


@pytest.mark.parametrize("is_admin", [False, True])
@pytest.mark.parametrize("has_one", [False, True])
@pytest.mark.parametrize("policy", list(SecondFactorPolicy))
def test_who_must_have_a_second_factor(policy, is_admin, has_one):
    user = User(
        user_id=UserId("u"), email="u@example.com", display_name="U", password_hash=None,
        is_admin=is_admin, is_active=True, second_factor=has_one, created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    wanted = {"none": False, "admins": is_admin, "everyone": True}[policy]

    assert must_enroll(user, policy) == (wanted and not has_one)


class Person:
    """Somebody with an app."""

    def __init__(self, accounts, email="person@example.com"):
        self.accounts = accounts
        self.email = email
        self.principal = accounts.who(accounts.login(email).token)
        self.secret = accounts.second_factor.enroll(self.principal).secret
        self.recovery = accounts.second_factor.confirm(self.principal, self.code())
        accounts.clock.advance(30)

    def code(self):
        return code_at(self.secret, self.accounts.clock.now())

    def login(self, code=None, client=None, password=PASSWORD):
        client = client or Client(address="192.0.2.1")
        return self.accounts.sign_in.login(client, email=self.email, password=password, code=code)


@pytest.fixture
def accounts():
    accounts = open_accounts()
    accounts.administrator()
    accounts.person()
    return accounts


@pytest.fixture
def person(accounts):
    return Person(accounts)


def test_the_code_is_asked_for_only_after_the_right_password(person):
    with pytest.raises(SecondFactorRequired):
        person.login()
    for code in (None, person.code()):
        with pytest.raises(Unauthenticated) as caught:
            person.login(code, password="wrong")
        assert not isinstance(caught.value, SecondFactorRequired)
        assert str(caught.value) == "Incorrect email or password"
    assert person.login(person.code()).user.second_factor


def test_a_code_counts_once(accounts, person):
    code = person.code()
    person.login(code)

    with pytest.raises(SecondFactorRequired):
        person.login(code)
    accounts.clock.advance(30)
    person.login(person.code())


def test_the_code_that_confirmed_signs_nobody_in(accounts):
    principal = accounts.who(accounts.login().token)
    secret = accounts.second_factor.enroll(principal).secret
    code = code_at(secret, accounts.clock.now())
    accounts.second_factor.confirm(principal, code)

    with pytest.raises(SecondFactorRequired):
        accounts.login(code=code)


def test_of_many_who_try_one_code_at_once_one_gets_in(person):
    code, got_in = person.code(), []
    barrier = threading.Barrier(8)

    def try_once(number):
        barrier.wait()
        try:
            person.login(code, Client(address=f"192.0.2.{number}"))
        except SecondFactorRequired:
            return
        got_in.append(number)

    threads = [threading.Thread(target=try_once, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got_in) == 1


def test_each_recovery_code_signs_in_once(person):
    assert len(set(person.recovery)) == 10

    for code in person.recovery:
        person.login(code.lower().replace("-", " "))
        with pytest.raises(SecondFactorRequired):
            person.login(code)


def test_what_is_kept_shows_no_code(accounts, person):
    with accounts.database.reading() as work:
        kept = work.second_factors.find(person.principal.user_id)

    text = repr(attrs.asdict(kept))
    assert person.secret.lower() not in text.lower()
    assert not any(code in text or code.replace("-", "") in text for code in person.recovery)


def test_wrong_codes_count_as_failures_and_a_missing_one_forgives_none(person):
    wrong = "000000" if person.code() != "000000" else "111111"
    for _ in range(PAIR_FAILURES):
        with pytest.raises(SecondFactorRequired):
            person.login(wrong)
        with pytest.raises((SecondFactorRequired, TooMany)):
            person.login()

    with pytest.raises(TooMany):
        person.login(person.code())


def test_a_missing_code_is_no_failure(person):
    for _ in range(3 * PAIR_FAILURES):
        with pytest.raises(SecondFactorRequired):
            person.login()

    person.login(person.code())


def test_guesses_from_everywhere_are_bounded(accounts, person):
    compared = 0
    for number in range(1000):
        try:
            person.login("not a code", Client(address=f"2001:db8:{number:x}::1"))
        except SecondFactorRequired:
            compared += 1
        except TooMany:
            continue

    assert compared <= ACCOUNT_FAILURES


def test_an_offered_secret_is_not_asked_for(accounts):
    principal = accounts.who(accounts.login().token)
    first = accounts.second_factor.enroll(principal)
    second = accounts.second_factor.enroll(principal)

    assert first.secret != second.secret
    assert second.secret in second.uri
    assert second.secret not in repr(second)
    accounts.login()
    with pytest.raises(RuleViolation):
        accounts.second_factor.confirm(principal, code_at(first.secret, NOON))
    accounts.second_factor.confirm(principal, code_at(second.secret, NOON))
    with pytest.raises(Conflict):
        accounts.second_factor.enroll(principal)
    with pytest.raises(Conflict):
        accounts.second_factor.confirm(principal, code_at(second.secret, NOON))


def test_nothing_is_confirmed_that_was_not_offered(accounts):
    with pytest.raises(RuleViolation):
        accounts.second_factor.confirm(accounts.who(accounts.login().token), "123456")


def test_removing_it_takes_the_password(accounts, person):
    with pytest.raises(RuleViolation):
        accounts.second_factor.remove(person.principal, "wrong")
    with pytest.raises(SecondFactorRequired):
        person.login()

    accounts.second_factor.remove(person.principal, PASSWORD)

    assert not person.login().user.second_factor


def test_guessing_the_password_there_is_throttled(accounts, person):
    for _ in range(PAIR_FAILURES):
        with pytest.raises(RuleViolation):
            accounts.second_factor.remove(person.principal, "wrong")

    with pytest.raises(TooMany):
        accounts.second_factor.remove(person.principal, PASSWORD)


def test_an_administrator_resets_it(accounts, person):
    admin = accounts.who(accounts.login("admin@example.com").token)
    with pytest.raises(Forbidden):
        accounts.second_factor.reset(person.principal, admin.user_id)
    with pytest.raises(NotFound):
        accounts.second_factor.reset(admin, UserId("unknown"))

    accounts.second_factor.reset(admin, person.principal.user_id)

    assert not person.login().user.second_factor
    accounts.second_factor.reset(admin, person.principal.user_id)


def test_no_key_and_nobody_without_a_password_of_their_own_sets_it_up(accounts):
    person = accounts.users.get_by_email(HOST, "person@example.com")
    by_key = Principal(user_id=person.user_id, is_admin=True, via=Via.API_KEY)
    for attempt in (
        lambda: accounts.second_factor.enroll(by_key),
        lambda: accounts.second_factor.confirm(by_key, "123456"),
        lambda: accounts.second_factor.remove(by_key, PASSWORD),
        lambda: accounts.second_factor.reset(by_key, person.user_id),
    ):
        with pytest.raises(Forbidden, match="API key"):
            attempt()
    with pytest.raises(RuleViolation):
        accounts.second_factor.enroll(HOST)
    accounts.users.update(HOST, person.user_id, UserChanges(must_change_password=True))
    with pytest.raises(PasswordChangeRequired):
        accounts.second_factor.enroll(accounts.who(accounts.login().token))


def test_where_one_is_required_nothing_else_works_until_it_is_there():
    accounts = open_accounts(second_factor=SecondFactorPolicy.ADMINS)
    accounts.administrator()
    accounts.person()
    token = accounts.login("admin@example.com").token

    with pytest.raises(SecondFactorMissing):
        accounts.users.list(accounts.who(token))
    accounts.sign_in.me(accounts.who(token))
    secret = accounts.second_factor.enroll(accounts.who(token)).secret
    accounts.second_factor.confirm(accounts.who(token), code_at(secret, NOON))
    assert accounts.users.list(accounts.who(token)).total == 2
    accounts.users.generate_password(accounts.who(accounts.login().token))  # no administrator


def test_a_factor_set_up_meanwhile_is_asked_for(accounts):
    principal = accounts.who(accounts.login().token)
    secret = accounts.second_factor.enroll(principal).secret

    def enroll_meanwhile():
        accounts.hasher.on_verify = None
        accounts.second_factor.confirm(principal, code_at(secret, accounts.clock.now()))

    accounts.hasher.on_verify = enroll_meanwhile
    with pytest.raises(SecondFactorRequired):
        accounts.login()


def test_steps_are_half_minutes():
    assert step_of(NOON + timedelta(seconds=29)) == step_of(NOON)
    assert step_of(NOON + timedelta(seconds=30)) == step_of(NOON) + 1
