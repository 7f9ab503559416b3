"""Where the content of pictures lies."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import BinaryIO, Protocol

from invoke_core.domain.health import DiskSpace
from invoke_core.domain.identifiers import ImageName


class Rendition(StrEnum):
    """Which content of a picture."""

    FULL = "full"  # PNG
    THUMBNAIL = "thumbnail"  # WebP


class ImageStorage(Protocol):
    """Content of pictures by name. Thread-safe. What was put is on the disk, not in a buffer.

    A name is one that the server makes (`is_image_name`); under any other there is nothing, and nothing
    outside the storage is ever read, written or removed.
    """

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        """Keep the content, whole or not at all, in place of what was there.

        Raises:
            ValueError: the server makes no such names.
            StorageFull: the disk is full; nothing of it stays.
        """

    def open(self, image_name: ImageName, rendition: Rendition) -> BinaryIO:
        """Return the content, open for reading and seeking; raise NotFound where there is none."""

    def remove(self, image_name: ImageName) -> None:
        """Forget every rendition; nothing happens where there is none."""

    def names(self, rendition: Rendition = Rendition.FULL) -> Iterator[ImageName]:
        """Yield the names that have this content, each once, in no particular order."""

    def sizes(self, image_name: ImageName) -> Mapping[Rendition, int]:
        """Return how many bytes each content has that is there."""

    def age(self, image_name: ImageName) -> float | None:
        """Return for how many seconds nothing was put under the name; None where nothing is there."""

    def space(self) -> DiskSpace | None:
        """Return what is left to keep pictures on; None where no end is known."""

    def set_aside(self, image_name: ImageName) -> str:
        """Take every content out of the storage without losing it; return where a person finds it.

        Raises:
            NotFound: the server makes no such names.
        """

    def untidy(self, *, alone: bool = False) -> int:
        """Return how many things `tidy` would do."""

    def tidy(self, *, alone: bool = False) -> int:
        """Remove what crashes left half-written, and move what lies where it lay in older versions.

        Nothing that is put, opened or removed meanwhile notices.

        Args:
            alone: nobody else uses the storage; otherwise what could still be being written stays.

        Returns:
            How many things were done.
        """
