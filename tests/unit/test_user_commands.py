import json
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import attrs
import pytest
from click.testing import CliRunner

from invoke_apps.cli import _accounts, account_life
from invoke_apps.cli import user as commands
from invoke_apps.cli.admin import main as admin
from invoke_apps.config import ConfigurationError
from invoke_apps.settings import Settings
from invoke_core.domain.identifiers import SYSTEM
from invoke_core.domain.passwords import PasswordPolicy
from invoke_core.errors import SecondFactorRequired, StorageFull, Unauthenticated, Unavailable
from invoke_core.testing.builders import a_board, an_identity, an_image
from invoke_core.testing.one_time_codes import code_at
from tests.unit.accounts import HERE, HOST, PASSWORD, open_accounts


@pytest.fixture
def accounts():
    return open_accounts()


@pytest.fixture
def run(accounts, monkeypatch, tmp_path):
    roots = []

    @contextmanager
    def opened(root):
        roots.append(root)
        yield SimpleNamespace(
            users=accounts.users,
            sign_in=accounts.sign_in,
            links=accounts.links,
            statistics=accounts.statistics,
            second_factor=accounts.second_factor,
            single_sign_on=accounts.single_sign_on,
            settings=run.settings,
        )

    monkeypatch.setattr(commands, "opened", opened)
    monkeypatch.setattr(account_life, "opened", opened)
    monkeypatch.setattr(_accounts, "opened", opened)

    def run(command, *arguments, typed="", code=0):
        result = CliRunner().invoke(command, arguments, input=typed)
        assert result.exit_code == code, result.output
        return result

    run.roots = roots
    run.settings = Settings(root=tmp_path)
    return run


def only(accounts):
    (user,) = accounts.users.list(HOST).items
    return user


@pytest.mark.parametrize(
    "arguments",
    [
        ("--email", "user@example.com", "--password", "TempPass123", "--name", "User Name"),
        ("-e", "user@example.com", "-p", "TempPass123", "-n", "User Name"),
    ],
)
def test_a_user_is_added_as_the_guide_says(accounts, run, arguments):
    result = run(commands.useradd, *arguments)

    user = only(accounts)
    assert (user.email, user.display_name, user.is_admin) == (
        "user@example.com",
        "User Name",
        False,
    )
    assert "user@example.com" in result.stdout
    assert "TempPass123" not in result.output
    assert "others on this machine can read" in result.stderr
    assert accounts.login("user@example.com", "TempPass123")


@pytest.mark.parametrize("option", ["--admin", "-a"])
def test_an_administrator_is_added(accounts, run, option):
    run(commands.useradd, "-e", "a@example.com", "-p", PASSWORD, "-n", "A", option)

    assert only(accounts).is_admin


def test_a_password_may_come_on_standard_input(accounts, run):
    result = run(commands.useradd, "-e", "a@example.com", "--password-stdin", typed="Other1234 \n")

    assert accounts.login("a@example.com", "Other1234 ")
    assert only(accounts).display_name == "a@example.com"
    assert result.stderr == ""


def test_without_a_terminal_a_missing_value_is_wrong_usage(accounts, run):
    for arguments in ((), ("-e", "a@example.com"), ("-p", PASSWORD), ("--password-stdin",)):
        result = run(commands.useradd, *arguments, code=2)
        assert "missing" in result.stderr or "no line" in result.stderr

    assert accounts.users.list(HOST).total == 0


def test_two_passwords_are_wrong_usage(run):
    run(commands.useradd, "-e", "a@b.c", "-p", "x", "--password-stdin", typed="y\n", code=2)


def test_refusals_are_one_line_and_an_exit_code(accounts, run):
    accounts.person("taken@example.com")
    for arguments, code in (
        (("-e", "taken@example.com", "-p", PASSWORD), 1),
        (("-e", "new@example.com", "-p", "weak"), 1),
        (("-e", "nothing", "-p", PASSWORD), 2),
        (("-e", "new@example.com", "-p", PASSWORD, "-n", "x" * 101), 2),
    ):
        result = run(commands.useradd, *arguments, code=code)
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 2  # the warning of --password, the refusal

    assert accounts.users.list(HOST).total == 1


