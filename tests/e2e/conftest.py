"""What the end-to-end tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.databases import empty_database
from tests.chaos.workers import Ground
from tests.e2e.running import RunningServer, multiuser_root, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A multi-user server on a fresh root, without an administrator yet."""
    with running(multiuser_root(tmp_path / "root")) as running_server:
        yield running_server


@pytest.fixture
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Where a scenario of `tests.chaos` happens: with a SQLite file, unless a test names another database."""
    with empty_database(getattr(request, "param", "sqlite"), tmp_path) as url:
        yield Ground(tmp_path, url)
