"""A private PostgreSQL server for the session."""

from collections.abc import Iterator

import pytest

from tests.postgresql_process import binaries, running_postgresql

_MISSING = "The contract suites need PostgreSQL's server: `apt-get install postgresql`."


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of an empty database."""
    programs = binaries()
    if programs is None:
        pytest.fail(_MISSING, pytrace=False)
    with running_postgresql(programs) as address:
        yield address
