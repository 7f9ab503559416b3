"""Secrets are where they belong and nowhere else; files are for their owner alone (C35, C36, C39)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.surface import (
    COMMANDS,
    canary_root,
    foreign_events,
    keys_from_the_database,
    leaks,
    modes_of,
    plant,
)
from tests.e2e.running import running


def test_planted_secrets_are_found_nowhere(tmp_path: Path) -> None:
    with running(canary_root(tmp_path / "root")) as server:
        canaries = plant(server)
        assert len(canaries.secrets) >= 12

        places, found = leaks(server, canaries)
        assert places > 50
        assert found == []

        texts, taken = keys_from_the_database(server, canaries.secrets["token"])
        assert texts > 100
        assert taken == 0

        granted, foreign = foreign_events(server, 100)
        assert (granted, foreign) == (100, 0)


@pytest.mark.parametrize("line", [COMMANDS[0], COMMANDS[9], COMMANDS[16]], ids=" ".join)
def test_a_command_makes_files_for_its_user_alone(tmp_path: Path, line: Sequence[str]) -> None:
    found = modes_of(tmp_path / "root", line, traced=False)

    assert found.code == 0, found.said
    assert found.too_wide == []
