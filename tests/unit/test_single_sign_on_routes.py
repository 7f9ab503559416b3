"""Single sign-on over HTTP: cookies, redirects, refusals as pages and as problems, who may untie."""

import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from invoke_apps.web.threads import THREADS
from invoke_core.domain.identities import ProviderRules, Vouched
from invoke_core.errors import Unavailable
from invoke_core.services.single_sign_on import Provider
from invoke_core.testing.one_time_codes import code_at
from tests.unit.whole_app import HOST, Site, open_site

LOGIN = "/api/v1/auth/oidc/company/login"
CALLBACK = "/api/v1/auth/oidc/company/callback"
TOTP = "/api/v1/auth/totp"
LOGOUT = "/api/v1/auth/oidc/company/logout"


class Company:
    """A provider where whoever comes is the person with an account here."""

    def __init__(self) -> None:
        self.callbacks: list[str] = []
        self.end: str | None = None
        self.away = False
        self.hangs: threading.Event | None = None
        self.asked = threading.Semaphore(0)

    def sign_in_address(self, callback: str, handshake: Any) -> str:
        self.asked.release()
        if self.hangs is not None:
            assert self.hangs.wait(timeout=60)
        if self.away:
            raise Unavailable("<Company> does not answer.", retry_after=60)
        self.callbacks.append(callback)
        return f"https://id.example.com/?{handshake.state}"

    def vouch(self, callback: str, handshake: Any, answer: Mapping[str, str], now: Any) -> Vouched:
        self.callbacks.append(callback)
        claims = {"email": "person@example.com", "email_verified": True}
        return Vouched(issuer="https://id.example.com", subject="7", id_token=claims, userinfo={})

    def sign_out_address(self, back: str) -> str | None:
        return self.end and f"{self.end}?back={back}"


class World:
    def __init__(self, site: Site, company: Company) -> None:
        self.site = site
        self.company = company

    def depart(self, **query: str) -> tuple[str, dict[str, str]]:
        """Return the state of a sign-in, and the cookies that the browser keeps."""
        answer = self.site.ask("GET", LOGIN, params=query, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.headers["Location"].partition("?")[2], cookies_of(answer)

    def arrive(self, state: str, cookies: dict[str, str], **more: Any) -> Any:
        params = {"state": state, "code": "c"}
        return self.site.ask(
            "GET", CALLBACK, params=params, cookies=cookies, follow_redirects=False, **more
        )


def cookies_of(answer: Any) -> dict[str, str]:
    lines = [line.partition(";")[0] for line in answer.headers.get_list("Set-Cookie")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def lines_of(answer: Any) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in answer.headers.get_list("Set-Cookie")}


def opened(root: Path, **settings: Any) -> Iterator[World]:
    company = Company()
    rules = ProviderRules(name="company", label="<Company>")
    with open_site(root, providers={"company": Provider(rules, company)}, **settings) as site:
        yield World(site, company)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from opened(tmp_path)


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[World]:
    yield from opened(tmp_path, scheme="https")


def test_a_browser_leaves_comes_back_and_is_signed_in(world: World) -> None:
    answer = world.arrive(*world.depart(next="/boards/7"))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/boards/7")
    cookies = cookies_of(answer)
    me = world.site.ask("GET", "/api/v1/auth/me", cookies=cookies)
    assert me.json()["email"] == "person@example.com"
    assert world.company.callbacks == [f"http://127.0.0.1{CALLBACK}"] * 2


def test_the_secret_of_a_browser_is_kept_as_a_sign_in_is(world: World, tmp_path: Path) -> None:
    answer = world.site.ask("GET", LOGIN, follow_redirects=False)

    line = lines_of(answer)["invoke_oidc"]
    for word in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=600"):
        assert word in line
    assert "Secure" not in line
    back = world.arrive(*world.depart())
    assert "Max-Age=0" in lines_of(back)["invoke_oidc"]


def test_on_https_it_comes_from_this_host_alone(encrypted: World) -> None:
    state, cookies = encrypted.depart()
    assert list(cookies) == ["__Host-invoke_oidc"]

    assert (
        encrypted.arrive(state, {"invoke_oidc": cookies["__Host-invoke_oidc"]}).status_code == 401
    )
    state, cookies = encrypted.depart()
    done = encrypted.arrive(state, cookies)
    assert {"__Host-invoke_session", "__Host-invoke_csrf"} <= set(cookies_of(done))
    assert encrypted.company.callbacks[0].startswith("https://127.0.0.1/")


def test_the_setting_names_the_address_that_the_browser_comes_back_to(tmp_path: Path) -> None:
    for world in opened(tmp_path, base_url="https://invoke.example.com/studio/"):
        world.depart()
        assert world.company.callbacks == [f"https://invoke.example.com/studio{CALLBACK}"]


def test_a_parameter_that_comes_twice_counts_not_at_all(world: World) -> None:
    state, cookies = world.depart()
    path = f"{CALLBACK}?state={state}&state={state}&code=c"

    assert world.site.ask("GET", path, cookies=cookies).status_code == 401


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (CALLBACK, 401, "begin it again"),
        (f"{LOGIN}?next=//evil", 422, "leads nowhere else"),
        ("/api/v1/auth/oidc/unknown/login", 404, "There is no provider"),
    ],
)
def test_people_are_refused_with_a_page_and_programs_with_a_problem(
    world: World, path: str, status: int, words: str
) -> None:
    page = world.site.ask("GET", path, headers={"Accept": "text/html"})
    assert page.status_code == status
    assert page.headers["Content-Type"].startswith("text/html")
    assert words in page.text
    assert "Back to the start" in page.text
    assert "script" not in page.headers["Content-Security-Policy"]

    problem = world.site.ask("GET", path)
    assert problem.status_code == status
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert words in problem.json()["detail"]


