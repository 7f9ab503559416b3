"""Controls C10 and C13 to C18 over the whole application; the full counts: `benchmarks.tokens`."""

import pytest

from benchmarks.tokens import (
    CAUSES,
    answered_after_sign_out,
    ask_with,
    changed_claims,
    days_of_renewals,
    decoded,
    forged_headers,
    keyed_site,
    media_routes,
    misused_cookies,
    rows_changed_by_reading,
    seen_without_right,
    sessions_after_renewals,
    shifted_times,
    signed,
    stale_successes,
)

ME = "/api/v1/auth/me"


@pytest.fixture(scope="module")
def site():
    with keyed_site() as site:
        yield site


@pytest.fixture
def token(site):
    return site.login().json()["token"]


def test_a_token_that_we_sign_ourselves_counts(site, token):
    header, payload, _ = token.split(".")

    assert signed(header, payload) == token
    assert site.ask("GET", ME, token=signed(header, payload)).status_code == 200


def test_forty_forged_headers_are_refused(site, token):
    statuses = ask_with(site, forged_headers(token))

    assert len({name for name, _ in statuses}) >= 40
    assert [found for found in statuses if found[1] != 401] == []


def test_every_claim_is_needed_and_of_its_type(site, token):
    assert [found for found in ask_with(site, changed_claims(token)) if found[1] != 401] == []


def test_times_count_with_half_a_minute_of_leeway(site, token):
    now = int(site.clock.now().timestamp())
    for name, text, counts in shifted_times(token, now):
        assert (site.ask("GET", ME, token=text).status_code == 200) == counts, name


def test_the_server_does_not_trust_the_claims_that_are_for_display(site, token):
    from benchmarks.tokens import encoded

    header, payload, _ = token.split(".")
    claims = {**decoded(payload), "is_admin": True, "email": "admin@example.com"}
    lying = signed(header, encoded(claims))

    assert site.ask("GET", ME, token=lying).json()["email"] == "person@example.com"
    assert site.ask("GET", "/api/v1/auth/users", token=lying).status_code == 403


@pytest.mark.parametrize("cause", CAUSES)
def test_a_sign_in_is_dead_at_the_next_request(site, cause):
    assert stale_successes(site, cause, 10) == []


def test_a_signed_out_token_is_answered_nowhere(site):
    assert answered_after_sign_out(site) == []


def test_renewals_end_on_the_thirtieth_day():
    assert days_of_renewals(40) == pytest.approx(30, abs=0.25)


def test_renewals_at_once_leave_one_session():
    assert sessions_after_renewals(30) == (30, 1)


def test_cookies_count_nowhere_but_where_they_should(site):
    assert misused_cookies(site) == []


def test_reading_changes_no_row():
    called, changed = rows_changed_by_reading()

    assert called > 30
    assert changed == []


def test_bytes_are_shown_to_nobody_without_a_session_or_a_grant(site):
    assert len(media_routes(site)) >= 4
    asked, wrong = seen_without_right(site)

    assert asked >= 36
    assert wrong == []
