"""Content of pictures in a local folder.

`<folder>/3f2/<uuid>.png` and `<folder>/thumbnails/3f2/<uuid>.webp`, by the first three digits of the
name: ten million pictures make some 2,400 a folder. Where InvokeAI, and versions before this one, put them,
right in `<folder>` and `<folder>/thumbnails`, they are found as well; `tidy` moves them.
"""

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import attrs

from invoke_core.domain.health import DiskSpace
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.images import is_image_name
from invoke_core.errors import NotFound, StorageFull
from invoke_core.ports.storage import Rendition

_THUMBNAILS = "thumbnails"
_SET_ASIDE = "set-aside"
_DIGITS = 3  # of the name, that name its folder
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
_NOT_THERE = {errno.ENOENT, errno.ELOOP, errno.ENOTDIR}  # ELOOP, ENOTDIR: a link lies there
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_INNER_FLAGS = _FOLDER_FLAGS | os.O_NOFOLLOW
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_UNFINISHED = re.compile(r"\.[0-9a-f-]{36}\.(?:png|webp)\.[0-9a-f]{8}")
_UNFINISHED_SECONDS = 3600.0  # after which nobody is still writing a file


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
        try:
            with self._base(rendition) as base, _made(base, name[:_DIGITS]) as folder:
                try:
                    _write(folder, unfinished, content)
                    os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    with suppress(FileNotFoundError):
                        os.unlink(unfinished, dir_fd=folder)
                    raise
                os.fsync(folder)  # or the new name could be lost with the power
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=base)  # what this content takes the place of
        except OSError as error:
            if error.errno in _FULL_DISK:
                raise StorageFull(
                    "The disk is full: the picture was not kept. Free some space and try again."
                ) from error
            raise

    def open(self, image_name: ImageName, rendition: Rendition) -> BinaryIO:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            raise NotFound("image", image_name)
        name = _file_name(image_name, rendition)
        with self._base(rendition) as base:
            # Its folder once more at the end: it may be moved there between the first two looks.
            for place in (name[:_DIGITS], None, name[:_DIGITS]):
                try:
                    with _inner(base, place) as folder:
                        return os.fdopen(os.open(name, _READ_FLAGS, dir_fd=folder), "rb")
                except OSError as error:
                    if error.errno not in _NOT_THERE:
                        raise
        raise NotFound("image", image_name)

    def remove(self, image_name: ImageName) -> None:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            return
        for rendition in Rendition:
            name = _file_name(image_name, rendition)
            with self._base(rendition) as base:
                for place in (None, name[:_DIGITS]):
                    with suppress(FileNotFoundError), _inner(base, place) as folder:
                        os.unlink(name, dir_fd=folder)

    def names(self, rendition: Rendition = Rendition.FULL) -> Iterator[ImageName]:
        """See `ImageStorage`."""
        for place, name in self._files(rendition):
            image_name = _image_name(name, rendition)
            if image_name is not None and (
                place is not None or not self._is_moved(name, rendition)
            ):
                yield image_name

    def sizes(self, image_name: ImageName) -> dict[Rendition, int]:
        """See `ImageStorage`."""
        found = {}
        for rendition in Rendition:
            with suppress(NotFound), self.open(image_name, rendition) as stream:
                found[rendition] = os.fstat(stream.fileno()).st_size
        return found

    def age(self, image_name: ImageName) -> float | None:
        """See `ImageStorage`."""
        changed = []
        for rendition in Rendition:
            with suppress(NotFound), self.open(image_name, rendition) as stream:
                changed.append(os.fstat(stream.fileno()).st_mtime)
        return max(0.0, time.time() - max(changed)) if changed else None

    def space(self) -> DiskSpace | None:
        """See `ImageStorage`: of the file system that the folder lies on."""
        found = os.statvfs(self.folder)
        return DiskSpace(
            total_bytes=found.f_blocks * found.f_frsize, free_bytes=found.f_bavail * found.f_frsize
        )

    def set_aside(self, image_name: ImageName) -> str:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            raise NotFound("image", image_name)
        path = self.folder.with_name(f"{self.folder.name}-{_SET_ASIDE}")
        path.mkdir(mode=0o700, exist_ok=True)
        aside = os.open(path, _FOLDER_FLAGS)
        try:
            for rendition in Rendition:
                name = _file_name(image_name, rendition)
                with self._base(rendition) as base:
                    for place in (None, name[:_DIGITS]):
                        with suppress(FileNotFoundError), _inner(base, place) as folder:
                            os.rename(name, name, src_dir_fd=folder, dst_dir_fd=aside)
            os.fsync(aside)
        finally:
            os.close(aside)
        return str(path)

    def untidy(self, *, alone: bool = False) -> int:
        """See `ImageStorage`."""
        return sum(1 for _ in self._untidy(alone=alone))

    def tidy(self, *, alone: bool = False) -> int:
        """See `ImageStorage`."""
        done = 0
        for rendition, place, name in self._untidy(alone=alone):
            with self._base(rendition) as base, suppress(FileNotFoundError):
                if place is None and _image_name(name, rendition) is not None:
                    with _made(base, name[:_DIGITS]) as folder:
                        os.rename(name, name, src_dir_fd=base, dst_dir_fd=folder)
                        os.fsync(folder)
                else:
                    with _inner(base, place) as folder:
                        os.unlink(name, dir_fd=folder)
                done += 1
        return done

    def _untidy(self, *, alone: bool) -> Iterator[tuple[Rendition, str | None, str]]:
        """Yield files that nobody finished writing, and those that do not lie in their folder."""
        for rendition in Rendition:
            for place, name in self._files(rendition):
                if _is_unfinished(name):
                    if alone or self._is_abandoned(rendition, place, name):
                        yield rendition, place, name
                elif place is None and _image_name(name, rendition) is not None:
                    yield rendition, place, name

    def _is_abandoned(self, rendition: Rendition, place: str | None, name: str) -> bool:
        with self._base(rendition) as base, suppress(OSError), _inner(base, place) as folder:
            written = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
            return time.time() - written > _UNFINISHED_SECONDS
        return False

    def _files(self, rendition: Rendition) -> Iterator[tuple[str | None, str]]:
        """Yield the folder and name of every file; None: right in the base."""
        with self._base(rendition) as base:
            for place in (None, *_places(base)):
                with (
                    suppress(FileNotFoundError),
                    _inner(base, place) as folder,
                    os.scandir(folder) as entries,
                ):
                    for entry in entries:
                        if entry.is_file(follow_symlinks=False):
                            yield place, entry.name

    def _is_moved(self, name: str, rendition: Rendition) -> bool:
        """Return whether a file of this name lies in its folder too, and so stands before the other."""
        place = name[:_DIGITS]
        with self._base(rendition) as base, suppress(OSError), _inner(base, place) as folder:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            return True
        return False

    @contextmanager
    def _base(self, rendition: Rendition) -> Iterator[int]:
        path = self.folder if rendition is Rendition.FULL else self.folder / _THUMBNAILS
        handle = os.open(path, _FOLDER_FLAGS)
        try:
            yield handle
        finally:
            os.close(handle)


