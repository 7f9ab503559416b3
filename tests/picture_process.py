"""Keeps or removes a picture in a process that kills itself, as a power cut would, at a named stage."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from invoke_adapters.files import FileImageStorage
from invoke_adapters.sql.images import SqlImageRepository
from invoke_apps.application import Application
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.principals import host_principal
from invoke_core.ports.storage import Rendition
from invoke_core.testing.pictures import a_png

HOST = host_principal("tester")
PNG = a_png(4, 3, bytes(36))
STAGES = (
    "amid a file",
    "between picture and thumbnail",
    "between the files and the row",
    "before the row is committed",
    "between a row that goes and its files",
    "amid its files",
)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MortalStorage(FileImageStorage):
    """A storage that does so many things, and then the process is gone."""

    puts = removes = 1_000_000

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        super().put(image_name, rendition, content)
        MortalStorage.puts -= 1
        if MortalStorage.puts == 0:
            die()

    def remove(self, image_name: ImageName) -> None:
        if MortalStorage.removes == 0:
            die()
        MortalStorage.removes -= 1
        super().remove(image_name)


def upload(app: Application) -> ImageName:
    return app.images.upload(HOST, PNG, category="general").image_name  # type: ignore[arg-type]


def main(root: Path, stage: str) -> None:
    settings = load_settings(root, environ={})
    storage = MortalStorage(settings.path(settings.outputs_dir) / "images")
    with build(settings, storage=storage) as app:
        for _ in range(3):
            kept = upload(app)
        match stage:
            case "amid a file":
                os.rename = lambda *_, **__: die()  # type: ignore[assignment,misc]
            case "between picture and thumbnail":
                MortalStorage.puts = 1
            case "between the files and the row":
                MortalStorage.puts = 2
            case "before the row is committed":
                real = SqlImageRepository.add

                def add(self: Any, *given: Any, **more: Any) -> None:
                    real(self, *given, **more)
                    die()

                SqlImageRepository.add = add  # type: ignore[method-assign]
            case _:
                app.images.delete(HOST, kept)
                MortalStorage.removes = 0
                if stage == "amid its files":
                    MortalStorage.removes = 1_000_000
                    unlink = os.unlink

                    def unlink_one(*given: Any, **more: Any) -> None:
                        unlink(*given, **more)
                        die()

                    os.unlink = unlink_one  # type: ignore[assignment]
                app.bin.empty(HOST)
        upload(app)
        die()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
