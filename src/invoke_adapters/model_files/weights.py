"""What makes a weights file trustworthy: it is safetensors through and through, and whole."""

import json
from pathlib import Path
from typing import Any, Final

from invoke_core.errors import Invalid, Unsupported

MAX_HEADER_BYTES: Final = 100 * 2**20
PICKLES: Final = frozenset(
    {".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth", ".t7"}
)  # suffixes of files that torch or joblib unpickle


def refuse_pickle(file: Path) -> None:
    """Raise Unsupported where a file's name says that its loading can run code."""
    if file.suffix.casefold() in PICKLES:
        raise Unsupported(
            f"{file.name} may be a pickle, which can run any code when it is loaded: convert it to"
            " safetensors, and add that without it."
        )


def require_safetensors(file: Path) -> None:
    """Read the header of a safetensors file.

    Eight bytes with the header's length (little endian), the header in JSON, then the numbers of all
    tensors, in order, without gaps (https://github.com/huggingface/safetensors, "Format").

    Raises:
        Unsupported: it is no safetensors file.
        Invalid: it is cut short, or its header does not fit its content.
    """
    size = file.stat().st_size
    with file.open("rb") as content:
        length = int.from_bytes(content.read(8), "little")
        if size < 10 or not 2 <= length <= MAX_HEADER_BYTES:
            raise Unsupported(f"{file.name} is no safetensors file.")
        if 8 + length > size:
            raise Invalid(f"{file.name} is cut short: download or copy it again.")
        text = content.read(length)
    try:
        header = json.loads(text)
    except ValueError as error:
        raise Unsupported(f"{file.name} is no safetensors file.") from error
    if not isinstance(header, dict):
        raise Unsupported(f"{file.name} is no safetensors file.")
    end = max(
        (_end(tensor) for name, tensor in header.items() if name != "__metadata__"), default=0
    )
    if end < 0 or 8 + length + end != size:
        raise Invalid(f"{file.name} is cut short or damaged: download or copy it again.")


def _end(tensor: Any) -> int:
    """Return where a tensor's numbers end, or -1 where the header does not say it."""
    match tensor:
        case {"data_offsets": [int(begin), int(end)]} if 0 <= begin <= end:
            return end
    return -1
