"""A deletion of an account that is killed at whatever stage has happened whole or not at all."""

import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

import tests.deletion_process as deletion
from invoke_apps.application import Application
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.identifiers import ImageName
from invoke_core.errors import NotFound
from invoke_core.ports.storage import Rendition
from invoke_core.testing.builders import a_board, an_image
from tests.deletion_process import HOST, STAGES
from tests.e2e.running import PASSWORD, PATIENCE, environment, multiuser_root, running

IMAGES = 6
GUEST, OWNER = "guest@example.com", "owner@example.com"


def fill(app: Application) -> None:
    """Give the owner pictures, some on a board where a guest has one too."""
    owner, guest = (
        app.users.create(HOST, email=email, password=PASSWORD).user for email in (OWNER, GUEST)
    )
    names = [ImageName(f"{uuid.uuid4()}.png") for _ in range(IMAGES + 1)]
    for name in names:
        for rendition in Rendition:
            app.storage.put(name, rendition, b"content")
    with app.database.writing() as work:
        board = a_board(work, owner, board_id=str(uuid.uuid4()))
        an_image(work, guest, board, image_name=names[0])
        for place, name in enumerate(names[1:]):
            an_image(work, owner, board if place % 2 else None, image_name=name)


def files(root: Path) -> set[str]:
    return {p.stem for p in (root / "outputs" / "images").rglob("*") if p.is_file()}


def kill(root: Path, *stage: str) -> None:
    """Delete the owner's account in a process that kills itself."""
    project = Path(deletion.__file__).parents[1]
    killed = subprocess.run(
        [sys.executable, deletion.__file__, str(root), OWNER, *stage],
        env=environment(PYTHONPATH=f"{project}:{project / 'src'}"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr


def require_gone(app: Application, root: Path) -> None:
    """Require that the owner is gone with every picture and file, and the guest's picture is there."""
    with pytest.raises(NotFound):
        app.users.get_by_email(HOST, OWNER)
    with app.database.reading() as work:
        assert work.images.usage().images == 1
        assert work.images.miscounted() == 0
        assert not work.deletions.list()
        assert not work.doomed_files.list()
    assert len(files(root)) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_deletion_is_whole_or_has_not_happened(tmp_path: Path, stage: str) -> None:
    root = multiuser_root(tmp_path / "root")
    settings = load_settings(root, environ={})
    with build(settings) as app:
        fill(app)

    kill(root, stage)

    if stage == "between two files":
        with running(root) as server:  # its housekeeping goes on at once; the stop waits for it
            assert server.stop() == 0
    else:
        with build(settings) as app:
            app.sweep.remove_doomed_files()
    with build(settings) as app:
        guest = app.statistics.content(HOST, app.users.get_by_email(HOST, GUEST).user_id)
        assert guest.images == 1
        with app.database.reading() as work:
            assert not work.doomed_files.list()
        if stage == "before the commit":
            owner = app.users.get_by_email(HOST, OWNER)
            assert app.statistics.content(HOST, owner.user_id).images == IMAGES
            assert len(files(root)) == IMAGES + 1
            return
        require_gone(app, root)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("unit", [1, 2, 3, 4])
def test_a_deletion_in_steps_that_is_killed_in_one_goes_on(
    tmp_path: Path, unit: int, when: str
) -> None:
    root = multiuser_root(tmp_path / "root")
    settings = load_settings(root, environ={})
    with build(settings) as app:
        fill(app)

    kill(
        root, str(unit), when
    )  # one begins, two take two pictures each, the fourth all that is left

    if unit == 3:
        with running(root) as server:  # its housekeeping goes on at once; the stop waits for it
            assert server.stop() == 0
    with build(settings) as app:
        went_on = app.users.resume_deletions()
        app.sweep.remove_doomed_files()
    with build(settings) as app:
        if (unit, when) == (1, "before"):
            owner = app.users.get_by_email(HOST, OWNER)
            assert owner.is_active
            assert app.statistics.content(HOST, owner.user_id).images == IMAGES
            return
        assert went_on == (unit in {1, 2} or (unit, when) == (4, "before"))
        require_gone(app, root)
