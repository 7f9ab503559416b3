"""Headers: those of a request are read where the server left them, for a mapping costs more than a look."""

import re
from urllib.parse import quote

from litestar.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """Return the first header of this lower-case name, or an empty text."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


def has_header(scope: Scope, names: frozenset[bytes]) -> bool:
    """Return whether any header has one of these lower-case names."""
    return any(key in names for key, _ in scope["headers"])


def disposition(kind: str, file_name: str) -> str:
    """Return a Content-Disposition with a file name in any script (RFC 6266, appendix D).

    Args:
        kind: `inline` or `attachment`.
        file_name: may hold anything; what no file may be called becomes a line.
    """
    name = (
        re.sub(r"[\x00-\x1f\x7f/\\:*?\"<>|\ud800-\udfff]", "_", file_name).strip(" .")[:150]
        or "file"
    )
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    if plain == name:
        return f'{kind}; filename="{name}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