@pytest.mark.parametrize(
    "error", [Unavailable("busy"), StorageFull("full"), ConfigurationError("bad\nsettings")]
)
def test_trouble_with_the_root_exits_with_4(run, monkeypatch, error):
    def opened(root):
        raise error

    monkeypatch.setattr(commands, "opened", opened)
    monkeypatch.setattr(account_life, "opened", opened)
    monkeypatch.setattr(_accounts, "opened", opened)

    result = run(commands.userlist, code=4)
    assert result.stderr == " ".join(str(error).split()) + "\n"


def test_a_weak_password_is_accepted_with_a_warning_where_settings_say_so(
    run, accounts, monkeypatch
):
    lenient = open_accounts(policy=PasswordPolicy(strict=False))

    @contextmanager
    def opened(root):
        yield SimpleNamespace(users=lenient.users)

    monkeypatch.setattr(commands, "opened", opened)
    monkeypatch.setattr(account_life, "opened", opened)
    monkeypatch.setattr(_accounts, "opened", opened)

    result = run(commands.useradd, "-e", "a@example.com", "--password-stdin", typed="weak\n")
    assert result.stderr.count("Warning: ") == 3


def test_users_are_listed_for_people(accounts, run):
    accounts.administrator()
    accounts.person(display_name="[bold]Per[/] Son")

    plain = run(commands.userlist)
    verbose = run(commands.userlist, "--verbose")

    assert "[bold]Per[/] Son" in plain.stdout
    assert plain.stdout.index("admin@example.com") < plain.stdout.index("person@example.com")
    assert SYSTEM not in plain.stdout
    assert plain.stderr == "2 users\n"
    assert "Must change password" in verbose.stdout
    assert "Must change password" not in plain.stdout
    assert run(commands.userlist, "-v").stdout == verbose.stdout


def test_users_are_listed_for_programs(accounts, run):
    user = accounts.person(display_name="Ünï")

    (record,) = json.loads(run(commands.userlist, "--json").stdout)

    assert record["user_id"] == user.user_id
    assert record["display_name"] == "Ünï"
    assert record["created_at"].endswith("Z")
    assert "password_hash" not in record
    assert json.loads(run(admin, "user", "list", "--json").stdout) == [record]


def test_an_empty_list_is_an_empty_list(run):
    assert json.loads(run(commands.userlist, "--json").stdout) == []
    assert run(commands.userlist).stderr == "0 users\n"


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        (("--name", "New Name"), "display_name", "New Name"),
        (("--admin",), "is_admin", True),
        (("--no-admin",), "is_admin", False),
        (("--deactivate",), "is_active", False),
        (("--activate",), "is_active", True),
    ],
)
def test_a_user_is_changed_as_the_guide_says(accounts, run, arguments, field, value):
    accounts.administrator()
    accounts.person("user@example.com")

    run(commands.usermod, "--email", "USER@example.com", *arguments)

    assert getattr(accounts.users.get_by_email(HOST, "user@example.com"), field) == value


def test_a_password_is_reset_as_the_guide_says(accounts, run):
    accounts.person("user@example.com")
    token = accounts.login("user@example.com").token

    run(commands.usermod, "--email", "user@example.com", "--password", "NewPassword123")

    assert accounts.login("user@example.com", "NewPassword123")
    with pytest.raises(Unauthenticated):
        accounts.who(token)
    run(commands.usermod, "-e", "user@example.com", "--password-stdin", typed="Third1234\n")
    assert accounts.login("user@example.com", "Third1234")


