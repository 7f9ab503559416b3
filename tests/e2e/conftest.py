"""What the end-to-end tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import RunningServer, multiuser_root, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A multi-user server on a fresh root, without an administrator yet."""
    with running(multiuser_root(tmp_path / "root")) as running_server:
        yield running_server
