"""Single sign-on end to end: the server's process, and a certified provider that is no mock."""

import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import httpx
import pytest

from invoke_core.testing.one_time_codes import code_at
from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    person,
    running,
)
from tests.oidc_provider import CLIENT, Browser, Provider, oidc_provider, query_of, with_query

ADMINS = "invoke-admins"


@attrs.frozen
class World:
    """A server, two providers that run, and an administrator with a password."""

    server: RunningServer
    company: Provider
    partner: Provider
    ada: httpx.Client

    def begin(self, browser: Browser, name: str = "company", **query: str) -> str:
        """Return the address of the provider that the server sends a browser to."""
        url = f"{self.server.url}/api/v1/auth/oidc/{name}/login"
        answer = browser.step("GET", with_query(url, **query))
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def sign_in(self, browser: Browser, login: str, name: str = "company", **query: str) -> Any:
        """Return the answer of our callback, after the whole way."""
        return browser.step("GET", browser.comes_back(self.begin(browser, name, **query), login))

    def me(self, browser: Browser) -> Any:
        answer = browser.of(self.server.url).get("/api/v1/auth/me")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def is_in(self, browser: Browser) -> bool:
        return browser.of(self.server.url).get("/api/v1/auth/me").status_code == 200

    def account(self, email: str) -> Any:
        found = self.ada.get("/api/v1/auth/users", params={"search": email}).json()
        return next((each for each in found if each["email"] == email), None)

    def written(self, action: str) -> list[Any]:
        answer = self.ada.get("/api/v1/audit", params={"action": action, "limit": 200})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with socket.create_server(("127.0.0.1", 0)) as gone:  # nobody answers there any more
        away = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with oidc_provider() as company, oidc_provider() as partner:
        scopes = ["openid", "profile", "email", "groups"]
        settings = [
            {
                "name": "company",
                "label": "Company & Co",
                "issuer": company.issuer,
                **CLIENT,
                "scopes": scopes,
                "create_accounts": True,
                "admin_claim": "groups",
                "admin_values": [ADMINS],
            },
            {
                "name": "partner",
                "issuer": partner.issuer,
                **CLIENT,
                "scopes": scopes,
                "second_factor_claim": "factors",
                "second_factor_values": ["otp"],
            },
            {"name": "away", "issuer": away, **CLIENT},
        ]
        root = multiuser_root(tmp_path_factory.mktemp("sso") / "root", oidc_providers=settings)
        with running(root) as server:
            company.serve(server.url, "company")
            partner.tell(inIdToken=True)
            partner.serve(server.url, "partner")
            yield World(server, company, partner, first_administrator(server))


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def other() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


def test_the_providers_are_offered(world: World) -> None:
    status = httpx.get(f"{world.server.url}/api/v1/auth/status").json()
    assert status["oidc_providers"] == [
        {"name": "company", "label": "Company & Co"},
        {"name": "partner", "label": "partner"},
        {"name": "away", "label": "away"},
    ]


def test_a_new_person_gets_an_account_and_comes_back_to_it(
    world: World, browser: Browser, other: Browser
) -> None:
    world.company.person("nora")

    answer = world.sign_in(browser, "nora", next="/boards/7?sort=name")
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/boards/7?sort=name"
    nora = world.me(browser)
    assert (nora["email"], nora["display_name"]) == ("nora@example.com", "Nora")
    assert not nora["is_admin"]

    world.company.person("nora", email="elsewhere@example.com", email_verified=False)
    assert world.sign_in(other, "nora").status_code == 303
    assert world.me(other)["user_id"] == nora["user_id"]
    assert world.me(other)["email"] == "nora@example.com"


