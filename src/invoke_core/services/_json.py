"""JSON that came with a picture, written by anybody."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

MAX_DEPTH = 64  # of objects and arrays inside one another


def json_object(text: str | None) -> Mapping[str, Any] | None:
    """Return the JSON object of a text, or None where it is none that can be kept and sent again.

    Refused are other values than objects, nesting beyond 64, the constants that JSON does not have
    (`NaN`), numbers that come to one (`1e400`), and half of a surrogate pair or a NUL in a text, which
    databases and UTF-8 cannot hold.
    """
    if text is None:
        return None
    try:
        value = json.loads(text, parse_constant=_refuse)
        if not isinstance(value, dict) or not _is_shallow(value):
            return None
        plain = json.dumps(value, ensure_ascii=False, allow_nan=False)
        plain.encode()
    except (ValueError, RecursionError):
        return None
    return None if "\\u0000" in plain else value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _is_shallow(value: Any) -> bool:
    layer = [value]
    for _ in range(MAX_DEPTH):
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return True
    return False