def test_a_change_of_nothing_and_of_nobody_is_refused(accounts, run):
    accounts.administrator()

    run(commands.usermod, "-e", "admin@example.com", code=2)
    run(commands.usermod, "--name", "x", code=2)
    run(commands.usermod, "-e", "nobody@example.com", "--name", "x", code=1)
    result = run(commands.usermod, "-e", "admin@example.com", "--no-admin", code=1)
    assert "last active administrator" in result.stderr


def test_a_user_is_deleted_by_force(accounts, run):
    accounts.person("user@example.com")

    for option in ("--force", "-f"):
        run(commands.userdel, "--email", "user@example.com", option)
        assert accounts.users.list(HOST).total == 0
        accounts.person("user@example.com")


def test_a_lost_second_factor_is_taken_off(accounts, run):
    accounts.person()
    principal = accounts.who(accounts.login().token)
    secret = accounts.second_factor.enroll(principal).secret
    accounts.second_factor.confirm(principal, code_at(secret, accounts.clock.now()))
    with pytest.raises(SecondFactorRequired):
        accounts.login()

    run(admin, "user", "reset-second-factor", "-e", "person@example.com")

    assert accounts.login()
    run(admin, "user", "reset-second-factor", "-e", "nobody@example.com", code=1)


def test_identities_are_shown_and_untied(accounts, run):
    person = accounts.person()
    with accounts.database.writing() as work:
        identity = an_identity(work, person)

    email = ("-e", "person@example.com")
    table = run(admin, "user", "identities", *email).stdout
    assert all(part in table for part in (identity.identity_id, identity.issuer, identity.subject))
    (record,) = json.loads(run(admin, "user", "identities", *email, "--json").stdout)
    assert record["subject"] == identity.subject

    run(admin, "user", "unlink", *email, "unknown", code=1)
    run(admin, "user", "unlink", *email, identity.identity_id)
    assert json.loads(run(admin, "user", "identities", *email, "--json").stdout) == []


def test_a_deletion_that_nobody_can_confirm_exits_with_3(accounts, run):
    accounts.person("user@example.com")

    run(commands.userdel, "--email", "user@example.com", typed="yes\n", code=3)

    assert accounts.users.list(HOST).total == 1
    run(commands.userdel, "--email", "nobody@example.com", code=1)
    run(commands.userdel, code=2)


def test_every_command_is_in_the_group_too_and_hands_on_the_root(accounts, run, tmp_path):
    root = ("--root", str(tmp_path))
    run(admin, "user", "add", *root, "-e", "a@example.com", "-p", PASSWORD)
    run(admin, "user", "modify", *root, "-e", "a@example.com", "--name", "A")
    run(admin, "user", "list", *root)
    run(admin, "user", "delete", *root, "-e", "a@example.com", "-f")

    assert run.roots == [tmp_path] * 4


@pytest.mark.parametrize(
    "command", [commands.useradd, commands.userlist, commands.usermod, commands.userdel, admin]
)
def test_every_command_has_help(run, command):
    assert "--help" in run(command, "--help").stdout


def test_a_user_is_invited_by_a_link_on_standard_output(accounts, run):
    result = run(admin, "user", "invite", "-e", "new@example.com", "-n", "New", "--admin")

    (url,) = result.stdout.splitlines()
    assert url.startswith("http://localhost:9090/invitation/")
    assert "new@example.com" in result.stderr
    assert "base_url" in result.stderr
    user = only(accounts)
    assert (user.display_name, user.is_admin, user.password_hash) == ("New", True, None)
    accounts.links.accept(HERE, url.rpartition("/")[2], password="Another-Pass-9")
    run(admin, "user", "invite", "-e", "new@example.com", code=1)
    run(admin, "user", "invite", code=2)


def test_a_password_is_reset_by_a_link(accounts, run, tmp_path):
    accounts.person("user@example.com")
    run.settings = Settings(root=tmp_path, base_url="https://invoke.example.com/studio")

    result = run(admin, "user", "reset-link", "-e", "USER@example.com")

    (url,) = result.stdout.splitlines()
    assert url.startswith("https://invoke.example.com/studio/password-reset/")
    assert "base_url" not in result.stderr
    accounts.links.reset_password(HERE, url.rpartition("/")[2], new_password="Another-Pass-9")
    run(admin, "user", "reset-link", "-e", "nobody@example.com", code=1)


