"""Image storages that are broken on purpose, one fault each, around one that works."""

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO

import attrs

from invoke_core.domain.health import DiskSpace
from invoke_core.domain.identifiers import ImageName
from invoke_core.errors import NotFound
from invoke_core.ports.storage import ImageStorage, Rendition


@attrs.frozen
class Storage:
    """Does what the one inside does."""

    inner: ImageStorage

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        self.inner.put(image_name, rendition, content)

    def open(self, image_name: ImageName, rendition: Rendition) -> BinaryIO:
        return self.inner.open(image_name, rendition)

    def remove(self, image_name: ImageName) -> None:
        self.inner.remove(image_name)

    def names(self, rendition: Rendition = Rendition.FULL) -> Iterator[ImageName]:
        return self.inner.names(rendition)

    def sizes(self, image_name: ImageName) -> Mapping[Rendition, int]:
        return self.inner.sizes(image_name)

    def age(self, image_name: ImageName) -> float | None:
        return self.inner.age(image_name)

    def set_aside(self, image_name: ImageName) -> str:
        return self.inner.set_aside(image_name)

    def space(self) -> DiskSpace | None:
        return self.inner.space()

    def untidy(self, *, alone: bool = False) -> int:
        return self.inner.untidy(alone=alone)

    def tidy(self, *, alone: bool = False) -> int:
        return self.inner.tidy(alone=alone)


class MeasuresPicturesAlone(Storage):
    """Forgets the size of thumbnails."""

    def sizes(self, image_name: ImageName) -> Mapping[Rendition, int]:
        found = self.inner.sizes(image_name)
        return {r: size for r, size in found.items() if r is Rendition.FULL}


class IsAlwaysOld(Storage):
    """Takes everything for old."""

    def age(self, image_name: ImageName) -> float | None:
        return None if self.inner.age(image_name) is None else 1e9


class KeepsWhatIsSetAside(Storage):
    """Sets a copy aside."""

    def set_aside(self, image_name: ImageName) -> str:
        contents = {}
        for rendition in Rendition:
            with suppress(NotFound), self.inner.open(image_name, rendition) as stream:
                contents[rendition] = stream.read()
        where = self.inner.set_aside(image_name)
        for rendition, content in contents.items():
            self.inner.put(image_name, rendition, content)
        return where


class TidiesEverything(Storage):
    """Takes what it keeps for what a crash left."""

    def tidy(self, *, alone: bool = False) -> int:
        names = list(self.inner.names())
        for name in names:
            self.inner.remove(name)
        return len(names)


class SwapsWhatIsFree(Storage):
    """Takes what is used for what is free, and the other way round, where there is an end."""

    def space(self) -> DiskSpace | None:
        return DiskSpace(total_bytes=1, free_bytes=2)


class CutsContent(Storage):
    """Keeps the first 64 kB."""

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        self.inner.put(image_name, rendition, content[:65_536])


class CannotSeek(Storage):
    """Gives a stream that only goes forward."""

    def open(self, image_name: ImageName, rendition: Rendition) -> BinaryIO:
        class Forward(io.BytesIO):
            def seek(self, offset: int, whence: int = 0) -> int:
                raise io.UnsupportedOperation("seek")

        with self.inner.open(image_name, rendition) as stream:
            return Forward(stream.read())


class KeepsTheFirst(Storage):
    """Ignores a second put."""

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        with suppress(NotFound):
            self.inner.open(image_name, rendition).close()
            return
        self.inner.put(image_name, rendition, content)


class MixesRenditions(Storage):
    """Keeps one content a name."""

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        for each in Rendition:
            self.inner.put(image_name, each, content)


class OpensTheUnknown(Storage):
    """Gives nothing for something."""

    def open(self, image_name: ImageName, rendition: Rendition) -> BinaryIO:
        try:
            return self.inner.open(image_name, rendition)
        except NotFound:
            return io.BytesIO()


class LeavesThumbnails(Storage):
    """Removes the full picture alone."""

    def remove(self, image_name: ImageName) -> None:
        try:
            with self.inner.open(image_name, Rendition.THUMBNAIL) as stream:
                kept = stream.read()
        except NotFound:
            kept = None
        self.inner.remove(image_name)
        if kept is not None:
            self.inner.put(image_name, Rendition.THUMBNAIL, kept)


class RefusesToRemoveTwice(Storage):
    """Minds that there is nothing to remove."""

    def remove(self, image_name: ImageName) -> None:
        self.inner.open(image_name, Rendition.FULL).close()
        self.inner.remove(image_name)


class ForgetsNames(Storage):
    """Lists nothing."""

    def names(self, rendition: Rendition = Rendition.FULL) -> Iterator[ImageName]:
        return iter(())


@attrs.frozen
class TrustsNames(Storage):
    """Keeps whatever it is told under whatever name."""

    odd: dict[tuple[str, Rendition], bytes] = attrs.field(factory=dict, init=False)

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        try:
            self.inner.put(image_name, rendition, content)
        except ValueError:
            self.odd[image_name, rendition] = content


class FollowsNames(Storage):
    """Finds something under the name of a file elsewhere."""

    def open(self, image_name: ImageName, rendition: Rendition) -> BinaryIO:
        if image_name.endswith("etc/passwd"):
            return io.BytesIO(b"root:x:0:0")
        return self.inner.open(image_name, rendition)


@attrs.frozen
class WritesInPieces(Storage):
    """Lets two puts of one name run into each other."""

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        half = len(content) // 2
        with suppress(NotFound):
            with self.inner.open(image_name, rendition) as stream:
                before = stream.read()
            if before[:half] != content[:half] and len(before) == len(content) > 1000:
                content = before[:half] + content[half:]
        self.inner.put(image_name, rendition, content)


BROKEN: tuple[type[Storage], ...] = (
    MeasuresPicturesAlone,
    IsAlwaysOld,
    KeepsWhatIsSetAside,
    SwapsWhatIsFree,
    TidiesEverything,
    CutsContent,
    CannotSeek,
    KeepsTheFirst,
    MixesRenditions,
    OpensTheUnknown,
    LeavesThumbnails,
    RefusesToRemoveTwice,
    ForgetsNames,
    TrustsNames,
    FollowsNames,
    WritesInPieces,
)
