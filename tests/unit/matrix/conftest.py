"""One world for all that asks in it: every request finds it as it was."""

from collections.abc import Iterator

import pytest

from tests.unit.matrix.world import World, open_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("matrix")) as world:
        yield world
