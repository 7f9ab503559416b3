"""PNG files as far as the core looks into them: their chunks (W3C PNG, third edition, section 5)."""

import struct

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SPEAKING = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}  # whatever says more than the picture
_FRAME = 12  # bytes of a chunk besides its data: length, type, checksum


def without_texts(png: bytes) -> bytes:
    """Return the file without everything that is written in it beside the picture; pixels stay.

    Raises:
        ValueError: it is no PNG file, or is cut short.
    """
    if not png.startswith(_SIGNATURE):
        raise ValueError("no PNG file")
    parts, place = [_SIGNATURE], len(_SIGNATURE)
    while place < len(png):
        length, kind = struct.unpack_from(">I4s", png, place) if place + 8 <= len(png) else (0, b"")
        end = place + _FRAME + length
        if end > len(png):
            raise ValueError("the PNG file is cut short")
        if kind not in _SPEAKING:
            parts.append(png[place:end])
        place = end
    return b"".join(parts)