def test_a_provider_that_is_away_is_a_503_that_is_escaped(world: World) -> None:
    world.company.away = True
    page = world.site.ask("GET", LOGIN, headers={"Accept": "text/html"})

    assert (page.status_code, page.headers["Retry-After"]) == (503, "60")
    assert "&lt;Company&gt; does not answer" in page.text
    assert world.site.login().status_code == 200


def test_a_provider_that_hangs_keeps_nobody_else_waiting(world: World) -> None:
    client, waiting = world.site.client, THREADS["outside"] + 4
    world.company.hangs = threading.Event()
    with ThreadPoolExecutor(waiting) as people:
        asked = [people.submit(client.get, LOGIN, follow_redirects=False) for _ in range(waiting)]
        try:
            for _ in range(THREADS["outside"]):
                assert world.company.asked.acquire(timeout=60)
            assert world.site.login().status_code == 200
            assert world.site.ask("GET", "/api/v1/auth/status").status_code == 200
            assert not any(each.done() for each in asked)
        finally:
            world.company.hangs.set()
        assert {each.result().status_code for each in asked} == {303}


def test_a_refused_sign_in_sets_no_session(world: World) -> None:
    state, _ = world.depart()
    answer = world.arrive(state, {"invoke_oidc": "x" * 43})

    assert answer.status_code == 401
    assert "invoke_session" not in cookies_of(answer)


def test_a_page_asks_for_a_code_and_takes_it(world: World) -> None:
    token = world.site.login().json()["token"]
    secret = world.site.ask("POST", f"{TOTP}/enroll", token=token).json()["secret"]
    code = {"code": code_at(secret, world.site.clock.now())}
    codes = world.site.ask("POST", f"{TOTP}/confirm", token=token, json=code).json()
    state, cookies = world.depart(next="/boards/7")

    asking = world.arrive(state, cookies)
    assert asking.status_code == 200
    assert "invoke_session" not in cookies_of(asking)
    assert cookies_of(asking)["invoke_oidc"] == cookies["invoke_oidc"]
    assert "form-action 'self'" in asking.headers["Content-Security-Policy"]
    form = re.search(r'action="([^"]+)"[^$]+name=ticket value="([^"]+)"', asking.text)
    assert form
    path, ticket = form.groups()
    assert path == "/api/v1/auth/oidc/company/code"

    def typed(code: str, **changes: Any) -> Any:
        given = {"cookies": cookies, "follow_redirects": False, **changes}
        return world.site.ask("POST", path, data={"ticket": ticket, "code": code}, **given)

    wrong = typed("123456")
    assert (wrong.status_code, ticket in wrong.text) == (401, True)
    assert "This code is not right" in wrong.text
    recovery = codes["recovery_codes"][0]
    assert typed(recovery, headers={"Origin": "https://evil.example"}).status_code == 403
    assert typed(recovery, cookies={}).status_code == 401
    done = typed(recovery)
    assert (done.status_code, done.headers["Location"]) == (303, "/boards/7")
    me = world.site.ask("GET", "/api/v1/auth/me", cookies=cookies_of(done))
    assert me.json()["email"] == "person@example.com"


def test_signing_out_says_where_to_go_on(world: World) -> None:
    cookies = cookies_of(world.arrive(*world.depart()))
    headers = {"X-CSRF-Token": cookies["invoke_csrf"]}
    done = world.site.ask("POST", "/api/v1/auth/logout", cookies=cookies, headers=headers)
    assert done.json() == {"success": True, "provider_logout_url": LOGOUT}

    token = world.site.login().json()["token"]
    done = world.site.ask("POST", "/api/v1/auth/logout", token=token)
    assert done.json() == {"success": True}

    there = world.site.ask("GET", LOGOUT, follow_redirects=False)
    assert (there.status_code, there.headers["Location"]) == (303, "http://127.0.0.1/")
    world.company.end = "https://id.example.com/end"
    there = world.site.ask("GET", LOGOUT, follow_redirects=False)
    assert urlsplit(there.headers["Location"]).netloc == "id.example.com"


def test_administrators_see_and_untie_identities(world: World) -> None:
    cookies = cookies_of(world.arrive(*world.depart()))
    person = world.site.app.users.get_by_email(HOST, "person@example.com")
    admin = world.site.login("admin@example.com").json()["token"]
    url = f"/api/v1/auth/users/{person.user_id}/identities"

    page = world.site.ask("GET", url, token=admin).json()
    assert (page["offset"], page["limit"], page["total"]) == (0, 50, 1)
    (identity,) = page["items"]
    assert set(identity) == {"identity_id", "issuer", "subject", "created_at"}
    assert world.site.ask("GET", url, cookies=cookies).status_code == 403
    own = f"{url}/{identity['identity_id']}"
    assert world.site.ask("DELETE", f"{url}/unknown", token=admin).status_code == 404
    assert world.site.ask("DELETE", own, token=admin).status_code == 204
    assert world.site.ask("GET", url, token=admin).json()["items"] == []
    assert world.site.ask("GET", "/api/v1/auth/me", cookies=cookies).status_code == 401


def test_in_single_user_mode_no_provider_is_offered(tmp_path: Path) -> None:
    for world in opened(tmp_path, multiuser=False):
        status = world.site.ask("GET", "/api/v1/auth/status").json()
        assert status["oidc_providers"] == []
        assert world.site.ask("GET", LOGIN).status_code == 403


def test_the_start_page_offers_them_escaped(world: World) -> None:
    page = world.site.ask("GET", "/", headers={"Accept": "text/html"})

    assert "Sign in with &lt;Company&gt;</a>" in page.text
