"""Providers of sign-ins in invokeai.yaml: what may stand there, and how a mistake is told."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from invoke_apps.composition import in_memory
from invoke_apps.config import handed_over, load_settings, taken_over
from invoke_apps.settings import ProviderSettings, Settings
from tests.unit.test_config import refusal, write

COMPANY = {"name": "company", "issuer": "https://id.example.com", "client_id": "invoke"}
SECRET = "c0rrect-horse"


def text(*providers: Any) -> str:
    return yaml.safe_dump({"oidc_providers": list(providers)})


def test_a_provider_needs_three_lines(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, text(COMPANY)), environ={})

    (provider,) = settings.oidc_providers
    assert (provider.label, provider.client_secret) == (None, None)
    assert provider.scopes == ("openid", "profile", "email")
    assert provider.link_accounts
    assert not provider.create_accounts
    assert load_settings(tmp_path / "none", environ={}).oidc_providers == ()


def test_every_line_is_read(tmp_path: Path) -> None:
    lines = {
        **COMPANY,
        "client_secret": SECRET,
        "label": "Company & Co",
        "scopes": ["openid", "email", "groups"],
        "create_accounts": True,
        "link_accounts": False,
        "allowed_domains": ["example.com"],
        "admin_claim": "groups",
        "admin_values": "admins",
        "second_factor_claim": "amr",
        "second_factor_values": ["otp", "mfa"],
    }
    settings = load_settings(write(tmp_path, text(lines)), environ={})

    (provider,) = settings.oidc_providers
    assert provider.label == "Company & Co"
    assert provider.admin_values == ("admins",)
    assert provider.second_factor_values == ("otp", "mfa")
    assert SECRET not in repr(settings)
    assert SECRET not in repr(provider)


def test_a_worker_takes_the_providers_over(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, text({**COMPANY, "client_secret": "s"})), environ={})

    assert taken_over(handed_over(settings)) == settings


def test_the_application_knows_them_in_their_order(tmp_path: Path) -> None:
    second = ProviderSettings(**{**COMPANY, "name": "second", "label": "Second"})
    settings = Settings(
        root=tmp_path, multiuser=True, oidc_providers=(second, ProviderSettings(**COMPANY))
    )
    with in_memory(settings) as app:
        labels = [rules.label for rules in app.single_sign_on.offered()]

    assert labels == ["Second", "company"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("https://id.example.com", "it is a list of providers"),
        ([7], "provider 1 has no `key: value` lines"),
        (
            [{**COMPANY, "isuer": "x"}],
            "provider 1 has no setting `isuer`; there are `name`, `issuer`",
        ),
        ([{"name": "company", "client_id": "x"}], "provider 1 lacks `issuer`"),
        ([COMPANY, COMPANY], "two providers have the same `name`"),
        ([{**COMPANY, "name": "My Company"}], "`name` of provider 1: it has 1 to 32 lower case"),
        ([COMPANY, {**COMPANY, "name": "-"}], "`name` of provider 2"),
        ([{**COMPANY, "issuer": "http://id.example.com"}], "it begins with https://"),
        ([{**COMPANY, "issuer": "id.example.com"}], "it is an address such as"),
        ([{**COMPANY, "issuer": "https://id.example.com/?a=b"}], "it is an address such as"),
        ([{**COMPANY, "client_id": ""}], "`client_id` of provider 1"),
        ([{**COMPANY, "scopes": ["email"]}], "`openid` must be among them"),
        ([{**COMPANY, "create_accounts": "yes please"}], "is not true or false"),
        ([{**COMPANY, "admin_values": ["a"]}], "has `admin_values` and no `admin_claim`"),
        ([{**COMPANY, "second_factor_values": ["a"]}], "and no `second_factor_claim`"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, value: Any, words: str) -> None:
    told = refusal(tmp_path, yaml.safe_dump({"oidc_providers": value}))

    assert str(tmp_path / "invokeai.yaml") in told
    assert "`oidc_providers`" in told
    assert words in told
    assert told.endswith(".")


@pytest.mark.parametrize("wrong", [{"client_secret": 12345}, {"client_secret": ""}])
def test_no_mistake_tells_a_secret(tmp_path: Path, wrong: dict[str, Any]) -> None:
    told = refusal(tmp_path, text({**COMPANY, **wrong}))

    assert "`client_secret` of provider 1 is not a text" in told
    assert "12345" not in told
    other = refusal(tmp_path, text({**COMPANY, "client_secret": SECRET, "client_id": 7}))
    assert SECRET not in other


def test_a_provider_on_this_machine_needs_no_encryption(tmp_path: Path) -> None:
    for issuer in ("http://127.0.0.1:3000", "http://localhost:3000/realms/a"):
        lines = {**COMPANY, "issuer": issuer}
        assert load_settings(write(tmp_path, text(lines)), environ={}).oidc_providers


def test_what_speaks_with_providers_is_loaded_when_one_is_asked(tmp_path: Path) -> None:
    write(tmp_path, text(COMPANY))
    program = (
        "import sys; from pathlib import Path; from invoke_apps.composition import in_memory;"
        "from invoke_apps.config import load_settings;"
        f"in_memory(load_settings(Path({str(tmp_path)!r}), environ={{}})).close();"
        "sys.exit('authlib' in sys.modules or 'httpx2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_two_of_one_name_are_refused_in_programs_too(tmp_path: Path) -> None:
    one = ProviderSettings(**COMPANY)
    with pytest.raises(ValueError, match="two providers have the name 'company'"):
        Settings(root=tmp_path, oidc_providers=(one, one))
    with pytest.raises(ValueError, match="https://"):
        ProviderSettings(**{**COMPANY, "issuer": "http://id.example.com"})