def test_the_session_is_the_pages_own(world: World, browser: Browser) -> None:
    world.company.person("cora")
    answer = world.sign_in(browser, "cora")

    set_ = {each.partition("=")[0]: each for each in answer.headers.get_list("Set-Cookie")}
    assert {"invoke_session", "invoke_csrf", "invoke_media"} <= set(set_)
    assert "HttpOnly" in set_["invoke_session"]
    assert "Max-Age=0" in set_["invoke_oidc"]
    client = browser.of(world.server.url)
    change = {"display_name": "Cora B."}
    assert client.patch("/api/v1/auth/me", json=change).status_code == 403
    headers = {"X-CSRF-Token": client.cookies["invoke_csrf"]}
    assert client.patch("/api/v1/auth/me", json=change, headers=headers).status_code == 200


def test_a_verified_address_opens_the_account_that_has_it(world: World, browser: Browser) -> None:
    add_person(world.ada, world.server, "Bea@example.com")
    world.company.person("bea")

    assert world.sign_in(browser, "bea").status_code == 303
    assert world.me(browser)["email"] == "Bea@example.com"
    (linked,) = (e for e in world.written("identity.link") if e["after"]["subject"] == "bea")
    assert linked["after"]["issuer"] == world.company.issuer
    assert person(world.server, "Bea@example.com").get("/api/v1/auth/me").status_code == 200


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "true"}])
def test_an_unverified_address_takes_nothing_over(
    world: World, browser: Browser, claims: dict[str, Any]
) -> None:
    world.company.person("mallory", email="admin@example.com", **claims)

    refused = world.sign_in(browser, "mallory")
    assert refused.status_code == 403
    assert (
        "Company &amp; Co does not vouch for your e-mail address: verify it there" in refused.text
    )
    assert not world.is_in(browser)


def test_an_address_that_somebody_else_got_opens_nothing(
    world: World, browser: Browser, other: Browser
) -> None:
    world.company.person("first-joe", email="joe@example.com")
    assert world.sign_in(browser, "first-joe").status_code == 303

    world.company.person("second-joe", email="joe@example.com")
    refused = world.sign_in(other, "second-joe")
    assert refused.status_code == 403
    assert "belongs to somebody else at Company &amp; Co" in refused.text


def test_the_admin_claim_comes_and_goes(world: World, browser: Browser, other: Browser) -> None:
    world.company.person("ron", groups=["staff", ADMINS])
    assert world.sign_in(browser, "ron").status_code == 303
    assert world.me(browser)["is_admin"]
    assert browser.of(world.server.url).get("/api/v1/auth/users").status_code == 200

    world.company.person("ron", groups=["staff"])
    assert world.sign_in(other, "ron").status_code == 303
    assert not world.me(other)["is_admin"]
    assert not world.is_in(browser)  # what began with more rights has ended


def test_a_demotion_here_holds_until_the_claim_changes(
    world: World, browser: Browser, other: Browser
) -> None:
    world.company.person("tim", groups=[ADMINS])
    world.sign_in(browser, "tim")
    tim = world.me(browser)
    url = f"/api/v1/auth/users/{tim['user_id']}"
    assert world.ada.patch(url, json={"is_admin": False}).status_code == 200

    assert world.sign_in(other, "tim").status_code == 303
    assert not world.me(other)["is_admin"]


def test_a_provider_without_create_accounts_lets_no_stranger_in(
    world: World, browser: Browser
) -> None:
    world.partner.person("sam")

    refused = world.sign_in(browser, "sam", "partner")
    assert refused.status_code == 403
    assert "You have no account here: ask an administrator" in refused.text
    assert world.account("sam@example.com") is None


def test_two_providers_lead_to_one_account(world: World, browser: Browser, other: Browser) -> None:
    world.company.person("uma")
    world.partner.person("uma-there", email="uma@example.com")

    assert world.sign_in(browser, "uma").status_code == 303
    assert world.sign_in(other, "uma-there", "partner").status_code == 303
    assert world.me(other)["user_id"] == world.me(browser)["user_id"]


def test_an_answer_of_one_provider_is_no_answer_of_another(world: World, browser: Browser) -> None:
    world.company.person("vic")
    back = browser.comes_back(world.begin(browser), "vic")

    refused = browser.step("GET", back.replace("/company/", "/partner/"))
    assert refused.status_code == 401
    assert not world.is_in(browser)


