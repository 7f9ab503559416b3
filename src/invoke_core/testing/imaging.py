"""The contract suite of image codecs, and a corpus of files that no codec may take."""

import random
import struct
import zlib
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoke_core.domain.images import GRAPH_TEXT, KEPT_TEXTS, METADATA_TEXT, WORKFLOW_TEXT
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import TooLarge, Unsupported
from invoke_core.ports.imaging import ImageCodec
from invoke_core.testing.pictures import (
    GREY,
    GREY_ALPHA,
    RGB,
    RGBA,
    SIGNATURE,
    a_png,
    orientation_chunk,
    read_png,
    text_chunk,
    webp_size,
)

_PICTURE_CHUNKS = {b"IHDR", b"IDAT", b"IEND", b"iTXt", b"tEXt", b"zTXt"}


def some_pixels(width: int, height: int, *, seed: int = 0) -> Pixels:
    """Return a picture of noise, the same for the same seed."""
    return Pixels(width=width, height=height, rgb=random.Random(seed).randbytes(3 * width * height))


def hostile_files() -> Mapping[str, bytes]:
    """Return files that are no whole PNG, JPEG or WebP, by what they are."""
    good = a_png(8, 8, bytes(192))
    flipped = bytearray(good)
    flipped[-20] ^= 0xFF
    no_pixels = SIGNATURE + good[8:33] + good[-12:]
    return {
        "empty": b"",
        "one byte": b"\x89",
        "text": b"a red circle on a white background",
        "html": b"<!DOCTYPE html><script>alert(1)</script>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00"
        b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
        "bmp": b"BM:\x00\x00\x00\x00\x00\x00\x006\x00\x00\x00(\x00\x00\x00\x01\x00\x00\x00\x01"
        b"\x00\x00\x00\x01\x00\x18\x00" + bytes(28),
        "psd": b"8BPS\x00\x01" + bytes(6) + struct.pack(">HIIHH", 3, 64, 64, 8, 3) + bytes(64),
        "tiff": b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00",
        "ppm": b"P6 1 1 255 \x00\x00\x00",
        "fits": b"SIMPLE  =                    T".ljust(2880),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        "pdf": b"%PDF-1.7\n",
        "zip": b"PK\x03\x04" + bytes(26),
        "ico": b"\x00\x00\x01\x00\x01\x00" + bytes(16) + good,
        "html before a png": b"<script>alert(1)</script>" + good,
        "a jpeg's first bytes": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        "a webp's first bytes": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
        "an avi": b"RIFF\x24\x00\x00\x00AVI LIST",
        "a png's signature": SIGNATURE,
        "a png cut in the header": good[:20],
        "a png cut in the pixels": good[:-25],
        "a png with a wrong checksum": bytes(flipped),
        "a png without pixels": no_pixels,
        "a png of no width": a_png(0, 8, b""),
        "a png with foreign data": good[:33] + b"\x00\x00\x00\x08IDAT" + b"garbage!" + bytes(4),
    }