@contextmanager
def _inner(base: int, place: str | None) -> Iterator[int]:
    """Yield the handle of a folder in the base; None: of the base itself."""
    if place is None:
        yield base
        return
    handle = os.open(place, _INNER_FLAGS, dir_fd=base)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _made(base: int, place: str) -> Iterator[int]:
    """Yield the handle of a folder in the base, which is made where it is missing."""
    with ExitStack() as opened:
        try:
            handle = opened.enter_context(_inner(base, place))
        except FileNotFoundError:
            with suppress(FileExistsError):
                os.mkdir(place, 0o700, dir_fd=base)
                os.fsync(base)
            handle = opened.enter_context(_inner(base, place))
        yield handle


def _places(base: int) -> list[str]:
    with os.scandir(base) as entries:
        found = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return sorted(name for name in found if len(name) == _DIGITS and _is_hexadecimal(name))


def _is_hexadecimal(text: str) -> bool:
    return not set(text) - set("0123456789abcdef")


def _is_unfinished(file_name: str) -> bool:
    return _UNFINISHED.fullmatch(file_name) is not None


def _file_name(image_name: ImageName, rendition: Rendition) -> str:
    if rendition is Rendition.FULL:
        return image_name
    return image_name.removesuffix(".png") + ".webp"


def _image_name(file_name: str, rendition: Rendition) -> ImageName | None:
    """Return the picture that a file is of, or None where it is of none."""
    suffix = ".png" if rendition is Rendition.FULL else ".webp"
    if not file_name.endswith(suffix):
        return None
    name = file_name.removesuffix(suffix) + ".png"
    return ImageName(name) if is_image_name(name) else None


def _write(folder: int, name: str, content: bytes) -> None:
    with os.fdopen(os.open(name, _NEW_FLAGS, 0o600, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
