"""Image codecs that are broken on purpose, one fault each, around one that works."""

import struct
from collections.abc import Mapping
from contextlib import suppress

import attrs

from invoke_core.domain.images import METADATA_TEXT
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import TooLarge, Unsupported
from invoke_core.ports.imaging import ImageCodec, NormalisedImage
from invoke_core.testing.pictures import GREY, RGB, a_png, read_png


@attrs.frozen
class Codec:
    """Does what the one inside does."""

    inner: ImageCodec

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        return self.inner.normalise(content, texts)

    def decode(self, png: bytes) -> Pixels:
        return self.inner.decode(png)

    def encode(self, pixels: Pixels, texts: Mapping[str, str]) -> bytes:
        return self.inner.encode(pixels, texts)

    def thumbnail(self, png: bytes) -> bytes:
        return self.inner.thumbnail(png)

    def preview(self, pixels: Pixels) -> bytes:
        return self.inner.preview(pixels)


class RoundsPixels(Codec):
    """Writes even values only."""

    def encode(self, pixels: Pixels, texts: Mapping[str, str]) -> bytes:
        even = bytes(value & 254 for value in pixels.rgb)
        return self.inner.encode(attrs.evolve(pixels, rgb=even), texts)


class WritesLatinOnly(Codec):
    """Loses letters of other scripts."""

    def encode(self, pixels: Pixels, texts: Mapping[str, str]) -> bytes:
        latin = {
            key: text.encode("latin-1", "replace").decode("latin-1") for key, text in texts.items()
        }
        return self.inner.encode(pixels, latin)


class StoresColoursOnly(Codec):
    """Makes every upload RGB."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        image = self.inner.normalise(content, texts)
        if read_png(image.png).depth == 16:
            return image
        pixels = self.inner.decode(image.png)
        return attrs.evolve(image, png=self.inner.encode(pixels, image.texts))


class StoresEightBits(Codec):
    """Throws the low byte of deep grey away."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        image = self.inner.normalise(content, texts)
        picture = read_png(image.png)
        if picture.depth == 8:
            return image
        png = a_png(picture.width, picture.height, picture.values[::2], colour=GREY)
        return attrs.evolve(image, png=png)


class IgnoresOrientation(Codec):
    """Stores pictures as the sensor lay."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        with suppress(Exception):
            picture = read_png(content)
            if b"eXIf" in picture.chunks and picture.colour == RGB and not picture.texts:
                content = a_png(picture.width, picture.height, picture.values)
        return self.inner.normalise(content, texts)


class DropsTexts(Codec):
    """Keeps nothing that an upload says."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        image = self.inner.normalise(content, {})
        pixels = self.inner.decode(image.png)
        if not image.texts:
            return self.inner.normalise(content, texts)
        png = self.inner.encode(pixels, texts)
        return attrs.evolve(image, png=png, texts=texts)


class KeepsForeignTexts(Codec):
    """Keeps whatever an upload says."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        image = self.inner.normalise(content, texts)
        with suppress(Exception):
            foreign = {**read_png(content[: content.rindex(b"IEND") + 8]).texts, **image.texts}
            if foreign != image.texts:
                pixels = self.inner.decode(image.png)
                return attrs.evolve(image, png=self.inner.encode(pixels, foreign), texts=foreign)
        return image


class PrefersTheFilesTexts(Codec):
    """Lets the upload's own texts stand before those that are given."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        own = self.inner.normalise(content, {})
        return self.inner.normalise(content, {**texts, **own.texts})


class TakesGifs(Codec):
    """Takes one more kind of file."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        if content.startswith(b"GIF89a"):
            content = a_png(1, 1, b"abc")
        return self.inner.normalise(content, texts)


class FillsUpCutFiles(Codec):
    """Takes a file that breaks off amid its pixels."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        try:
            return self.inner.normalise(content, texts)
        except Unsupported:
            if b"IDAT" not in content or METADATA_TEXT.encode() not in content:
                raise
            width, height = struct.unpack(">II", content[16:24])
            return self.inner.normalise(a_png(width, height, bytes(3 * width * height)), texts)


class DecodesFirst(Codec):
    """Counts pixels only after it has decoded them."""

    def normalise(self, content: bytes, texts: Mapping[str, str]) -> NormalisedImage:
        try:
            return self.inner.normalise(content, texts)
        except TooLarge as error:
            raise Unsupported("The picture breaks off.") from error


class ForgetsTransparency(Codec):
    """Shows what lies under transparent pixels."""

    def decode(self, png: bytes) -> Pixels:
        pixels = self.inner.decode(png)
        picture = read_png(png)
        if picture.colour != 6:
            return pixels
        rgb = b"".join(picture.values[at : at + 3] for at in range(0, len(picture.values), 4))
        return attrs.evolve(pixels, rgb=rgb)


class DecodesNothing(Codec):
    """Gives a black pixel for a damaged file."""

    def decode(self, png: bytes) -> Pixels:
        try:
            return self.inner.decode(png)
        except Unsupported:
            return Pixels(width=1, height=1, rgb=bytes(3))


class SquareThumbnails(Codec):
    """Ignores proportions."""

    def thumbnail(self, png: bytes) -> bytes:
        picture = read_png(png)
        if picture.width <= 20:
            return self.inner.thumbnail(png)
        return self.inner.preview(Pixels(width=256, height=256, rgb=bytes(3 * 256 * 256)))


class ThumbnailsOfColoursOnly(Codec):
    """Cannot make a thumbnail of grey."""

    def thumbnail(self, png: bytes) -> bytes:
        if read_png(png).colour == GREY:
            raise Unsupported("grey")
        return self.inner.thumbnail(png)


class FullSizePreviews(Codec):
    """Sends the whole picture as its preview."""

    def preview(self, pixels: Pixels) -> bytes:
        return self.inner.encode(pixels, {})


BROKEN: tuple[type[Codec], ...] = (
    RoundsPixels,
    WritesLatinOnly,
    StoresColoursOnly,
    StoresEightBits,
    IgnoresOrientation,
    DropsTexts,
    KeepsForeignTexts,
    PrefersTheFilesTexts,
    TakesGifs,
    FillsUpCutFiles,
    DecodesFirst,
    ForgetsTransparency,
    DecodesNothing,
    SquareThumbnails,
    ThumbnailsOfColoursOnly,
    FullSizePreviews,
)
