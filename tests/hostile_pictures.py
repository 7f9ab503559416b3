"""Files that want to crash, fill, fool or give away: made here, for none may lie in a repository."""

import gzip
import io
import struct
import zipfile
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from invoke_core.testing.imaging import a_bomb, hostile_files
from invoke_core.testing.pictures import SIGNATURE, a_png

SECRET = b"secret place"
SCRIPT = b"<script>alert('secret place')</script>"


def a_file(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def a_picture(width: int = 24, height: int = 16, mode: str = "RGB") -> Image.Image:
    return Image.effect_noise((width, height), 40).convert(mode)


def chunk(kind: bytes, content: bytes, *, checksum: int | None = None) -> bytes:
    crc = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def header(width: int, height: int, depth: int = 8, colour: int = 2, more: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, more))


def a_png_of(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND", b"")


def with_gps(**more: object) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (52.0, 31.0, 12.0), "E", (13.0, 24.0, 18.0)
    for number, value in more.items():
        exif[int(number.removeprefix("tag_"))] = value
    return exif


def located() -> dict[str, bytes]:
    """Return twenty pictures that say where they were taken; each holds `SECRET`."""
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPS>" + SECRET + b"</exif:GPS></x:xmpmeta>"
    found = {}
    for kind in ("JPEG", "PNG", "WEBP"):
        for turn in (1, 3, 6, 8):
            exif = with_gps(tag_274=turn)
            found[f"{kind} turned {turn}"] = a_file(a_picture(), kind, exif=exif)
    found["JPEG with a comment"] = a_file(a_picture(), "JPEG", comment=SECRET)
    found["JPEG with XMP"] = a_file(a_picture(), "JPEG", xmp=xmp)
    found["WEBP with XMP"] = a_file(a_picture(), "WEBP", xmp=xmp)
    for key in ("Comment", "XML:com.adobe.xmp", "Raw profile type exif", "Location"):
        texts = PngInfo()
        texts.add_itxt(key, SECRET.decode())
        found[f"PNG with the text {key}"] = a_file(a_picture(), "PNG", pnginfo=texts)
    texts = PngInfo()
    texts.add_text("Description", SECRET.decode(), zip=True)
    hidden = a_file(a_picture(), "PNG", pnginfo=texts)
    found["PNG with a compressed text"] = hidden + SECRET
    return found


def bombs() -> dict[str, bytes]:
    """Return small files that promise, or hold, very much."""
    zeros = zlib.compress(bytes(30_000_000), 9)
    much = zlib.compress(bytes(64_000_000), 9)
    line = zlib.compress(bytes(1_000_000), 9)
    return {
        "65535 x 65535 promised": a_bomb(65_535),
        "2^31 - 1 x 1": a_png_of(header(2**31 - 1, 1), chunk(b"IDAT", line)),
        "1 x 2^31 - 1": a_png_of(header(1, 2**31 - 1), chunk(b"IDAT", line)),
        "20000 x 20000 of nothing": a_png_of(header(20_000, 20_000), chunk(b"IDAT", zeros)),
        "1 bit 60000 x 60000": a_png_of(header(60_000, 60_000, 1, 0), chunk(b"IDAT", much)),
        "interlaced 9000 x 9000": a_png_of(header(9000, 9000, 8, 2, 1), chunk(b"IDAT", zeros)),
        "more pixels than promised": a_png_of(header(8, 8), chunk(b"IDAT", zeros)),
        "a text of 64 MB": a_png_of(
            header(1, 1),
            chunk(b"zTXt", b"Comment\0\0" + much),
            chunk(b"IDAT", zlib.compress(bytes(4))),
        ),
        "a profile of 64 MB": a_png_of(
            header(1, 1),
            chunk(b"iCCP", b"icc\0\0" + much),
            chunk(b"IDAT", zlib.compress(bytes(4))),
        ),
        "200 texts of 1 MB": a_png_of(
            header(1, 1),
            *[chunk(b"zTXt", b"c%d\0\0" % n + line) for n in range(200)],
            chunk(b"IDAT", zlib.compress(bytes(4))),
        ),
        "a JPEG of 65500 x 65500": _resized_jpeg(65_500, 65_500),
        "a progressive JPEG of many scans": _resized_jpeg(8000, 8000, progressive=True),
        "a WebP of 16383 x 16383": _resized_webp(),
        "gzip": gzip.compress(bytes(10_000_000)),
    }


def _resized_jpeg(width: int, height: int, **options: object) -> bytes:
    content = bytearray(a_file(a_picture(), "JPEG", **options))
    mark = b"\xff\xc2" if options else b"\xff\xc0"
    at = content.index(mark) + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def _resized_webp() -> bytes:
    content = bytearray(a_file(a_picture(mode="RGBA"), "WEBP", exif=with_gps()))
    content[24:30] = b"\xfe\x3f\x00" * 2
    return bytes(content)


def polyglots() -> dict[str, bytes]:
    """Return whole pictures that are something else as well; each holds `SECRET`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("Evil.class", SECRET)
    jpeg, png, webp = (a_file(a_picture(), kind) for kind in ("JPEG", "PNG", "WEBP"))
    text = a_png(2, 2, bytes(12), more=[(b"tEXt", b"Comment\0" + SCRIPT)])
    return {
        "PNG and HTML": png + SCRIPT,
        "PNG with HTML in a text": text,
        "PNG with HTML in a private chunk": a_png(2, 2, bytes(12), more=[(b"prVt", SCRIPT)]),
        "PNG and ZIP": png + archive.getvalue(),
        "JPEG and JAR": jpeg + archive.getvalue(),
        "JPEG and PHP": jpeg + b"<?php /* secret place */ ?>",
        "JPEG with a script for a comment": a_file(a_picture(), "JPEG", comment=SCRIPT),
        "WebP and HTML": webp + SCRIPT,
        "PNG and PDF": png + b"%PDF-1.7 secret place",
    }


def broken() -> dict[str, bytes]:
    """Return pictures that were whole once, and formats that we do not read."""
    jpeg, png, webp = (a_file(a_picture(64, 64), kind) for kind in ("JPEG", "PNG", "WEBP"))
    colours = a_file(a_picture().quantize(8), "PNG")
    at = colours.index(b"PLTE")
    without_palette = (
        colours[: at - 4] + colours[at + 8 + struct.unpack(">I", colours[at - 4 : at])[0] :]
    )
    return {
        "half a JPEG": jpeg[: len(jpeg) // 2],
        "half a WebP": webp[: len(webp) // 2],
        "a PNG without its header": SIGNATURE + png[33:],
        "a PNG with two headers": png[:33] + png[8:33] + png[33:],
        "a PNG with a palette that is not there": without_palette,
        "a PNG of an unknown colour": a_png_of(
            header(8, 8, 8, 5), chunk(b"IDAT", zlib.compress(bytes(200)))
        ),
        "a PNG of no depth": a_png_of(header(8, 8, 0), chunk(b"IDAT", zlib.compress(bytes(200)))),
        "a PNG chunk longer than the file": SIGNATURE + header(8, 8) + b"\x7f\xff\xff\xffIDAT",
        "a JPEG of nothing": b"\xff\xd8\xff\xd9",
        "a JPEG that points behind itself": jpeg[:20] + b"\xff\xe1\xff\xff" + jpeg[20:60],
        "a JPEG without tables": jpeg.replace(b"\xff\xc4", b"\xff\xfe"),
        "a WebP of a wrong length": webp[:4] + b"\xff\xff\xff\x7f" + webp[8:],
        "a TIFF": a_file(a_picture(), "TIFF"),
        "a GIF": a_file(a_picture(mode="P"), "GIF"),
        "an ICO": a_file(a_picture(), "ICO"),
        "a BMP": a_file(a_picture(), "BMP"),
        "a TGA": a_file(a_picture(), "TGA"),
        "a JPEG 2000's beginning": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(64),
        "an AVIF's beginning": b"\x00\x00\x00\x1cftypavif" + bytes(64),
        "a WMF": b"\xd7\xcd\xc6\x9a" + bytes(64),
    }


def corpus() -> dict[str, bytes]:
    """Return everything, by what it is."""
    return {**hostile_files(), **bombs(), **polyglots(), **broken()}
