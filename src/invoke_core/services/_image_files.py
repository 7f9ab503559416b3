"""The files of a picture: stored before the row that names them, discarded after it is gone."""

from collections.abc import Iterable, Mapping

import attrs

from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.pixels import Pixels
from invoke_core.ports.imaging import ImageCodec
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.storage import ImageStorage, Rendition


@attrs.frozen(kw_only=True)
class StoredFiles:
    """What a row needs to know of a picture that has just been stored."""

    image_name: ImageName
    size_bytes: int  # of the picture and its thumbnail
    width: int  # pixels
    height: int
    texts: Mapping[str, str]  # the text chunks of the picture, by key


@attrs.frozen
class ImageFiles:
    """Stores the content of pictures, each with its thumbnail, under new names.

    Slow: never inside a unit of work that writes.
    """

    storage: ImageStorage
    codec: ImageCodec
    randomness: Randomness

    def save(self, pixels: Pixels, texts: Mapping[str, str], image_name: ImageName) -> StoredFiles:
        """Store a generated picture with these text chunks, under the name that its run gives it.

        Raises:
            StorageFull: the disk is full; nothing of it stays.
        """
        png = self.codec.encode(pixels, texts)
        return self._store(image_name, png, pixels.width, pixels.height, texts)

    def save_upload(self, content: bytes, texts: Mapping[str, str]) -> StoredFiles:
        """Store an upload, with these text chunks beside those that it brought.

        Raises:
            Unsupported: it is empty, damaged, or no PNG, JPEG or WebP.
            TooLarge: it has too many pixels.
            StorageFull: the disk is full; nothing of it stays.
        """
        image = self.codec.normalise(content, texts)
        name = ImageName(f"{self.randomness.identifier()}.png")
        return self._store(name, image.png, image.width, image.height, image.texts)

    def discard(self, image_name: ImageName) -> None:
        """Remove the files of a picture that no row names (any more)."""
        self.storage.remove(image_name)

    def discard_all(self, image_names: Iterable[ImageName]) -> None:
        """Remove the files of pictures that no row names (any more)."""
        for image_name in image_names:
            self.storage.remove(image_name)

    def _store(
        self, image_name: ImageName, png: bytes, width: int, height: int, texts: Mapping[str, str]
    ) -> StoredFiles:
        thumbnail = self.codec.thumbnail(png)
        try:
            self.storage.put(image_name, Rendition.FULL, png)
            self.storage.put(image_name, Rendition.THUMBNAIL, thumbnail)
        except BaseException:  # also an interrupt: nobody else knows the name
            self.storage.remove(image_name)
            raise
        return StoredFiles(
            image_name=image_name,
            size_bytes=len(png) + len(thumbnail),
            width=width,
            height=height,
            texts=texts,
        )
