"""The files of a picture: stored before the row that names them, discarded after it is gone."""

from collections.abc import Iterable, Mapping
from typing import BinaryIO

import attrs

from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.pixels import Pixels
from invoke_core.ports.imaging import ImageCodec
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.storage import ImageStorage, Rendition


@attrs.frozen(kw_only=True)
class MadeFiles:
    """The content of a picture that is in memory alone."""

    png: bytes = attrs.field(repr=False)
    thumbnail: bytes = attrs.field(repr=False)
    width: int  # pixels
    height: int
    texts: Mapping[str, str]  # the text chunks of the picture, by key

    @property
    def size_bytes(self) -> int:
        """How much of the disk it will take."""
        return len(self.png) + len(self.thumbnail)


@attrs.frozen(kw_only=True)
class StoredFiles:
    """What a row needs to know of a picture that has just been stored."""

    image_name: ImageName
    size_bytes: int  # of the picture and its thumbnail
    width: int  # pixels
    height: int
    texts: Mapping[str, str]  # the text chunks of the picture, by key


@attrs.frozen(kw_only=True)
class ImageContent:
    """The content of a picture, open for reading and seeking; whoever takes it closes it."""

    stream: BinaryIO
    size: int  # bytes
    etag: str  # quoted, as HTTP has it (RFC 9110, 8.8.3)


@attrs.frozen
class ImageFiles:
    """Stores the content of pictures, each with its thumbnail, under new names.

    Slow: never inside a unit of work that writes.
    """

    storage: ImageStorage
    codec: ImageCodec
    randomness: Randomness

    def made_of_pixels(self, pixels: Pixels, texts: Mapping[str, str]) -> MadeFiles:
        """Return the files of a generated picture with these text chunks."""
        png = self.codec.encode(pixels, texts)
        return MadeFiles(
            png=png,
            thumbnail=self.codec.thumbnail(png),
            width=pixels.width,
            height=pixels.height,
            texts=texts,
        )

    def made_of_upload(self, content: bytes, texts: Mapping[str, str]) -> MadeFiles:
        """Return the files of an upload, with these text chunks beside those that it brought.

        Raises:
            Unsupported: it is empty, damaged, or no PNG, JPEG or WebP.
            TooLarge: it has too many pixels.
        """
        image = self.codec.normalise(content, texts)
        return MadeFiles(
            png=image.png,
            thumbnail=self.codec.thumbnail(image.png),
            width=image.width,
            height=image.height,
            texts=image.texts,
        )

    def store(self, made: MadeFiles, image_name: ImageName | None = None) -> StoredFiles:
        """Store the files of a picture.

        Args:
            made: the files.
            image_name: the name that a run gives it; None: a new one.

        Raises:
            StorageFull: the disk is full; nothing of it stays.
        """
        name = image_name or ImageName(f"{self.randomness.identifier()}.png")
        try:
            self.storage.put(name, Rendition.FULL, made.png)
            self.storage.put(name, Rendition.THUMBNAIL, made.thumbnail)
        except BaseException:  # also an interrupt: nobody else knows the name
            self.storage.remove(name)
            raise
        return StoredFiles(
            image_name=name,
            size_bytes=made.size_bytes,
            width=made.width,
            height=made.height,
            texts=made.texts,
        )

    def discard(self, image_name: ImageName) -> None:
        """Remove the files of a picture that no row names (any more)."""
        self.storage.remove(image_name)

    def discard_all(self, image_names: Iterable[ImageName]) -> None:
        """Remove the files of pictures that no row names (any more)."""
        for image_name in image_names:
            self.storage.remove(image_name)


def opened_content(
    storage: ImageStorage, image_name: ImageName, rendition: Rendition
) -> ImageContent:
    """Return the content of a picture; raise NotFound where there is none."""
    stream = storage.open(image_name, rendition)
    size = stream.seek(0, 2)
    stream.seek(0)
    # What lies under a name never changes, so the name is as good as a digest.
    return ImageContent(stream=stream, size=size, etag=f'"{image_name}-{rendition}-{size}"')
