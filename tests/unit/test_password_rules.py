"""What a new password meets on its way in: one verdict everywhere, history, age, strength."""

import json
from contextlib import contextmanager
from datetime import timedelta

import attrs
import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from invoke_adapters.zxcvbn_list import CommonPasswords, ZxcvbnMeter
from invoke_apps.cli import _accounts
from invoke_apps.cli import user as commands
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.app import create_app
from invoke_core.domain.passwords import PasswordPolicy
from invoke_core.errors import Invalid, PasswordChangeRequired, RuleViolation, WeakPassword
from invoke_core.services.users import UserChanges
from tests.unit.accounts import HERE, HOST, PASSWORD, open_accounts

EMAIL, NAME = "margaret@apollo.example", "Margaret Hamilton"

VECTORS = [  # (password, the guide's verdict, that of nist)
    ("TempPass123", True, False),
    ("AdminPass123", True, False),
    ("NewPassword123", True, False),
    ("Aa345678", True, False),
    ("Aa34567", False, False),
    ("lowercase-only-9", False, True),
    ("UPPERCASE-ONLY-9", False, True),
    ("No digits in here", False, True),
    ("correct horse battery staple", False, True),
    ("Correct horse battery staple 7", True, True),
    ("Password1", False, False),
    ("P@ssw0rd", False, False),
    ("qwertyuiop", False, False),
    ("Margaret1", False, False),
    ("1!Margaret!2026", False, False),
    ("Apollo2026!!!!!!!!", False, False),
    ("HAMILTON-hamilton-1", True, True),
    ("InvokeAI-12345678", False, False),
    ("Äpfel und Birnen 1", True, True),
    ("", False, False),
]


@contextmanager
def api(tmp_path, profile):
    with in_memory(Settings(root=tmp_path, multiuser=True, password_profile=profile)) as app:
        app.users.create(
            HOST, email="root@else.example", password="Steering-Wheel-77", is_admin=True
        )
        with TestClient(create_app(app), base_url="http://127.0.0.1") as client:
            answer = client.post(
                "/api/v1/auth/login",
                json={"email": "root@else.example", "password": "Steering-Wheel-77"},
            )
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield app, client


@pytest.mark.parametrize("profile", ["guide", "nist"])
def test_every_way_in_gives_one_verdict(tmp_path, monkeypatch, profile):
    verdicts = {}
    with api(tmp_path, profile) as (app, client):

        @contextmanager
        def opened(root):
            yield app

        monkeypatch.setattr(commands, "opened", opened)
        monkeypatch.setattr(_accounts, "opened", opened)
        body = {"email": EMAIL, "display_name": NAME}

        def by_service(password):
            try:
                user = app.users.create(
                    HOST, email=EMAIL, password=password, display_name=NAME
                ).user
            except (WeakPassword, Invalid):
                return False
            app.users.delete(HOST, user.user_id)
            return True

        def by_api(password):
            answer = client.post("/api/v1/auth/users", json={**body, "password": password})
            if answer.status_code == 201:
                client.delete(f"/api/v1/auth/users/{answer.json()['user_id']}")
            assert answer.status_code in {201, 400, 422}
            return answer.status_code == 201

        def by_command(password):
            arguments = ["-e", EMAIL, "-n", NAME, "--password-stdin"]
            result = CliRunner().invoke(commands.useradd, arguments, input=f"{password}\n")
            if result.exit_code == 0:
                CliRunner().invoke(commands.userdel, ["-e", EMAIL, "-f"])
            return result.exit_code == 0

        def by_invitation(password):
            token = client.post("/api/v1/auth/users", json=body).json()
            body_ = {"token": token["invitation_url"].rpartition("/")[2], "password": password}
            strength = client.post("/api/v1/auth/password-strength", json=body_).json()
            answer = client.post("/api/v1/auth/invitations/accept", json=body_)
            client.delete(f"/api/v1/auth/users/{token['user_id']}")
            assert strength["accepted"] is (answer.status_code == 200)
            return answer.status_code == 200

        for password, guide, nist in VECTORS:
            wanted = guide if profile == "guide" else nist
            ways = (by_service, by_api, by_command, by_invitation)
            verdicts[password] = [way(password) for way in ways]
            assert verdicts[password] == [wanted] * 4, password
    assert len(verdicts) == 20


@pytest.mark.parametrize("characters", [64, 1024])
def test_long_passwords_are_taken(characters):
    accounts = open_accounts(policy=PasswordPolicy(common=CommonPasswords()))
    password = ("Ünmistakable 7 " * 100)[:characters]
    accounts.users.create(HOST, email="long@example.com", password=password)

    assert accounts.login("long@example.com", password)


# History

HISTORY = PasswordPolicy(history=3)
FIRST, SECOND, THIRD, FOURTH = "First-Pass-1", "Second-Pass-2", "Third-Pass-3", "Fourth-Pass-4"


def changing(accounts, old, new):
    who = accounts.who(accounts.login(password=old).token)
    return accounts.sign_in.update_me(who, current_password=old, new_password=new)


def test_the_last_passwords_are_not_taken_again():
    accounts = open_accounts(policy=HISTORY)
    accounts.users.create(HOST, email="person@example.com", password=FIRST)
    changing(accounts, FIRST, SECOND)
    accounts.clock.advance(1)
    changing(accounts, SECOND, THIRD)

    for used in (FIRST, SECOND, THIRD):
        with pytest.raises(RuleViolation):
            changing(accounts, THIRD, used)
    accounts.clock.advance(1)
    changing(accounts, THIRD, FOURTH)
    accounts.clock.advance(1)
    changing(accounts, FOURTH, FIRST)  # the fourth last