def test_with_mail_the_commands_show_no_link(accounts, run):
    accounts.links = attrs.evolve(accounts.links, by_mail=True)

    result = run(admin, "user", "invite", "-e", "new@example.com")

    assert "mails a link to new@example.com" in result.stdout
    assert "http" not in result.output


def test_what_a_deletion_touches_is_shown(accounts, run):
    user = accounts.person("user@example.com")
    with accounts.database.writing() as work:
        an_image(work, user, a_board(work, user, name="Boards of mine"), size_bytes=10)

    result = run(admin, "user", "content", "-e", "user@example.com")
    record = json.loads(run(admin, "user", "content", "-e", "user@example.com", "--json").stdout)

    assert "Boards of mine" in result.stdout
    assert "1 board, 1 image (10 bytes), 0 workflows, 0 style presets and 0 unf" in result.stderr
    assert record["boards"][0]["board_name"] == "Boards of mine"
    assert (record["images"], record["storage_bytes"], record["workflows"]) == (1, 10, 0)
    run(admin, "user", "content", "-e", "nobody@example.com", code=1)


def test_unused_accounts_are_listed(accounts, run):
    accounts.person("old@example.com")
    accounts.clock.advance(timedelta(days=31))
    accounts.person("new@example.com")

    listed = run(commands.userlist, "--unused-days", "30")

    assert "old@example.com" in listed.stdout
    assert "new@example.com" not in listed.stdout
    run(commands.userlist, "--unused-days", "-1", code=2)


def test_content_is_handed_over(accounts, run):
    user, heir = accounts.person("user@example.com"), accounts.person("heir@example.com")
    with accounts.database.writing() as work:
        a_board(work, user)

    run(commands.userdel, "-e", "user@example.com", "-f", "--transfer-to", "nobody@x.com", code=1)
    run(commands.userdel, "-e", "user@example.com", "-f", "--transfer-to", "heir@example.com")

    assert accounts.statistics.of_user(HOST, heir.user_id).boards == 1


def test_every_field_of_an_account_is_changed_at_the_command_line(accounts, run):
    accounts.person("old@example.com")

    run(
        commands.usermod, "--email", "old@example.com", "--new-email", "new@example.com",
        "--note", "left the lab", "--must-change-password", "--name", "New Name",
    )  # fmt: skip

    user = only(accounts)
    assert (user.email, user.note, user.display_name) == (
        "new@example.com",
        "left the lab",
        "New Name",
    )
    assert user.must_change_password
    run(commands.usermod, "-e", "new@example.com", "--no-must-change-password", "--note", "")
    assert (only(accounts).must_change_password, only(accounts).note) == (False, "")


def test_a_temporary_password_must_be_changed_at_the_first_sign_in(accounts, run):
    run(
        commands.useradd, "-e", "new@example.com", "-p", PASSWORD, "-n", "New",
        "--must-change-password",
    )  # fmt: skip

    assert accounts.who(accounts.login("new@example.com").token).must_change_password


def test_sign_ins_are_ended_at_the_command_line(accounts, run):
    accounts.person()
    token = accounts.login().token

    result = run(account_life.end_sessions, "-e", "person@example.com")

    assert result.stdout == "person@example.com is signed out everywhere.\n"
    with pytest.raises(Unauthenticated):
        accounts.who(token)
    assert accounts.login().token


def test_a_person_is_shown_in_numbers(accounts, run):
    accounts.person()
    accounts.login()

    shown = run(account_life.statistics, "-e", "person@example.com")
    record = json.loads(run(account_life.statistics, "-e", "person@example.com", "--json").stdout)

    assert "active sessions" in shown.stdout
    assert (record["active_sessions"], record["boards"], record["jobs"]["pending"]) == (1, 0, 0)
