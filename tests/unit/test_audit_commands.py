"""`invoke-admin audit`, `invoke-admin secret` and `invoke-admin user recover`, on a root of their own."""

import getpass
import json
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from benchmarks.fuzzing import HOSTILE
from invoke_apps.cli.admin import main as admin
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.sign_in import Client
from invoke_core.errors import TooMany, Unauthenticated

PASSWORD = "Shapes4Everyone"
KEY = "q8Zr1-vT0x_uLwN5yD3bK7gH2mC9sE4aJ6fPqRtW"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "invokeai.yaml").write_text("multiuser: true\nbcrypt_rounds: 4\n")
    return tmp_path


def run(root: Path, *arguments: str, code: int = 0, typed: str = "") -> Result:
    result = CliRunner().invoke(admin, [*arguments, "--root", str(root)], input=typed)
    assert result.exit_code == code, result.output
    return result


def add(root: Path, email: str, *arguments: str) -> None:
    run(root, "user", "add", "-e", email, "--password-stdin", *arguments, typed=f"{PASSWORD}\n")


def listed(root: Path, *arguments: str) -> Any:
    return json.loads(run(root, "audit", "list", "--json", *arguments).stdout)


def test_what_a_command_did_names_who_typed_it(root: Path) -> None:
    add(root, "ada@example.com", "--admin")

    (entry,) = listed(root)

    assert entry["action"] == "user.create"
    assert entry["actor"] == {
        "user_id": "system",
        "email": "system@invoke.invalid",
        "address": None,
        "via": "cli",
        "operating_system_user": getpass.getuser(),
    }
    assert entry["after"]["email"] == "ada@example.com"
    assert PASSWORD not in json.dumps(entry)


def test_entries_are_listed_for_people(root: Path) -> None:
    add(root, "ada@example.com")
    add(root, "lee@example.com")

    result = run(root, "audit", "list", "--limit", "1")

    assert f"{getpass.getuser()} at the host" in result.stdout
    assert "user.create" in result.stdout
    assert "1 of 2 entries" in result.stderr


def test_entries_are_filtered(root: Path) -> None:
    add(root, "ada@example.com")

    for arguments, found in (
        (["--actor", "system"], 1),
        (["--actor", "ada@example.com"], 0),
        (["--action", "user"], 1),
        (["--target", "board"], 0),
        (["--since", "2000-01-01"], 1),
        (["--until", "2000-01-01T00:00:00Z"], 0),
    ):
        assert len(listed(root, *arguments)) == found, arguments


def test_everything_is_exported_a_line_or_an_element_each(root: Path) -> None:
    assert run(root, "audit", "export").stdout == ""
    assert json.loads(run(root, "audit", "export", "--json").stdout) == []
    for name in ("ada", "lee"):
        add(root, f"{name}@example.com")

    lines = run(root, "audit", "export").stdout.splitlines()

    assert [json.loads(line)["entry_id"] for line in lines] == [2, 1]
    assert json.loads(run(root, "audit", "export", "--json").stdout) == listed(root)


def test_verify_says_what_it_found_and_exits_by_it(root: Path) -> None:
    for name in ("ada", "lee"):
        add(root, f"{name}@example.com")
    assert "All 2 entries" in run(root, "audit", "verify").stdout
    found = json.loads(run(root, "audit", "verify", "--json").stdout)
    assert (found["ok"], found["entries"], found["first_bad"]) == (True, 2, None)

    connection = sqlite3.connect(root / "databases" / "invokeai.db")
    connection.execute("DROP TRIGGER audit_entries_no_delete")
    connection.execute("DELETE FROM audit_entries WHERE entry_id = 2")
    connection.commit()
    connection.close()

    result = run(root, "audit", "verify", code=1)
    assert "cut off" in result.stderr
    assert result.stdout == ""
    found = json.loads(run(root, "audit", "verify", "--json", code=1).stdout)
    assert (found["ok"], found["first_bad"]) == (False, 2)


def test_a_rotation_is_refused_for_a_configured_key_and_says_why(root: Path) -> None:
    (root / "invokeai.yaml").write_text(f"jwt_secret_key: {KEY}\n")

    for arguments in (["rotate"], ["revoke", "--all"]):
        refused = run(root, "secret", *arguments, code=1)
        assert "jwt_secret_key" in refused.stderr
        assert "restart" in refused.stderr
    (shown,) = json.loads(run(root, "secret", "show", "--json").stdout)
    assert shown["is_configured"] is True
    assert KEY not in json.dumps(shown)


def test_keys_are_shown_by_id_and_date_alone(root: Path) -> None:
    run(root, "secret", "rotate")

    shown = run(root, "secret", "show").stdout

    keys = json.loads((root / "secrets" / "keys.json").read_text())["keys"]
    assert len(keys) == 2
    for key_id, key in keys.items():
        assert key_id in shown
        assert key["secret"] not in shown


def test_a_generated_key_is_good_and_new(root: Path) -> None:
    one, two = (CliRunner().invoke(admin, ["secret", "generate"]).stdout.strip() for _ in range(2))
    assert one != two

    (root / "invokeai.yaml").write_text(f"jwt_secret_key: {one}\n")
    run(root, "secret", "show")


def test_an_administrator_is_let_back_in(root: Path) -> None:
    add(root, "ada@example.com", "--admin")
    add(root, "kim@example.com", "--admin")
    run(root, "user", "modify", "-e", "ada@example.com", "--deactivate")

    arguments = ["user", "recover", "-e", "ada@example.com", "--password-stdin"]
    result = run(root, *arguments, typed="Colours5Everywhere\n")

    assert "ada@example.com can sign in" in result.stdout
    (entry,) = listed(root, "--action", "user.recover")
    assert entry["before"] == {"is_active": False}
    assert entry["after"] == {"is_active": True, "password": "changed"}


def test_a_person_without_rights_is_not_recovered(root: Path) -> None:
    add(root, "lee@example.com")

    arguments = ["user", "recover", "-e", "lee@example.com", "--password-stdin"]
    refused = run(root, *arguments, code=1, typed="Colours5Everywhere\n")

    assert "no administrator" in refused.stderr
    assert (
        "nobody@example.com"
        in run(
            root,
            *("user", "recover", "-e", "nobody@example.com", "--password-stdin"),
            code=1,
            typed="Colours5Everywhere\n",
        ).stderr
    )


def test_what_strangers_typed_moves_nobodys_terminal(root: Path) -> None:
    with build(load_settings(root, environ={})) as app:
        for typed in HOSTILE:
            with suppress(Unauthenticated, TooMany):
                app.sign_in.login(Client(), email=typed, password="x")

    table = run(root, "audit", "list", "--limit", "1000").stdout
    exported = run(root, "audit", "export").stdout.split("\n")[:-1]

    assert len(exported) == len(HOSTILE)
    assert all(json.loads(line)["action"] == "sign_in.failed" for line in exported)
    assert len(table.rstrip("\n").split("\n")) <= len(HOSTILE) + 4  # the head of the table
    assert all(c == "\n" or c.isprintable() for c in table)