def test_a_wrong_state_is_refused(world: World, browser: Browser) -> None:
    world.company.person("wes")
    back = browser.comes_back(world.begin(browser), "wes")

    refused = browser.step("GET", with_query(back, state="x" * 43))
    assert refused.status_code == 401
    assert "begin it again" in refused.text
    assert browser.step("GET", with_query(back, state=None)).status_code == 401


def test_another_browser_cannot_finish_a_sign_in(
    world: World, browser: Browser, other: Browser
) -> None:
    world.company.person("xia")
    back = browser.comes_back(world.begin(browser), "xia")
    world.begin(other)  # so that it has a secret, of its own

    assert other.step("GET", back).status_code == 401
    assert not world.is_in(other)
    assert browser.step("GET", back).status_code == 401  # the state is used


def test_a_state_and_a_code_count_once(world: World, browser: Browser, other: Browser) -> None:
    world.company.person("yan")
    back = browser.comes_back(world.begin(browser), "yan")
    assert browser.step("GET", back).status_code == 303
    assert browser.step("GET", back).status_code == 401

    fresh = query_of(world.begin(other))["state"]
    refused = other.step("GET", with_query(back, state=fresh))
    assert refused.status_code == 401
    assert not world.is_in(other)


def test_another_nonce_is_refused(world: World, browser: Browser) -> None:
    world.company.person("zoe")
    away = with_query(world.begin(browser), nonce="another")

    refused = browser.step("GET", browser.comes_back(away, "zoe"))
    assert refused.status_code == 401
    assert not world.is_in(browser)


def test_the_provider_requires_pkce(world: World, browser: Browser) -> None:
    world.company.person("kim")
    away = world.begin(browser)
    assert query_of(away)["code_challenge_method"] == "S256"

    bare = with_query(away, code_challenge=None, code_challenge_method=None)
    answer = browser.open(bare, until="/callback?")
    assert "error=invalid_request" in answer.headers["Location"]
    assert browser.step("GET", answer.headers["Location"]).status_code == 401

    other = with_query(world.begin(browser), code_challenge="x" * 43)
    assert browser.step("GET", browser.comes_back(other, "kim")).status_code == 401
    assert not world.is_in(browser)


def test_an_expired_token_is_refused(world: World, browser: Browser) -> None:
    world.company.person("lea")
    back = browser.comes_back(world.begin(browser), "lea")

    world.company.tell(shift=-7200)  # its tokens live an hour
    try:
        refused = browser.step("GET", back)
    finally:
        world.company.tell(shift=0)
    assert refused.status_code == 401
    assert not world.is_in(browser)


def test_who_cancels_there_is_told_what_to_do(world: World, browser: Browser) -> None:
    page = browser.open(world.begin(browser))
    abort = re.search(r'href="([^"]+/abort)"', page.text)
    assert abort, page.text

    answer = browser.open(str(page.url.join(abort[1])))
    assert answer.status_code == 401
    assert "You did not sign in at Company &amp; Co: begin again" in answer.text


def test_a_provider_that_is_away_does_not_stop_passwords(world: World, browser: Browser) -> None:
    answer = browser.step("GET", f"{world.server.url}/api/v1/auth/oidc/away/login")
    assert answer.status_code == 503
    assert "away does not answer as it should: try again in a few minutes" in answer.text
    assert answer.headers["Retry-After"]

    plain = httpx.get(f"{world.server.url}/api/v1/auth/oidc/away/login")
    assert plain.status_code == 503
    assert plain.json()["type"] == "urn:invoke:problem:unavailable"
    assert person(world.server, "admin@example.com").get("/api/v1/auth/me").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_no_sign_in_leads_to_another_site(world: World, browser: Browser, path: str) -> None:
    url = f"{world.server.url}/api/v1/auth/oidc/company/login"

    assert browser.step("GET", url, params={"next": path}).status_code == 422


