"""Headers of a request, read where the server left them: building a mapping costs more than a look."""

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
