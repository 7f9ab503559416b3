import threading
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.identifiers import SYSTEM
from invoke_core.domain.news import NewsKind
from invoke_core.domain.passwords import PasswordPolicy
from invoke_core.domain.principals import SINGLE_USER, Via
from invoke_core.domain.sign_in import Client, is_setup_code, setup_code, setup_code_required
from invoke_core.errors import (
    AccountDisabled,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PasswordChangeRequired,
    RuleViolation,
    SetupDone,
    Unauthenticated,
    Unavailable,
    WeakPassword,
)
from invoke_core.services.users import UserChanges
from tests.unit.accounts import AWAY, CODE, HERE, HOST, PASSWORD, open_accounts


@pytest.fixture
def accounts():
    return open_accounts()


def set_up(accounts, client=HERE, **changes):
    wanted = {"email": "admin@example.com", "password": PASSWORD} | changes
    return accounts.sign_in.setup(client, **wanted).user


# Setup


def test_the_first_administrator_is_made_once(accounts):
    assert accounts.sign_in.status(HERE).setup_required

    user = set_up(accounts, display_name="Admin")

    assert user.is_admin
    assert accounts.login("admin@example.com").user.user_id == user.user_id
    assert not accounts.sign_in.status(HERE).setup_required
    with pytest.raises(SetupDone, match="Administrator account already configured"):
        set_up(accounts, email="other@example.com")


def test_people_without_rights_do_not_end_the_setup(accounts):
    accounts.person()

    assert accounts.sign_in.status(HERE).setup_required
    with pytest.raises(Conflict):
        set_up(accounts, email="person@example.com")
    set_up(accounts)


def test_an_administrator_whom_sql_deactivated_opens_no_setup(accounts):
    user = set_up(accounts)
    with accounts.database.writing() as work:
        work.users.put(attrs.evolve(user, is_active=False))

    assert not accounts.sign_in.status(HERE).setup_required
    with pytest.raises(SetupDone):
        set_up(accounts, email="other@example.com")


