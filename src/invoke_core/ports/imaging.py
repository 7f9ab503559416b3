"""Reading and writing picture files."""

from collections.abc import Mapping
from typing import Protocol

import attrs

from invoke_core.domain.pixels import Pixels


@attrs.frozen(kw_only=True)
class NormalisedImage:
    """An upload, made safe to keep."""

    png: bytes = attrs.field(repr=False)  # the decoded pixel values, orientation applied, sRGB
    width: int  # pixels, as it is shown
    height: int
    texts: Mapping[str, str]  # the text chunks of `png`, by key


class ImageCodec(Protocol):
    """Reads and writes picture files. Thread-safe."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        """Return an upload as a PNG with the pixel values that were decoded.

        Its mode and depth stay (grey, transparent, 16 bits a channel of grey) as far as a PNG has them;
        its orientation is applied and another colour profile converted to sRGB. Of what else the file
        says nothing stays but the text chunks of `KEPT_TEXTS`.

        Args:
            content: the file as it came.
            texts: further text chunks, in place of the file's own of the same key.

        Raises:
            Unsupported: it is empty, damaged, or no PNG, JPEG or WebP whatever its name says.
            TooLarge: it has more pixels than allowed; found out before they are decoded.
        """

    def decode(self, png: bytes) -> Pixels:
        """Return the pixels of a PNG that this codec wrote; transparency is laid on white.

        Raises:
            Unsupported: it is none, or damaged.
        """

    def encode(self, pixels: Pixels, texts: Mapping[str, str]) -> bytes:
        """Return a PNG with exactly these pixels and text chunks."""

    def thumbnail(self, png: bytes) -> bytes:
        """Return a WebP picture whose longer side has at most 256 pixels."""

    def preview(self, pixels: Pixels) -> bytes:
        """Return a small WebP picture of at most 256 pixels a side, quickly."""