def test_passwords_that_an_administrator_replaced_are_remembered_too():
    accounts = open_accounts(policy=HISTORY)
    user = accounts.users.create(HOST, email="person@example.com", password=FIRST).user
    accounts.users.update(HOST, user.user_id, UserChanges(password=SECOND))

    with pytest.raises(RuleViolation, match="had that password"):
        changing(accounts, SECOND, FIRST)
    url = accounts.links.reset_link(HOST, user.user_id, site="https://x/").url
    with pytest.raises(RuleViolation, match="had that password"):
        accounts.links.reset_password(HERE, url.rpartition("/")[2], new_password=FIRST)


@pytest.mark.parametrize("history", [0, 1])
def test_without_a_history_no_former_hash_is_kept(history):
    accounts = open_accounts(policy=PasswordPolicy(history=history))
    user = accounts.users.create(HOST, email="person@example.com", password=FIRST).user
    changing(accounts, FIRST, SECOND)

    with accounts.database.reading() as work:
        assert not work.former_passwords.recent(user.user_id, 9)
    changing(accounts, SECOND, FIRST)


# Age


def test_a_sign_in_with_an_old_password_asks_for_a_new_one():
    accounts = open_accounts(policy=PasswordPolicy(max_age=timedelta(days=90)))
    accounts.person()
    accounts.clock.advance(timedelta(days=90) - timedelta(microseconds=1))
    assert accounts.login().user.must_change_password is False
    accounts.clock.advance(timedelta(microseconds=1))

    signed_in = accounts.login()

    assert signed_in.user.must_change_password is True
    who = accounts.who(signed_in.token)
    with pytest.raises(PasswordChangeRequired):
        accounts.sign_in.list_sessions(who)
    accounts.sign_in.update_me(who, current_password=PASSWORD, new_password="Another-Pass-9")
    assert accounts.login(password="Another-Pass-9").user.must_change_password is False
    accounts.clock.advance(timedelta(days=90))
    assert accounts.login(password="Another-Pass-9").user.must_change_password is True


def test_a_new_hash_of_the_same_password_makes_it_no_younger():
    accounts = open_accounts(policy=PasswordPolicy(max_age=timedelta(days=90)))
    user = accounts.person()
    accounts.clock.advance(timedelta(days=50))
    with accounts.database.writing() as work:
        old = user.password_hash.replace("new:", "old:")
        work.users.put(attrs.evolve(user, password_hash=old))
    accounts.login()
    accounts.clock.advance(timedelta(days=50))

    assert accounts.login().user.must_change_password is True


def test_without_an_age_no_password_is_too_old():
    accounts = open_accounts()
    accounts.person()
    accounts.clock.advance(timedelta(days=3650))

    assert accounts.login().user.must_change_password is False


# Strength


def test_the_strength_of_a_password_is_told_with_advice():
    meter = ZxcvbnMeter()

    assert meter.rate("Password1", []).score == 0
    assert meter.rate("Password1", []).advice[0].endswith("common password.")
    assert meter.rate("correct horse battery staple", []).score == 4
    assert meter.rate("", []).score == 0
    assert meter.rate("x" * 1024, []).score == 0
    assert meter.rate("margarethamilton", [NAME, "margaret", "hamilton"]).score < 2


def test_strength_is_told_to_people_and_to_holders_of_links_alone(tmp_path):
    with api(tmp_path, "guide") as (_, client):
        path = "/api/v1/auth/password-strength"
        good = client.post(path, json={"password": "Correct horse battery staple 7"}).json()
        assert good == {"score": 4, "accepted": True, "shortcomings": [], "advice": []}
        poor = client.post(path, json={"password": "root1"}).json()
        assert not poor["accepted"]
        assert len(poor["shortcomings"]) == 3
        assert client.post(path, json={"password": "x" * 1025}).status_code == 422
        del client.headers["Authorization"]
        assert client.post(path, json={"password": "x"}).status_code == 401
        assert client.post(path, json={"password": "x", "token": "no"}).status_code == 400


def test_strength_is_told_to_anybody_until_there_is_an_administrator(tmp_path):
    """In the dialog Administrator Setup, as one types."""
    path = "/api/v1/auth/password-strength"
    with (
        in_memory(Settings(root=tmp_path, multiuser=True)) as app,
        TestClient(create_app(app), base_url="http://127.0.0.1") as client,
    ):
        judged = client.post(
            path, json={"password": "password"}, headers={"Authorization": "Bearer x"}
        )
        assert judged.status_code == 200
        assert not judged.json()["accepted"]
        app.users.create(HOST, email="a@example.com", password="Steering-Wheel-77", is_admin=True)
        assert client.post(path, json={"password": "password"}).status_code == 401
    with (
        in_memory(Settings(root=tmp_path)) as app,
        TestClient(create_app(app), base_url="http://127.0.0.1") as client,
    ):
        assert client.post(path, json={"password": "password"}).status_code == 200  # it is theirs


def test_the_json_of_a_judgement_never_holds_the_password(tmp_path):
    with api(tmp_path, "guide") as (_, client):
        judged = client.post(
            "/api/v1/auth/password-strength", json={"password": "Zebra-Crossing-9"}
        )
        assert "Zebra" not in json.dumps(judged.json())
