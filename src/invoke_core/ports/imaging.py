"""Reading and writing picture files."""

from collections.abc import Mapping
from typing import Protocol

import attrs

from invoke_core.domain.pixels import Pixels


@attrs.frozen(kw_only=True)
class NormalisedImage:
    """An upload, made safe to keep."""

    png: bytes = attrs.field(repr=False)  # the decoded pixel values, orientation applied, sRGB
    width: int
    height: int
    texts: Mapping[
        str, str
    ]  # what our own and InvokeAI's text chunks said; foreign ones are dropped


class ImageCodec(Protocol):
    """Reads and writes picture files. Thread-safe."""

    def normalise(self, content: bytes) -> NormalisedImage:
        """Return an upload as a PNG with the pixel values that were decoded.

        Raises:
            Unsupported: it is empty, damaged, or no PNG, JPEG or WebP whatever its name says.
            TooLarge: it has more pixels than allowed; found out before they are decoded.
        """

    def decode(self, content: bytes) -> Pixels:
        """Return the pixels of a PNG that this codec wrote; transparency is laid on white."""

    def encode(self, pixels: Pixels, texts: Mapping[str, str]) -> bytes:
        """Return a PNG with exactly these pixels and text chunks."""

    def thumbnail(self, png: bytes) -> bytes:
        """Return a WebP picture whose longer side has at most 256 pixels."""

    def preview(self, pixels: Pixels) -> bytes:
        """Return a small WebP picture of at most 256 pixels a side, quickly."""