def test_of_two_setups_at_once_exactly_one_wins(accounts):
    barrier = threading.Barrier(2)
    hashing = accounts.hasher.hash

    def hash_together(password):
        barrier.wait()  # both have seen that nobody administers
        return hashing(password)

    accounts.hasher.hash = hash_together
    outcomes = []

    def attempt(email):
        try:
            set_up(accounts, email=email)
            outcomes.append("made")
        except SetupDone:
            outcomes.append("refused")

    threads = [
        threading.Thread(target=attempt, args=(f"{name}@example.com",)) for name in ("a", "b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["made", "refused"]
    assert accounts.users.list(HOST).total == 1


def test_a_weak_password_or_a_bad_address_makes_no_administrator(accounts):
    with pytest.raises(WeakPassword):
        set_up(accounts, password="weak")
    with pytest.raises(Invalid):
        set_up(accounts, email="nothing")

    assert accounts.sign_in.status(HERE).setup_required


def test_localhost_is_an_address_to_try_things_with(accounts):
    assert set_up(accounts, email="admin@localhost").email == "admin@localhost"


@pytest.mark.parametrize(
    ("loopback_only", "client", "needed"),
    [(True, HERE, False), (True, AWAY, True), (False, HERE, True), (False, AWAY, True)],
)
def test_the_code_is_needed_unless_everything_is_loopback(loopback_only, client, needed):
    accounts = open_accounts(loopback_only=loopback_only)

    assert accounts.sign_in.status(client).setup_code_required == needed
    if needed:
        for wrong in (None, "", "ABCD", CODE[:-1], CODE + "A", "\ud800", "é"):
            with pytest.raises(Forbidden):
                set_up(accounts, client, code=wrong)
    set_up(accounts, client, code=CODE.lower().replace("-", " ") if needed else None)
    assert not accounts.sign_in.status(client).setup_code_required


@given(st.text())
def test_no_other_text_is_the_code(text):
    assert is_setup_code(text, CODE) == (
        "".join(text.upper().replace("-", "").split()) == CODE.replace("-", "")
    )


def test_a_code_is_long_and_easy_to_type():
    code = setup_code("secret")

    assert code == setup_code("secret") != setup_code("other")
    assert len(code) == 19
    assert is_setup_code(code, code)
    assert setup_code_required(loopback_only=True, client=Client())


# Sign-in


def test_a_sign_in_says_who_and_for_how_long(accounts):
    user = accounts.person()

    signed_in = accounts.login()
    principal = accounts.who(signed_in.token)

    assert signed_in.expires_in == 24 * 3600
    assert signed_in.user == attrs.evolve(user, last_login_at=accounts.clock.now())
    assert (principal.user_id, principal.is_admin, principal.via) == (
        user.user_id,
        False,
        Via.SESSION,
    )
    assert principal.address == "127.0.0.1"
    assert accounts.login(remember_me=True).expires_in == 7 * 24 * 3600


def test_the_address_may_be_spelled_differently(accounts):
    accounts.person("Person@Example.com")

    assert accounts.login(" pERSON@example.COM ")


def test_unknown_wrong_and_disabled_with_a_wrong_password_are_alike(accounts):
    accounts.person("one@example.com")
    disabled = accounts.person("two@example.com")
    accounts.users.update(HOST, disabled.user_id, UserChanges(is_active=False))
    said = set()

    for email, password in (
        ("one@example.com", "Wrong1234"),
        ("two@example.com", "Wrong1234"),
        ("nobody@example.com", PASSWORD),
        ("system", PASSWORD),
        ("no address", PASSWORD),
        ("", ""),
        ("x" * 100_000, PASSWORD),
        ("\ud800@example.com", "\ud800"),
    ):
        before = len(accounts.hasher.compared)
        with pytest.raises(Unauthenticated) as caught:
            accounts.login(email, password)
        said.add(str(caught.value))
        assert len(accounts.hasher.compared) == before + 1  # each costs one comparison

    assert said == {"Incorrect email or password"}


def test_a_disabled_account_says_so_to_its_right_password_alone(accounts):
    user = accounts.person()
    accounts.users.update(HOST, user.user_id, UserChanges(is_active=False))

    with pytest.raises(AccountDisabled):
        accounts.login()


def test_the_internal_account_signs_in_with_no_password(accounts):
    with accounts.database.reading() as work:
        email = work.users.get(SYSTEM).email

    for password in ("", "None", PASSWORD):
        with pytest.raises(Unauthenticated):
            accounts.login(email, password)


def paste(accounts, user, password_hash):
    """Do what the guide's SQL does: another hash, and nothing else."""
    with accounts.database.writing() as work:
        kept = work.users.get(user.user_id)
        work.users.put(attrs.evolve(kept, password_hash=password_hash))


def old_hash(accounts, password=PASSWORD):
    return accounts.hasher.hash(password).replace("new:", "old:")


def test_an_older_hash_is_upgraded_at_sign_in(accounts):
    user = accounts.person()
    paste(accounts, user, old_hash(accounts))

    accounts.login()

    assert accounts.users.get(HOST, user.user_id).password_hash == accounts.hasher.hash(PASSWORD)


def test_an_upgrade_ends_no_session_of_the_same_password(accounts):
    user = accounts.person()
    paste(accounts, user, old_hash(accounts))
    with accounts.database.writing() as work:  # a session from when the older hash was the newest
        kept = work.users.get(user.user_id)
        now = accounts.clock.now()
        session = accounts.sign_in._book.begin(work, kept, HERE, remember_me=False, now=now)
    token = accounts.sign_in._book.token(session, user, now)
    assert accounts.who(token)

    accounts.login()

    assert accounts.who(token)


def test_a_hash_pasted_into_the_database_ends_sessions_and_signs_in(accounts):
    user = accounts.person()
    token = accounts.login().token

    paste(accounts, user, old_hash(accounts, "Pasted123"))

    with pytest.raises(Unauthenticated):
        accounts.who(token)
    with pytest.raises(Unauthenticated):
        accounts.login()
    assert accounts.login(password="Pasted123")
    with pytest.raises(Unauthenticated):
        accounts.who(token)


def test_a_password_changed_during_the_sign_in_wins(accounts):
    user = accounts.person()
    paste(accounts, user, old_hash(accounts))

    def change_meanwhile():
        accounts.hasher.on_verify = None
        accounts.users.update(HOST, user.user_id, UserChanges(password="Other1234"))

    accounts.hasher.on_verify = change_meanwhile

    with pytest.raises(Unauthenticated):
        accounts.login()
    assert accounts.login(password="Other1234")


def test_a_deactivation_during_the_sign_in_wins(accounts):
    user = accounts.person()

    def deactivate_meanwhile():
        accounts.hasher.on_verify = None
        accounts.users.update(HOST, user.user_id, UserChanges(is_active=False))

    accounts.hasher.on_verify = deactivate_meanwhile

    with pytest.raises(AccountDisabled):
        accounts.login()


def test_a_deletion_during_the_sign_in_wins(accounts):
    user = accounts.person()

    def delete_meanwhile():
        accounts.hasher.on_verify = None
        accounts.users.delete(HOST, user.user_id)

    accounts.hasher.on_verify = delete_meanwhile

    with pytest.raises(Unauthenticated):
        accounts.login()


# Requests


def test_no_token_and_no_session_are_nobody(accounts):
    accounts.person()
    token = accounts.login().token
    other = open_accounts()
    other.person()

    for nobody in (None, "", "x", token + "x"):
        with pytest.raises(Unauthenticated):
            accounts.who(nobody)
    with pytest.raises(Unauthenticated):
        other.who(token)  # signed by the same key, and no session of that server


def test_rights_come_from_the_account_never_from_the_token(accounts):
    user = accounts.person()
    token = accounts.login().token
    with accounts.database.writing() as work:  # by SQL, past every rule
        work.users.put(attrs.evolve(user, is_admin=True))

    assert accounts.who(token).is_admin


def test_a_session_ends_when_it_expires(accounts):
    accounts.person()
    token = accounts.login().token

    accounts.clock.advance(timedelta(hours=24) - timedelta(seconds=1))
    assert accounts.sign_in.authenticate(token, None, background=True)
    accounts.clock.advance(1)

    with pytest.raises(Unauthenticated):
        accounts.who(token)


def test_half_a_life_gone_brings_a_fresh_token(accounts):
    accounts.person()
    token = accounts.login().token

    accounts.clock.advance(timedelta(hours=11, minutes=59))
    assert accounts.sign_in.authenticate(token, None)[1] is None
    accounts.clock.advance(timedelta(minutes=1))
    assert accounts.sign_in.authenticate(token, None, background=True)[1] is None
    fresh = accounts.sign_in.authenticate(token, None)[1]
    again = accounts.sign_in.authenticate(token, None)[1]  # the first answer may be lost

    accounts.clock.advance(timedelta(hours=13))
    with pytest.raises(Unauthenticated):
        accounts.who(token)
    for kept in (fresh, again):
        assert accounts.who(kept)
        assert len(accounts.sign_in.list_sessions(accounts.who(kept))) == 1


def test_renewals_end_thirty_days_after_the_sign_in(accounts):
    accounts.person()
    token = accounts.login().token
    begun = accounts.clock.now()

    with pytest.raises(Unauthenticated):
        while True:
            accounts.clock.advance(timedelta(hours=6))
            token = accounts.sign_in.authenticate(token, None)[1] or token

    assert accounts.clock.now() - begun == timedelta(days=30)


def test_a_busy_database_only_puts_a_renewal_off(accounts):
    accounts.person()
    token = accounts.login().token
    accounts.clock.advance(timedelta(hours=13))

    def busy():
        raise Unavailable("busy")

    sign_in = attrs.evolve(accounts.sign_in, writing=busy)
    principal, fresh = sign_in.authenticate(token, None)

    assert principal.session_id
    assert fresh is None


def test_single_user_mode_asks_nobody(accounts):
    accounts = open_accounts(multiuser=False)

    principal, fresh = accounts.sign_in.authenticate(None, "127.0.0.1")

    assert principal == attrs.evolve(SINGLE_USER, address="127.0.0.1")
    assert fresh is None
    assert accounts.sign_in.me(principal).user_id == SYSTEM
    status = accounts.sign_in.status(HERE)
    assert not status.multiuser
    assert not status.setup_required
    assert not status.setup_code_required
    with pytest.raises(Forbidden):
        set_up(accounts)
    with pytest.raises(Forbidden):
        accounts.login()
    accounts.sign_in.logout(principal)
    assert accounts.sign_in.list_sessions(principal) == []
    with pytest.raises(RuleViolation):
        accounts.sign_in.update_me(principal, display_name="x")


def test_requests_write_nothing_until_housekeeping_does(accounts):
    accounts.person()
    token = accounts.login().token
    begun = accounts.clock.now()
    accounts.clock.advance(60)
    principal = accounts.who(token)

    with accounts.database.reading() as work:
        assert work.sessions.find_with_user(principal.session_id)[0].last_seen_at == begun
    assert accounts.sign_in.list_sessions(principal)[0].last_seen_at == accounts.clock.now()

    accounts.sign_in.flush_seen()
    accounts.sign_in.flush_seen()

    with accounts.database.reading() as work:
        seen = work.sessions.find_with_user(principal.session_id)[0].last_seen_at
    assert seen == accounts.clock.now()


def test_what_could_not_be_written_is_written_next_time(accounts):
    accounts.person()
    token = accounts.login().token
    accounts.clock.advance(60)
    principal = accounts.who(token)

    def busy():
        raise Unavailable("busy")

    with pytest.raises(Unavailable):
        attrs.evolve(accounts.sign_in, writing=busy).flush_seen()
    accounts.sign_in.flush_seen()

    with accounts.database.reading() as work:
        seen = work.sessions.find_with_user(principal.session_id)[0].last_seen_at
    assert seen == accounts.clock.now()


def test_expired_sessions_are_forgotten(accounts):
    accounts.person()
    accounts.login()
    accounts.login(remember_me=True)
    accounts.clock.advance(timedelta(days=2))

    assert accounts.sign_in.remove_expired() == 1
    assert accounts.sign_in.remove_expired() == 0


# One's own account


def test_a_sign_out_is_final_and_told(accounts):
    user = accounts.person()
    token, other = accounts.login().token, accounts.login().token
    principal = accounts.who(token)

    accounts.sign_in.logout(principal)

    with pytest.raises(Unauthenticated):
        accounts.who(token)
    assert accounts.who(other)
    ended = [dict(n.body) for n in accounts.news() if n.kind is NewsKind.SESSION_ENDED]
    assert ended == [{"user_id": user.user_id, "session_id": principal.session_id}]


def test_a_new_password_ends_the_other_sessions_and_goes_on_under_a_new_token(accounts):
    accounts.person()
    token, other = accounts.login().token, accounts.login().token
    principal = accounts.who(token)

    changed = accounts.sign_in.update_me(
        principal, current_password=PASSWORD, new_password="Other1234"
    )

    for old in (token, other):
        with pytest.raises(Unauthenticated):
            accounts.who(old)
    assert accounts.who(changed.token).session_id == principal.session_id
    assert accounts.login(password="Other1234")
    with pytest.raises(Unauthenticated):
        accounts.login()
    ended = {n.body["session_id"] for n in accounts.news() if n.kind is NewsKind.SESSION_ENDED}
    assert principal.session_id not in ended
    assert None not in ended
    assert len(ended) == 1


def test_a_new_name_ends_nothing(accounts):
    accounts.person()
    token = accounts.login().token

    changed = accounts.sign_in.update_me(accounts.who(token), display_name=" New ")

    assert changed.user.display_name == "New"
    assert changed.token is None
    assert accounts.who(token)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"new_password": "Other1234"}, Invalid),
        ({"new_password": "Other1234", "current_password": "Wrong1234"}, RuleViolation),
        ({"new_password": "weak", "current_password": PASSWORD}, WeakPassword),
        ({"new_password": PASSWORD, "current_password": PASSWORD}, RuleViolation),
        ({"new_password": "", "current_password": PASSWORD}, Invalid),
        ({"display_name": ""}, Invalid),
    ],
)
def test_a_refused_change_of_ones_own_changes_nothing(accounts, changes, error):
    accounts.person()
    token = accounts.login().token
    before = accounts.sign_in.me(accounts.who(token))

    with pytest.raises(error):
        accounts.sign_in.update_me(accounts.who(token), **changes)

    assert accounts.sign_in.me(accounts.who(token)) == before


