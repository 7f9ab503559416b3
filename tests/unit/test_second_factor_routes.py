import pytest

from invoke_core.domain.second_factor import SecondFactorPolicy
from invoke_core.testing.one_time_codes import code_at
from tests.unit.whole_app import PASSWORD, open_site

AUTH = "/api/v1/auth"


@pytest.fixture
def site(tmp_path):
    with open_site(tmp_path) as site:
        yield site


def enrolled(site, token):
    offered = site.ask("POST", f"{AUTH}/totp/enroll", token=token)
    assert offered.status_code == 200, offered.text
    assert set(offered.json()) == {"secret", "otpauth_uri"}
    secret = offered.json()["secret"]
    body = {"code": code_at(secret, site.clock.now())}
    confirmed = site.ask("POST", f"{AUTH}/totp/confirm", token=token, json=body)
    assert confirmed.status_code == 200, confirmed.text
    site.clock.advance(30)
    return secret, confirmed.json()["recovery_codes"]


def test_a_sign_in_with_a_second_factor(site):
    token = site.login().json()["token"]
    secret, recovery = enrolled(site, token)

    wanted = site.login()
    assert wanted.status_code == 401
    assert wanted.json()["type"].endswith("second-factor-required")
    wrong = site.login(totp="nonsense")
    assert wrong.json()["type"].endswith("second-factor-required")
    assert site.login(password="wrong").json()["detail"] == "Incorrect email or password"
    assert site.login(totp=code_at(secret, site.clock.now())).status_code == 200
    assert len(recovery) == 10
    assert site.login(totp=recovery[0]).status_code == 200
    assert site.login(totp=recovery[0]).status_code == 401


def test_it_is_removed_with_the_password_and_reset_by_administrators(site):
    admin = site.login("admin@example.com").json()["token"]
    token = site.login().json()["token"]
    user_id = site.ask("GET", f"{AUTH}/me", token=token).json()["user_id"]
    path = f"{AUTH}/users/{user_id}"

    enrolled(site, token)
    assert site.ask("GET", path, token=admin).json()["second_factor"] is True
    assert site.ask("DELETE", f"{path}/totp", token=token).status_code == 403
    assert site.ask("DELETE", f"{path}/totp", token=admin).status_code == 204
    assert site.ask("GET", path, token=admin).json()["second_factor"] is False
    assert site.login().status_code == 200
    enrolled(site, token)
    wrong = site.ask("DELETE", f"{AUTH}/totp", token=token, json={"password": "wrong"})
    assert wrong.status_code == 400
    gone = site.ask("DELETE", f"{AUTH}/totp", token=token, json={"password": PASSWORD})
    assert gone.status_code == 204
    assert site.login().status_code == 200


def test_where_everyone_needs_one_the_rest_is_403_until_then(tmp_path):
    with open_site(tmp_path, require_second_factor=SecondFactorPolicy.EVERYONE) as site:
        token = site.login().json()["token"]

        refused = site.ask("GET", "/api/v1/boards/", token=token)
        assert refused.status_code == 403
        assert refused.json()["type"].endswith("second-factor-setup-required")
        assert site.ask("GET", f"{AUTH}/me", token=token).status_code == 200
        enrolled(site, token)
        assert site.ask("GET", "/api/v1/boards/", token=token).status_code == 200
