"""What server and decoder say to each other over two pipes: a frame is a small JSON object and some bytes."""

import json
import struct
from typing import Any

LENGTHS = struct.Struct(">IQ")  # of the JSON text and of the bytes that follow it
MAX_WORDS = 80 * 2**20  # bytes of the JSON text: Pillow reads 64 MiB of text chunks at most


def frame(words: dict[str, Any], body: bytes = b"") -> list[bytes]:
    """Return a frame in pieces, so that a large body is not copied."""
    text = json.dumps(words).encode()
    return [LENGTHS.pack(len(text), len(body)) + text, body]
