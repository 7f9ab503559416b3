"""API keys: what programs may do with them, and what they may not."""

from datetime import datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_apps.web.scopes import needed_scope
from invoke_core.domain.api_keys import MAX_KEYS, is_key, key_digest, within_scope
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import Principal, Scope, Via
from invoke_core.errors import (
    Forbidden,
    Invalid,
    NotFound,
    PasswordChangeRequired,
    RuleViolation,
    TooMany,
    Unauthenticated,
)
from invoke_core.services.api_keys import ApiKeyService
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import NOON
from invoke_core.testing.fakes import FakeRandomness
from tests.unit.accounts import HOST, PASSWORD, open_accounts

BY_KEY = Principal(user_id=UserId("u"), is_admin=True, via=Via.API_KEY, scope=Scope.FULL)
ORDER = [Scope.READ, Scope.GENERATE, Scope.FULL]
SCOPES = st.sampled_from(ORDER)


@given(SCOPES, st.none() | SCOPES)
def test_a_key_does_what_its_scope_includes_and_no_more(scope, needed):
    principal = attrs.evolve(BY_KEY, scope=scope)

    if needed is None or ORDER.index(needed) > ORDER.index(scope):
        with pytest.raises(Forbidden):
            within_scope(principal, needed)
    else:
        acting = within_scope(principal, needed)
        assert acting.user_id == principal.user_id
        assert acting.is_admin == (needed is not Scope.GENERATE or scope is Scope.FULL)


@given(st.none() | SCOPES)
def test_who_has_no_key_is_not_limited(needed):
    principal = Principal(user_id=UserId("u"), is_admin=True, via=Via.SESSION)

    assert within_scope(principal, needed) is principal


@pytest.fixture
def accounts():
    accounts = open_accounts()
    accounts.administrator()
    accounts.person()
    return accounts


@pytest.fixture
def keys(accounts):
    database = accounts.database
    return ApiKeyService(database.reading, database.writing, accounts.clock, FakeRandomness(seed=5))


@pytest.fixture
def person(accounts):
    return accounts.who(accounts.login().token)


def test_a_key_speaks_for_its_owner_and_is_kept_as_a_digest_alone(accounts, keys, person):
    made = keys.create(person, name="  Script ", scope=Scope.GENERATE)

    assert is_key(made.text)
    assert made.text not in repr(made)
    assert made.key.name == "Script"
    assert made.key.digest == key_digest(made.text)
    assert keys.list(person) == [made.key]
    principal = accounts.who(made.text)
    assert (principal.user_id, principal.via, principal.scope) == (
        person.user_id,
        Via.API_KEY,
        Scope.GENERATE,
    )
    assert principal.session_id is None


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "x", lambda t: "ivk_"])
def test_another_text_is_no_key(accounts, keys, person, change):
    text = keys.create(person, name="n", scope=Scope.FULL).text

    with pytest.raises(Unauthenticated):
        accounts.who(change(text))


def test_what_is_kept_opens_nothing(accounts, keys, person):
    key = keys.create(person, name="n", scope=Scope.FULL).key

    for text in (key.digest, f"ivk_{key.digest}", key.key_id, f"ivk_{key.key_id}"):
        with pytest.raises(Unauthenticated):
            accounts.who(text)


def test_a_key_ends_at_its_time(accounts, keys, person):
    text = keys.create(
        person, name="n", scope=Scope.READ, expires_at=NOON + timedelta(hours=1)
    ).text

    accounts.clock.advance(3599)
    accounts.who(text)
    accounts.clock.advance(1)
    with pytest.raises(Unauthenticated):
        accounts.who(text)


def test_a_removed_key_is_dead_at_once_and_it_is_told(accounts, keys, person):
    made = keys.create(person, name="n", scope=Scope.READ)
    other = keys.create(person, name="o", scope=Scope.READ)

    keys.remove(person, made.key.key_id)

    with pytest.raises(Unauthenticated):
        accounts.who(made.text)
    accounts.who(other.text)
    assert accounts.news()[-1].body["session_id"] == made.key.key_id


