"""Content of pictures in a local folder, laid out as InvokeAI lays it out.

`<folder>/<uuid>.png` and `<folder>/thumbnails/<uuid>.webp`.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import attrs

from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.images import is_image_name
from invoke_core.errors import NotFound, StorageFull
from invoke_core.ports.storage import Rendition

_THUMBNAILS = "thumbnails"
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@attrs.frozen
class FileImageStorage:
    """An image storage in a local folder, which is made where it is missing.

    Files are opened relative to a handle of their folder and by names of the server's own form alone,
    and links are not followed, so that nothing outside the folder can be reached. The folder itself may
    be a link: that is the administrator's choice.
    """

    folder: Path

    def __attrs_post_init__(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / _THUMBNAILS).mkdir(mode=0o700, exist_ok=True)

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            raise ValueError(f"{image_name!r} is no image name")
        name = _file_name(image_name, rendition)
        unfinished = f".{name}.{secrets.token_hex(4)}"  # beside the other: a rename crosses no disk
        with self._folder_of(rendition) as folder:
            try:
                _write(folder, unfinished, content)
                os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException as error:
                with suppress(FileNotFoundError):
                    os.unlink(unfinished, dir_fd=folder)
                if isinstance(error, OSError) and error.errno in _FULL_DISK:
                    raise StorageFull(
                        "The disk is full: the picture was not kept. Free some space and try again."
                    ) from error
                raise
            os.fsync(folder)  # or the new name could be lost with the power

    def open(self, image_name: ImageName, rendition: Rendition) -> BinaryIO:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            raise NotFound("image", image_name)
        with self._folder_of(rendition) as folder:
            try:
                handle = os.open(_file_name(image_name, rendition), _READ_FLAGS, dir_fd=folder)
            except OSError as error:
                if error.errno in {errno.ENOENT, errno.ELOOP}:  # ELOOP: a link lies there
                    raise NotFound("image", image_name) from error
                raise
        return os.fdopen(handle, "rb")

    def remove(self, image_name: ImageName) -> None:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            return
        for rendition in Rendition:
            with self._folder_of(rendition) as folder, suppress(FileNotFoundError):
                os.unlink(_file_name(image_name, rendition), dir_fd=folder)

    def names(self) -> Iterator[ImageName]:
        """See `ImageStorage`."""
        with self._folder_of(Rendition.FULL) as folder, os.scandir(folder) as entries:
            for entry in entries:
                if is_image_name(entry.name) and entry.is_file(follow_symlinks=False):
                    yield ImageName(entry.name)

    @contextmanager
    def _folder_of(self, rendition: Rendition) -> Iterator[int]:
        path = self.folder if rendition is Rendition.FULL else self.folder / _THUMBNAILS
        handle = os.open(path, _FOLDER_FLAGS)
        try:
            yield handle
        finally:
            os.close(handle)


def _file_name(image_name: ImageName, rendition: Rendition) -> str:
    if rendition is Rendition.FULL:
        return image_name
    return image_name.removesuffix(".png") + ".webp"


def _write(folder: int, name: str, content: bytes) -> None:
    with os.fdopen(os.open(name, _NEW_FLAGS, 0o600, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
