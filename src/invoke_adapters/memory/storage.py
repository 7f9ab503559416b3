"""Content of pictures in a dictionary."""

import io
import threading
from collections.abc import Iterator
from typing import BinaryIO

import attrs

from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.images import is_image_name
from invoke_core.errors import NotFound
from invoke_core.ports.storage import Rendition


@attrs.frozen
class MemoryImageStorage:
    """An image storage that is gone with the process."""

    _contents: dict[tuple[ImageName, Rendition], bytes] = attrs.field(factory=dict, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        """See `ImageStorage`."""
        if not is_image_name(image_name):
            raise ValueError(f"{image_name!r} is no image name")
        with self._lock:
            self._contents[image_name, rendition] = bytes(content)

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

    def names(self) -> Iterator[ImageName]:
        """See `ImageStorage`."""
        with self._lock:
            names = [name for name, rendition in self._contents if rendition is Rendition.FULL]
        yield from names