def test_only_the_owner_sees_and_removes_a_key(accounts, keys, person):
    admin = accounts.who(accounts.login("admin@example.com").token)
    key = keys.create(person, name="n", scope=Scope.READ).key

    assert keys.list(admin) == []
    with pytest.raises(NotFound):
        keys.remove(admin, key.key_id)
    assert keys.list(person) == [key]


def test_a_deactivation_ends_keys_for_good(accounts, keys, person):
    text = keys.create(person, name="n", scope=Scope.FULL).text

    accounts.users.update(HOST, person.user_id, UserChanges(is_active=False))
    with pytest.raises(Unauthenticated):
        accounts.who(text)
    accounts.users.update(HOST, person.user_id, UserChanges(is_active=True))
    with pytest.raises(Unauthenticated):
        accounts.who(text)


def test_a_key_has_the_rights_that_its_owner_has_now(accounts, keys):
    second = accounts.administrator("second@example.com")
    admin = accounts.who(accounts.login("second@example.com").token)
    text = keys.create(admin, name="n", scope=Scope.FULL).text
    assert accounts.who(text).is_admin

    accounts.users.update(HOST, second.user_id, UserChanges(is_admin=False))
    assert not accounts.who(text).is_admin
    accounts.users.update(HOST, second.user_id, UserChanges(must_change_password=True))
    with pytest.raises(PasswordChangeRequired):
        accounts.users.generate_password(accounts.who(text))


def test_a_key_changes_no_credentials(accounts, keys):
    admin = accounts.who(accounts.login("admin@example.com").token)
    person = accounts.users.get_by_email(HOST, "person@example.com")
    by_key = accounts.who(keys.create(admin, name="n", scope=Scope.FULL).text)
    refused = [
        lambda: keys.list(by_key),
        lambda: keys.create(by_key, name="n", scope=Scope.READ),
        lambda: keys.remove(by_key, "x"),
        lambda: accounts.sign_in.update_me(by_key, display_name="n"),
        lambda: accounts.sign_in.list_sessions(by_key),
        lambda: accounts.sign_in.end_session(by_key, "x"),
        lambda: accounts.sign_in.end_other_sessions(by_key),
        lambda: accounts.users.create(by_key, email="n@example.com", password=PASSWORD),
        lambda: accounts.users.unlock(by_key, person.user_id),
        *(
            lambda change=change: accounts.users.update(by_key, person.user_id, change)
            for change in (
                UserChanges(password=PASSWORD),
                UserChanges(email="n@example.com"),
                UserChanges(is_admin=True),
                UserChanges(must_change_password=False),
            )
        ),
    ]

    for attempt in refused:
        with pytest.raises(Forbidden, match="API key"):
            attempt()
    accounts.users.update(by_key, person.user_id, UserChanges(note="by a program"))


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b"])
def test_a_key_has_a_readable_name(keys, person, name):
    with pytest.raises(Invalid):
        keys.create(person, name=name, scope=Scope.READ)


@pytest.mark.parametrize("end", [NOON, NOON - timedelta(days=1), datetime(2030, 1, 1)])
def test_the_end_of_a_key_lies_ahead_and_has_a_time_zone(keys, person, end):
    with pytest.raises(Invalid):
        keys.create(person, name="n", scope=Scope.READ, expires_at=end)


def test_a_person_has_fifty_keys_at_most_and_the_internal_account_none(keys, person):
    for number in range(MAX_KEYS):
        keys.create(person, name=f"{number}", scope=Scope.READ)

    with pytest.raises(TooMany):
        keys.create(person, name="one more", scope=Scope.READ)
    with pytest.raises(RuleViolation):
        keys.create(HOST, name="n", scope=Scope.READ)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/boards", Scope.READ),
        ("HEAD", "/api/v1/images/i/{image_name}/full", Scope.READ),
        ("POST", "/api/v1/boards", Scope.FULL),
        ("PUT", "/api/v1/queue/{queue_id}/processor/pause", Scope.FULL),
        ("GET", "/api/v1/auth/sessions", None),
        ("POST", "/api/v1/auth/something/new", None),
        ("GET", "/api/v1/auth", None),
        ("DELETE", "/something/new", Scope.FULL),
    ],
)
def test_a_route_that_is_not_named_is_closed_to_keys_that_reach_too_little(method, path, scope):
    assert needed_scope(method, path) == scope