def test_two_new_passwords_at_once_do_not_overwrite_each_other(accounts):
    user = accounts.person()
    principal = accounts.who(accounts.login().token)

    def change_meanwhile():
        accounts.hasher.on_verify = None
        accounts.users.update(HOST, user.user_id, UserChanges(password="Theirs123"))

    accounts.hasher.on_verify = change_meanwhile

    with pytest.raises(Conflict):
        accounts.sign_in.update_me(principal, current_password=PASSWORD, new_password="Other1234")
    assert accounts.login(password="Theirs123")


def test_with_a_password_to_change_little_else_works(accounts):
    accounts.person(must_change_password=True)
    token = accounts.login().token
    principal = accounts.who(token)

    assert accounts.sign_in.me(principal).must_change_password
    for attempt in (
        lambda: accounts.sign_in.list_sessions(principal),
        lambda: accounts.sign_in.end_session(principal, "x"),
        lambda: accounts.sign_in.end_other_sessions(principal),
        lambda: accounts.users.directory(principal, "person"),
        lambda: accounts.users.generate_password(principal),
    ):
        with pytest.raises(PasswordChangeRequired):
            attempt()
    changed = accounts.sign_in.update_me(
        principal, current_password=PASSWORD, new_password="Other1234"
    )
    assert not accounts.who(changed.token).must_change_password
    accounts.sign_in.logout(accounts.who(changed.token))


def test_one_ends_ones_own_sessions_and_nobody_elses(accounts):
    accounts.person()
    accounts.person("other@example.com")
    mine, second, third = (accounts.login().token for _ in range(3))
    theirs = accounts.who(accounts.login("other@example.com").token)
    principal = accounts.who(mine)

    assert len(accounts.sign_in.list_sessions(principal)) == 3
    with pytest.raises(NotFound):
        accounts.sign_in.end_session(principal, theirs.session_id)
    accounts.sign_in.end_session(principal, accounts.who(second).session_id)
    with pytest.raises(Unauthenticated):
        accounts.who(second)
    accounts.sign_in.end_other_sessions(principal)
    with pytest.raises(Unauthenticated):
        accounts.who(third)
    assert accounts.who(mine)
    assert [s.session_id for s in accounts.sign_in.list_sessions(theirs)] == [theirs.session_id]


def test_a_server_that_is_not_strict_warns():
    accounts = open_accounts(policy=PasswordPolicy(strict=False))
    saved = accounts.sign_in.setup(HERE, email="admin@example.com", password="weak")

    assert len(saved.warnings) == 3
    assert not accounts.sign_in.status(HERE).strict_password_checking
