"""Every public name, setting and command stands in the reference."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import attrs
import click
import pytest
from click.testing import CliRunner

from invoke_apps import library
from invoke_apps.cli.admin import LATER as LATER_GROUPS
from invoke_apps.cli.admin import main as admin
from invoke_apps.settings import LATER, Settings

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def words(page: str) -> set[str]:
    text = (REFERENCE / page).read_text()
    return set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`]+)`", text))))


@pytest.mark.parametrize("name", sorted({f.name for f in attrs.fields(Settings)} - {"root"}))
def test_every_setting_is_described(name: str) -> None:
    assert name in words("settings.md")


def test_no_setting_that_comes_later_is_described() -> None:
    assert not words("settings.md") & set(LATER)


def test_every_name_of_the_library_is_described_and_sorted() -> None:
    assert set(library.__all__) <= words("library.md")
    assert library.__all__ == sorted(library.__all__)


def test_every_command_is_described() -> None:
    ours = [e for e in entry_points(group="console_scripts") if e.value.startswith("invoke_apps")]
    assert len(ours) >= 7
    assert {entry.name for entry in ours} <= words("commands.md") | {"invoke-admin"}


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    found = []
    for name, inner in command.commands.items():
        found += leaves(inner, (*path, name))
    return found


def test_every_administrators_command_is_described() -> None:
    text = (REFERENCE / "commands.md").read_text()
    for path in leaves(admin):
        assert path[0] in LATER_GROUPS or f"invoke-admin {' '.join(path)}" in text


@pytest.mark.parametrize("group", sorted(LATER_GROUPS))
def test_a_group_that_comes_later_is_refused_with_a_sentence(group: str) -> None:
    refused = CliRunner().invoke(admin, [group, "list", "--anything", "7"])

    assert refused.exit_code == 1
    assert f"{group}` cannot be used yet" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