def test_signing_out_ends_both(world: World, browser: Browser) -> None:
    world.company.person("gil")
    world.sign_in(browser, "gil")
    client = browser.of(world.server.url)
    headers = {"X-CSRF-Token": client.cookies["invoke_csrf"]}

    done = client.post("/api/v1/auth/logout", headers=headers)
    assert done.json() == {
        "success": True,
        "provider_logout_url": "/api/v1/auth/oidc/company/logout",
    }
    assert not world.is_in(browser)

    asked = browser.open(f"{world.server.url}{done.json()['provider_logout_url']}")
    assert asked.url.host == "127.0.0.1"
    assert str(asked.url).startswith(world.company.issuer)
    back = browser.submit(asked, until=world.server.url, logout="yes")
    assert back.headers["Location"] == f"{world.server.url}/"
    page = browser.open(world.begin(browser))
    assert 'name="login"' in page.text  # the provider asks again


def test_a_second_factor_is_asked_for_unless_the_provider_vouches_for_one(
    world: World, browser: Browser, other: Browser
) -> None:
    fay = add_person(world.ada, world.server, "fay@example.com")
    secret = fay.post("/api/v1/auth/totp/enroll").json()["secret"]
    code = {"code": code_at(secret, datetime.now(UTC))}
    recovery = fay.post("/api/v1/auth/totp/confirm", json=code).json()["recovery_codes"]
    world.company.person("fay")

    page = world.sign_in(browser, "fay")
    assert page.status_code == 200
    assert "One more step" in page.text
    assert not world.is_in(browser)
    wrong = browser.submit(page, code="000000")
    assert wrong.status_code == 401
    done = browser.submit(wrong, code=recovery[0], until="/")
    assert done.status_code == 303
    assert world.me(browser)["email"] == "fay@example.com"

    there = {"email": "fay@example.com"}
    world.partner.person("fay-there", **there)
    assert world.sign_in(other, "fay-there", "partner").status_code == 200
    world.partner.person("fay-there", **there, factors=["pwd", "otp"])
    assert world.sign_in(other, "fay-there", "partner").status_code == 303


def test_a_disabled_account_stays_out(world: World, browser: Browser, other: Browser) -> None:
    world.company.person("hal")
    world.sign_in(browser, "hal")
    url = f"/api/v1/auth/users/{world.me(browser)['user_id']}"
    assert world.ada.patch(url, json={"is_active": False}).status_code == 200
    assert not world.is_in(browser)

    refused = world.sign_in(other, "hal")
    assert refused.status_code == 403
    assert "This account is disabled" in refused.text


def test_a_deleted_account_does_not_come_back_by_itself(
    world: World, browser: Browser, other: Browser
) -> None:
    world.company.person("ian")
    world.sign_in(browser, "ian")
    url = f"/api/v1/auth/users/{world.me(browser)['user_id']}"
    assert world.ada.delete(url).status_code == 204
    assert not world.is_in(browser)

    refused = world.sign_in(other, "ian")
    assert refused.status_code == 403
    assert "Your account was deleted: ask an administrator" in refused.text
    add_person(world.ada, world.server, "ian@example.com")
    assert world.sign_in(other, "ian").status_code == 303


def test_the_audit_log_tells_who_came_in_and_who_did_not(world: World, browser: Browser) -> None:
    world.company.person("may")
    world.sign_in(browser, "may")
    world.partner.person("may-not", email="may-not@example.com")
    world.sign_in(browser, "may-not", "partner")

    (came,) = (e for e in world.written("sign_in") if e["actor"]["email"] == "may@example.com")
    assert came["after"]["provider"] == "company"
    (made,) = (e for e in world.written("user.create") if e["after"].get("subject") == "may")
    assert made["after"]["email"] == "may@example.com"
    refused = world.written("sign_in.failed")[0]
    assert refused["actor"]["email"] == "may-not@example.com"
    assert refused["after"]["provider"] == "partner"
    log = (world.server.root / "logs" / "invokeai.log").read_text()
    assert "code=" not in log
    assert "state=" not in log
