"""A person's requests within a minute: counted by person, refused early, and never for longer than told."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_core.domain.identifiers import UserId
from invoke_core.errors import TooMany
from invoke_core.services.rates import PICTURES, WINDOW_SECONDS, RequestRates
from invoke_core.testing.fakes import FixedClock
from tests.unit.whole_app import open_site

ANA, BEN = UserId("ana"), UserId("ben")
ME = "/api/v1/auth/me"


def let_through(rates, user_id, **kwargs):
    """Count a request; return None, or the seconds to wait."""
    try:
        rates.count(user_id, **kwargs)
    except TooMany as error:
        return error.retry_after
    return None


@settings(max_examples=100)
@given(st.integers(1, 5), st.lists(st.sampled_from([0.0, 0.5, 7.0, 29.0, 61.0]), max_size=60))
def test_within_any_minute_no_more_are_let_through(most, pauses):
    clock = FixedClock()
    rates, at = RequestRates(most, clock), []
    for pause in pauses:
        clock.advance(pause)
        now, wait = clock.monotonic(), let_through(rates, ANA)
        if wait is None:
            at.append(now)
        else:
            recent = [each for each in at if now - each < WINDOW_SECONDS]
            assert len(recent) == most  # nobody is refused without a reason
            assert recent[0] + WINDOW_SECONDS - now <= wait < recent[0] + WINDOW_SECONDS - now + 1
        assert sum(now - each < WINDOW_SECONDS for each in at) <= most


def test_who_waits_as_told_is_let_through():
    clock = FixedClock()
    rates = RequestRates(3, clock)
    for _ in range(3):
        clock.advance(0.3)
        assert let_through(rates, ANA) is None
    for _ in range(5):
        clock.advance(0.1)
        wait = let_through(rates, ANA)
        assert wait is not None

    clock.advance(wait)

    assert let_through(rates, ANA) is None


def test_each_person_has_their_own_and_pictures_are_counted_apart():
    rates = RequestRates(2, FixedClock())

    assert [let_through(rates, ANA) is None for _ in range(3)] == [True, True, False]
    assert let_through(rates, BEN) is None
    pictures = [let_through(rates, ANA, picture=True) is None for _ in range(2 * PICTURES + 1)]
    assert pictures == [True] * 2 * PICTURES + [False]


def test_without_a_limit_nothing_is_counted():
    rates = RequestRates(None, FixedClock())

    assert [let_through(rates, ANA) for _ in range(1000)] == [None] * 1000


# Over HTTP


@pytest.fixture
def site(tmp_path):
    with open_site(tmp_path, max_requests_per_minute=4) as opened:
        yield opened


def test_one_request_too_many_says_when_to_go_on(site):
    token = site.login("person@example.com").json()["token"]
    other = site.login("admin@example.com").json()["token"]
    for _ in range(4):
        assert site.ask("GET", ME, token=token).status_code == 200

    refused = site.ask("GET", ME, token=token)

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert refused.headers["content-type"] == "application/problem+json"
    assert site.ask("GET", ME, token=other).status_code == 200
    site.clock.advance(60.0)
    assert site.ask("GET", ME, token=token).status_code == 200


def test_other_sign_ins_of_the_same_person_share_the_limit(site):
    first, second = (site.login("person@example.com").json()["token"] for _ in range(2))
    for token in (first, second, first, second):
        assert site.ask("GET", ME, token=token).status_code == 200

    third = site.login("person@example.com").json()["token"]

    for token in (first, second, third):
        assert site.ask("GET", ME, token=token).status_code == 429


def test_a_refused_request_is_looked_up_nowhere(site):
    token = site.login("person@example.com").json()["token"]
    for _ in range(4):
        site.ask("GET", ME, token=token)
    asked = []
    broken = attrs.evolve(site.app.sign_in, reading=lambda: asked.append(1))
    object.__setattr__(site.app, "sign_in", broken)

    assert site.ask("GET", ME, token=token).status_code == 429
    assert asked == []


def test_a_wrong_credential_is_not_counted_for_anybody(site):
    token = site.login("person@example.com").json()["token"]
    for _ in range(9):
        assert site.ask("GET", ME, token=token + "x").status_code == 401

    assert site.ask("GET", ME, token=token).status_code == 200
