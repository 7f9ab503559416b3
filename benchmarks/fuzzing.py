"""Requests with hostile texts in every field, made from the server's own OpenAPI document."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

HOSTILE = (
    "\r\nSet-Cookie: a=b", "\n{\"level\":\"info\",\"message\":\"forged\"}", "\0", "\x1b[2J\x1b]0;x\x07",
    "\u2028\u2029\x85", "\u202etxt.exe", "{}{0}{a.__class__}", "%s%n%d%(a)s", "${jndi:ldap://x}",
    "' OR 1=1; DROP TABLE users --", "<script>alert(1)</script>", "../../../etc/passwd", "/dev/zero",
    "\ud800", "🔑" * 30, "x" * 2000, "-1", "1e400", "NaN", "", " ", "None", "\x7f\x80\x9f", "%0d%0a%00",
    "\\", "\"", "\ufeff", "ﷺ" * 20, "a\tb\vc\fd",
)  # fmt: skip
ODD = (None, True, -1, 0, 2**63, 1.5, [], {}, [[]], ["x"], {"a": {}})


@attrs.frozen
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any  # None: none


def hostile(rng: random.Random) -> str:
    """Return a text that a careless program would trip over."""
    parts = [rng.choice(HOSTILE) for _ in range(rng.randrange(1, 3))]
    return "".join([*parts, str(rng.randrange(1000))])


def asked(schema: Mapping[str, Any], rng: random.Random, *, skip: str) -> Iterator[Asked]:
    """Yield requests without end, in turns over all operations.

    Args:
        schema: the OpenAPI document.
        rng: draws the values.
        skip: the path that is not asked for.
    """
    operations = [
        (method.upper(), path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if path != skip
    ]
    while True:
        for method, path, operation in operations:
            yield _request(schema, rng, method, path, operation)


def _request(
    schema: Mapping[str, Any],
    rng: random.Random,
    method: str,
    path: str,
    operation: Mapping[str, Any],
) -> Asked:
    query = {}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            text = "default" if parameter["name"] == "queue_id" else hostile(rng)
            quoted = "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))
            path = path.replace(f"{{{parameter['name']}}}", quoted or "%20")
        elif parameter["in"] == "query" and rng.random() < 0.7:
            query[parameter["name"]] = hostile(rng).encode("utf-8", "replace").decode()
    media = operation.get("requestBody", {}).get("content", {})
    body = None
    for part in media.values():
        body = _value(schema, part.get("schema", {}), rng)
    return Asked(method, path, query, body)


def _value(schema: Mapping[str, Any], part: Mapping[str, Any], rng: random.Random) -> Any:
    """Return a value that fits the schema but for its texts; now and then one that does not fit."""
    if rng.random() < 0.05:
        return rng.choice(ODD)
    name = part.get("$ref", "").rpartition("/")[2]
    if name:
        part = schema["components"]["schemas"][name]
    choices = part.get("oneOf") or part.get("anyOf")
    if choices:
        return _value(schema, rng.choice(choices), rng)
    if "enum" in part and rng.random() < 0.8:
        return rng.choice(part["enum"])
    match part.get("type"):
        case "object":
            fields = part.get("properties", {})
            needed = part.get("required", ())
            return {
                key: _value(schema, field, rng)
                for key, field in fields.items()
                if key in needed or rng.random() < 0.6
            }
        case "array":
            return [_value(schema, part.get("items", {}), rng) for _ in range(rng.randrange(3))]
        case "integer":
            return rng.choice([0, 1, -1, 2**31, 10**30])
        case "number":
            return rng.choice([0, 0.5, -1e9])
        case "boolean":
            return rng.random() < 0.5
        case _:
            return hostile(rng)
