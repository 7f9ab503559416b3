"""Small pictures that stand for something: decoded, checked and drawn anew, like every upload."""

import hashlib
import io

import attrs

from invoke_core.errors import TooLarge
from invoke_core.ports.imaging import ImageCodec
from invoke_core.services._image_files import ImageContent


@attrs.frozen(kw_only=True)
class SmallPicture:
    """A WebP picture of at most 256 pixels a side."""

    webp: bytes = attrs.field(repr=False)
    digest: str  # of the content: 32 hexadecimal digits


@attrs.frozen
class SmallPictures:
    """Makes small pictures of uploads. Slow: never inside a unit of work that writes."""

    codec: ImageCodec
    max_upload_bytes: int = 52_428_800

    def of_upload(self, content: bytes) -> SmallPicture:
        """Return the small picture of a PNG, JPEG or WebP file; nothing else of the file is kept.

        Raises:
            TooLarge: it has too many bytes or pixels.
            Unsupported: it is empty, damaged, or no PNG, JPEG or WebP.
        """
        if len(content) > self.max_upload_bytes:
            raise TooLarge(f"An upload has at most {self.max_upload_bytes:,} bytes.")
        webp = self.codec.thumbnail(self.codec.normalise(content, {}).png)
        return SmallPicture(webp=webp, digest=hashlib.sha256(webp).hexdigest()[:32])


def opened(webp: bytes, digest: str) -> ImageContent:
    """Return a small picture as content that can be sent."""
    return ImageContent(stream=io.BytesIO(webp), size=len(webp), etag=f'"{digest}"')
