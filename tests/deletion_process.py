"""Deletes an account in a process that kills itself, as a power cut would, at a stage that is named.

With the number of a unit of work for the stage, it takes steps of few pictures and dies in that unit, before
its commit or after it.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from invoke_adapters.files import FileImageStorage
from invoke_adapters.sql.users import SqlUserRepository
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.principals import host_principal
from invoke_core.services import _deleting

HOST = host_principal("tester")
STEP = 2  # pictures
STAGES = (
    "before the commit",
    "before the first file",
    "between two files",
    "after the last file",
    "while sweeping",
)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MortalStorage(FileImageStorage):
    """A storage that removes so many files, and then the process is gone."""

    left: int = 1_000_000

    def remove(self, image_name: ImageName) -> None:
        if MortalStorage.left == 0:
            die()
        MortalStorage.left -= 1
        super().remove(image_name)


def main(root: Path, email: str, stage: str) -> None:
    settings = load_settings(root, environ={})
    storage = MortalStorage(settings.path(settings.outputs_dir) / "images")
    with build(settings, storage=storage) as app:
        user = app.users.get_by_email(HOST, email)
        images = app.statistics.content(HOST, user.user_id).images
        if stage == "before the commit":
            real = SqlUserRepository.remove

            def remove(self: Any, user_id: Any) -> None:
                real(self, user_id)
                die()

            SqlUserRepository.remove = remove  # type: ignore[method-assign]
        MortalStorage.left = {
            "before the first file": 0,
            "between two files": images // 2,
            "while sweeping": images + 1,
        }.get(stage, 1_000_000)
        app.users.delete(HOST, user.user_id)
        if stage == "while sweeping":
            app.sweep.remove_doomed_files()
        die()


def in_steps(root: Path, email: str, unit: int, when: str) -> None:
    """Die in the unit of this number, before its commit or after it."""
    _deleting.STEP = STEP
    with build(load_settings(root, environ={})) as app:
        count = 0

        @contextmanager
        def mortal() -> Iterator[Any]:
            nonlocal count
            count += 1
            with app.users.writing() as work:
                yield work
                if count == unit and when == "before":
                    die()
            if count == unit and when == "after":
                die()

        service = attrs.evolve(app.users, writing=mortal)
        service.delete(HOST, app.users.get_by_email(HOST, email).user_id)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    else:
        in_steps(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
