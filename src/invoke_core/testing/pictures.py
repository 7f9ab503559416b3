"""Small PNG files, written and read with the standard library alone, for tests of codecs."""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence

import attrs

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, GREY_ALPHA, RGBA = 0, 2, 4, 6  # colour types (PNG, third edition, 11.2.1)
_CHANNELS = {GREY: 1, RGB: 3, GREY_ALPHA: 2, RGBA: 4}

Chunk = tuple[bytes, bytes]


@attrs.frozen(kw_only=True)
class PngFile:
    """What a PNG file says."""

    width: int  # pixels
    height: int
    depth: int  # bits a channel
    colour: int  # colour type
    values: bytes = attrs.field(repr=False)  # row by row; 16-bit values with the high byte first
    texts: Mapping[str, str]
    chunks: Sequence[bytes]  # the types, in order


def a_png(
    width: int,
    height: int,
    values: bytes,
    *,
    colour: int = RGB,
    depth: int = 8,
    more: Iterable[Chunk] = (),
) -> bytes:
    """Return a PNG file.

    Args:
        width: pixels.
        height: pixels.
        values: of the channels, row by row; 16-bit values with the high byte first.
        colour: `GREY`, `RGB`, `GREY_ALPHA` or `RGBA`.
        depth: bits a channel, 8 or 16.
        more: chunks that come before the pixels.
    """
    stride = width * _CHANNELS[colour] * depth // 8
    rows = b"".join(b"\0" + values[stride * row :][:stride] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *more, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


def text_chunk(key: str, text: str) -> Chunk:
    """Return an iTXt chunk."""
    return b"iTXt", key.encode() + b"\0\0\0\0\0" + text.encode()


def orientation_chunk(orientation: int) -> Chunk:
    """Return an eXIf chunk that says how the picture is turned (1 to 8, as in Exif 2.32, 4.6.4)."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"eXIf", b"MM\0*\0\0\0\x08" + struct.pack(">H", 1) + entry + b"\0\0\0\0"


def read_png(content: bytes) -> PngFile:
    """Return what a PNG file without interlacing says; raise AssertionError for another file."""
    assert content.startswith(SIGNATURE)
    chunks = list(_chunks(content))
    assert chunks[-1][0] == b"IEND"
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", chunks[0][1])
    data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    return PngFile(
        width=width,
        height=height,
        depth=depth,
        colour=colour,
        values=_unfiltered(data, height, _CHANNELS[colour] * depth // 8, width),
        texts=dict(_text(kind, body) for kind, body in chunks if kind in {b"tEXt", b"iTXt"}),
        chunks=[kind for kind, _ in chunks],
    )


def webp_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a WebP file in pixels (RFC 9649); raise AssertionError for another."""
    assert content[:4] == b"RIFF"
    assert content[8:12] == b"WEBP"
    kind = content[12:16]
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(content[24:27], "little"),
            1 + int.from_bytes(content[27:30], "little"),
        )
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(content: bytes) -> Iterable[Chunk]:
    at = len(SIGNATURE)
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length


def _text(kind: bytes, body: bytes) -> tuple[str, str]:
    key, rest = body.split(b"\0", 1)
    if kind == b"tEXt":
        return key.decode("latin-1"), rest.decode("latin-1")
    compressed, rest = rest[0], rest[2:].split(b"\0", 2)[2]
    return key.decode(), (zlib.decompress(rest) if compressed else rest).decode()


def _unfiltered(data: bytes, height: int, pixel: int, width: int) -> bytes:
    """Return the values of filtered rows (PNG, third edition, 9.2)."""
    stride = width * pixel
    above, values = bytes(stride), bytearray()
    for at in range(0, height * (stride + 1), stride + 1):
        row = bytearray(data[at + 1 : at + 1 + stride])
        for i in range(stride):
            left = row[i - pixel] if i >= pixel else 0
            corner = above[i - pixel] if i >= pixel else 0
            row[i] = (row[i] + _predicted(data[at], left, above[i], corner)) & 255
        values += row
        above = bytes(row)
    return bytes(values)


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    match kind:
        case 0:
            return 0
        case 1:
            return left
        case 2:
            return up
        case 3:
            return (left + up) // 2
    estimate = left + up - corner  # Paeth
    return min((left, up, corner), key=lambda value: abs(estimate - value))
