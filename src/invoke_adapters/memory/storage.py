"""Content of pictures in a dictionary."""

import io
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO

import attrs

from invoke_core.domain.health import DiskSpace
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.images import is_image_name
from invoke_core.errors import NotFound
from invoke_core.ports.storage import Rendition


@attrs.frozen
class MemoryImageStorage:
    """An image storage that is gone with the process."""

    _contents: dict[tuple[ImageName, Rendition], bytes] = attrs.field(factory=dict, init=False)
    _aside: dict[tuple[ImageName, Rendition], bytes] = attrs.field(factory=dict, init=False)
    _put_at: dict[ImageName, float] = attrs.field(factory=dict, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            raise ValueError(f"{image_name!r} is no image name")
        with self._lock:
            self._contents[image_name, rendition] = bytes(content)
            self._put_at[image_name] = time.monotonic()

    def open(self, image_name: ImageName, rendition: Rendition) -> BinaryIO:
        """See `ImageStorage`."""
        with self._lock:
            content = self._contents.get((image_name, rendition))
        if content is None:
            raise NotFound("image", image_name)
        return io.BytesIO(content)

    def remove(self, image_name: ImageName) -> None:
        """See `ImageStorage`."""
        with self._lock:
            for rendition in Rendition:
                self._contents.pop((image_name, rendition), None)
            self._put_at.pop(image_name, None)

    def names(self, rendition: Rendition = Rendition.FULL) -> Iterator[ImageName]:
        """See `ImageStorage`."""
        with self._lock:
            names = [name for name, there in self._contents if there is rendition]
        yield from names

    def sizes(self, image_name: ImageName) -> dict[Rendition, int]:
        """See `ImageStorage`."""
        with self._lock:
            return {
                rendition: len(self._contents[image_name, rendition])
                for rendition in Rendition
                if (image_name, rendition) in self._contents
            }

    def age(self, image_name: ImageName) -> float | None:
        """See `ImageStorage`."""
        with self._lock:
            put = self._put_at.get(image_name)
        return None if put is None else time.monotonic() - put

    def space(self) -> DiskSpace | None:
        """Return None: memory ends with the process, and nobody says where."""
        return None

    def set_aside(self, image_name: ImageName) -> str:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            raise NotFound("image", image_name)
        with self._lock:
            for rendition in Rendition:
                content = self._contents.pop((image_name, rendition), None)
                if content is not None:
                    self._aside[image_name, rendition] = content
            self._put_at.pop(image_name, None)
        return "the memory of this process"

    def untidy(self, *, alone: bool = False) -> int:
        """See `ImageStorage`."""
        return 0

    def tidy(self, *, alone: bool = False) -> int:
        """See `ImageStorage`."""
        return 0
