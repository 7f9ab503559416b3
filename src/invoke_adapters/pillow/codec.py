"""The image codec; what it does with Pillow lies in `_pictures`."""

from collections.abc import Mapping

import attrs

from invoke_core.domain.pixels import Pixels
from invoke_core.ports.imaging import NormalisedImage


@attrs.frozen
class PillowImageCodec:
    """An image codec on Pillow.

    `_pictures` is imported by the first call: a server starts faster without Pillow, and most of its
    processes never see a picture.
    """

    max_pixels: int = 67_108_864  # of an upload

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        """See `ImageCodec`."""
        from invoke_adapters.pillow import _pictures

        return _pictures.normalise(content, texts, self.max_pixels)

    def decode(self, png: bytes) -> Pixels:
        """See `ImageCodec`."""
        from invoke_adapters.pillow import _pictures

        return _pictures.decode(png)

    def encode(self, pixels: Pixels, texts: Mapping[str, str]) -> bytes:
        """See `ImageCodec`."""
        from invoke_adapters.pillow import _pictures

        return _pictures.encode(pixels, texts)

    def thumbnail(self, png: bytes) -> bytes:
        """See `ImageCodec`."""
        from invoke_adapters.pillow import _pictures

        return _pictures.thumbnail(png)

    def preview(self, pixels: Pixels) -> bytes:
        """See `ImageCodec`."""
        from invoke_adapters.pillow import _pictures

        return _pictures.preview(pixels)