def a_bomb(side: int) -> bytes:
    """Return the beginning of a square PNG whose header promises that many pixels a side."""
    header = struct.pack(">IIBBBBB", side, side, 8, RGB, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header
    return (
        SIGNATURE
        + chunk
        + struct.pack(">I", zlib.crc32(b"IHDR" + header))
        + a_png(1, 1, b"abc")[33:]
    )


class ImageCodecContract:
    """What every image codec does; a subclass provides `codec`, taking at most 67,108,864 pixels."""

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.differing_executors],  # a suite runs on many adapters
    )
    @given(data=st.data())
    def _round_trip(self, codec: ImageCodec, data: st.DataObject) -> None:
        width, height = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
        rgb = data.draw(st.binary(min_size=3 * width * height, max_size=3 * width * height))
        pixels = Pixels(width=width, height=height, rgb=rgb)

        png = codec.encode(pixels, {})

        assert read_png(png).values == rgb
        assert codec.decode(png) == pixels

    def test_every_picture_survives_being_written(self, codec: ImageCodec) -> None:
        self._round_trip(codec)

    def test_texts_are_written_whatever_their_script(self, codec: ImageCodec) -> None:
        texts = {
            METADATA_TEXT: '{"positive_prompt": "ein Kreis, круг, 円 🔴"}',
            WORKFLOW_TEXT: "{}",
        }

        png = codec.encode(some_pixels(4, 4), texts)

        assert read_png(png).texts == texts

    def test_an_upload_keeps_its_pixel_values(self, codec: ImageCodec) -> None:
        for colour, channels in ((GREY, 1), (RGB, 3), (GREY_ALPHA, 2), (RGBA, 4)):
            values = random.Random(colour).randbytes(7 * 5 * channels)

            stored = codec.normalise(a_png(7, 5, values, colour=colour), {})

            picture = read_png(stored.png)
            assert (stored.width, stored.height) == (picture.width, picture.height) == (7, 5)
            assert (picture.colour, picture.depth, picture.values) == (colour, 8, values)

    def test_an_upload_keeps_sixteen_bits_of_grey(self, codec: ImageCodec) -> None:
        values = random.Random(16).randbytes(7 * 5 * 2)

        stored = codec.normalise(a_png(7, 5, values, colour=GREY, depth=16), {})

        picture = read_png(stored.png)
        assert (picture.colour, picture.depth, picture.values) == (GREY, 16, values)

    def test_an_upload_is_turned_upright(self, codec: ImageCodec) -> None:
        values = b"abcdefghi" + b"ABCDEFGHI"  # 3 x 2; the first row is to be the right-hand column
        sent = a_png(3, 2, values, more=[orientation_chunk(6)])

        stored = codec.normalise(sent, {})

        assert (stored.width, stored.height) == (2, 3)
        assert read_png(stored.png).values == b"ABCabc" + b"DEFdef" + b"GHIghi"

    def test_an_upload_keeps_invokes_texts(self, codec: ImageCodec) -> None:
        texts = {METADATA_TEXT: '{"seed": 7}', WORKFLOW_TEXT: '{"name": "円"}', GRAPH_TEXT: "{}"}
        assert set(texts) == set(KEPT_TEXTS)
        sent = a_png(1, 1, b"abc", more=[text_chunk(*text) for text in texts.items()])

        stored = codec.normalise(sent, {})

        assert stored.texts == texts
        assert read_png(stored.png).texts == texts

    def test_an_upload_loses_everything_else_that_it_says(self, codec: ImageCodec) -> None:
        foreign = [
            (b"tEXt", b"Comment\0secret place"),
            text_chunk("XML:com.adobe.xmp", "secret place"),
            (b"eXIf", orientation_chunk(1)[1] + b"secret place"),
            (b"pHYs", bytes(9)),
            (b"prVt", b"secret place"),
        ]
        sent = a_png(2, 2, bytes(12), more=foreign) + b"<script>secret place</script>"

        stored = codec.normalise(sent, {})

        assert stored.texts == {}
        assert set(read_png(stored.png).chunks) <= _PICTURE_CHUNKS
        assert b"secret place" not in stored.png

    def test_texts_that_are_given_stand_in_for_the_uploads_own(self, codec: ImageCodec) -> None:
        own = [text_chunk(METADATA_TEXT, "old"), text_chunk(GRAPH_TEXT, "graph")]

        stored = codec.normalise(a_png(1, 1, b"abc", more=own), {METADATA_TEXT: "new"})

        assert stored.texts == {METADATA_TEXT: "new", GRAPH_TEXT: "graph"}
        assert read_png(stored.png).texts == stored.texts

    def test_a_file_that_is_no_picture_is_unsupported(self, codec: ImageCodec) -> None:
        for what, content in hostile_files().items():
            try:
                codec.normalise(content, {})
            except Unsupported:
                continue
            pytest.fail(f"took {what}")

    def test_a_picture_whose_pixels_break_off_is_unsupported(self, codec: ImageCodec) -> None:
        whole = codec.encode(some_pixels(16, 16), {METADATA_TEXT: "{}"})

        for length in range(0, len(whole) - 32, 7):  # the last bytes are checksums and the end mark
            with pytest.raises(Unsupported):
                codec.normalise(whole[:length], {})

    def test_too_many_pixels_are_refused_before_any_is_decoded(self, codec: ImageCodec) -> None:
        for side in (8193, 10_000, 30_000, 65_535):  # the data that should follow is not even there
            with pytest.raises(TooLarge):
                codec.normalise(a_bomb(side), {})

    def test_transparency_is_laid_on_white(self, codec: ImageCodec) -> None:
        values = bytes([10, 20, 30, 0]) + bytes([10, 20, 30, 255])
        stored = codec.normalise(a_png(2, 1, values, colour=RGBA), {})

        pixels = codec.decode(stored.png)

        assert pixels.rgb == bytes([255, 255, 255, 10, 20, 30])

    def test_what_is_no_png_is_not_decoded(self, codec: ImageCodec) -> None:
        for content in (b"", b"text", codec.encode(some_pixels(8, 8), {})[:-30]):
            with pytest.raises(Unsupported):
                codec.decode(content)

    def test_a_thumbnail_is_a_webp_of_at_most_256_pixels(self, codec: ImageCodec) -> None:
        sizes = {(600, 300): (256, 128), (300, 600): (128, 256), (9, 2000): (1, 256)}
        for (width, height), expected in sizes.items():
            png = codec.encode(some_pixels(width, height), {})

            assert webp_size(codec.thumbnail(png)) == expected

    def test_every_stored_form_has_a_thumbnail(self, codec: ImageCodec) -> None:
        forms = ((GREY, 1, 8), (GREY, 2, 16), (GREY_ALPHA, 2, 8), (RGB, 3, 8), (RGBA, 4, 8))
        for colour, size, depth in forms:
            sent = a_png(20, 10, bytes(200 * size), colour=colour, depth=depth)
            stored = codec.normalise(sent, {})

            assert webp_size(codec.thumbnail(stored.png)) == (20, 10)

    def test_a_preview_is_a_webp_of_at_most_256_pixels(self, codec: ImageCodec) -> None:
        assert webp_size(codec.preview(some_pixels(64, 32))) == (64, 32)
        assert webp_size(codec.preview(some_pixels(1024, 512))) == (256, 128)
