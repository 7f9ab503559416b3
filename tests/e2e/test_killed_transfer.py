"""A transfer that is killed in any of its steps is true for every reader or for none, and goes on."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tests.transfer_process as transferring
from invoke_apps.application import Application
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.testing.builders import a_board, an_image
from tests.e2e.running import PASSWORD, PATIENCE, environment, multiuser_root, running
from tests.transfer_process import HOST, STEP

IMAGES = 10 * STEP
GIVER, HEIR = "giver@example.com", "heir@example.com"
GIVEN = (
    11  # the unit of work that makes it true: ten steps wrote names down, this one found no more
)


def fill(app: Application) -> None:
    giver = app.users.create(HOST, email=GIVER, password=PASSWORD).user
    app.users.create(HOST, email=HEIR, password=PASSWORD)
    with app.database.writing() as work:
        board = a_board(work, giver)
        for number in range(IMAGES):
            an_image(work, giver, board if number % 2 else None)


def owned(app: Application, email: str) -> tuple[int, int]:
    """Return how many boards and images an account has."""
    user_id = app.users.get_by_email(HOST, email).user_id
    with app.database.reading() as work:
        return len(work.boards.owned_by(user_id)), len(work.images.owned_by(user_id))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("unit", [1, 6, GIVEN, GIVEN + 1, 2 * GIVEN])
def test_a_killed_transfer_is_true_for_all_or_none_and_goes_on(
    tmp_path: Path, unit: int, when: str
) -> None:
    root = multiuser_root(tmp_path / "root")
    settings = load_settings(root, environ={})
    with build(settings) as app:
        fill(app)
    project = Path(transferring.__file__).parents[1]

    killed = subprocess.run(
        [sys.executable, transferring.__file__, str(root), GIVER, HEIR, str(unit), when],
        env=environment(PYTHONPATH=f"{project}:{project / 'src'}"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    committed = unit if when == "after" else unit - 1
    with build(settings) as app:
        whole, none = (1, IMAGES), (0, 0)
        given = committed >= GIVEN
        assert (owned(app, GIVER), owned(app, HEIR)) == ((none, whole) if given else (whole, none))
    if unit == 6:
        with running(root) as server:  # its housekeeping goes on at once; the stop waits for it
            assert server.stop() == 0
    else:
        with build(settings) as app:
            app.transfers.resume()
    with build(settings) as app, app.database.reading() as work:
        assert work.transfers.unfinished() is None
        began = committed >= 1
        assert (owned(app, GIVER), owned(app, HEIR)) == ((none, whole) if began else (whole, none))
