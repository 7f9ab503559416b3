"""What requests can hold, read from the server's own OpenAPI document."""

from collections.abc import Iterator
from typing import Any

import attrs

from tests.unit.matrix.world import World

Schema = dict[str, Any]


@attrs.frozen(kw_only=True)
class Field:
    """One field of a request."""

    route: str
    place: str  # "query" or "body"
    path: tuple[str, ...]  # names from the outside in; "[]" is the element of a list
    schema: Schema

    @property
    def name(self) -> str:
        return ".".join(self.path).replace(".[]", "[]")


@attrs.frozen
class Document:
    """The document, with its references followed."""

    schema: Schema

    def operations(self) -> Iterator[tuple[str, Schema]]:
        """Yield each route with its description."""
        for path, methods in self.schema["paths"].items():
            for method, operation in methods.items():
                yield f"{method.upper()} {path}", operation

    def body(self, operation: Schema) -> Schema | None:
        """Return the schema of the body."""
        for media in operation.get("requestBody", {}).get("content", {}).values():
            return self.resolved(media["schema"])
        return None

    def resolved(self, schema: Schema) -> Schema:
        """Return the schema itself in place of a reference, or of a choice with null."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self.resolved(self.schema["components"]["schemas"][name])
        choices = schema.get("oneOf") or schema.get("anyOf") or []
        real = [choice for choice in choices if choice.get("type") != "null"]
        return self.resolved(real[0]) if real else schema

    def fields(self) -> Iterator[Field]:
        """Yield every field of every request, nested ones too."""
        for route, operation in self.operations():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    schema = self.resolved(parameter["schema"])
                    yield Field(
                        route=route, place="query", path=(parameter["name"],), schema=schema
                    )
            body = self.body(operation)
            if body is not None:
                yield from self._inside(route, (), body)

    def _inside(self, route: str, path: tuple[str, ...], schema: Schema) -> Iterator[Field]:
        if path:
            yield Field(route=route, place="body", path=path, schema=schema)
        for name, inner in schema.get("properties", {}).items():
            yield from self._inside(route, (*path, name), self.resolved(inner))
        if schema.get("type") == "array":
            yield from self._inside(route, (*path, "[]"), self.resolved(schema["items"]))


def document(world: World) -> Document:
    """Return the document of the world's server."""
    return Document(world.sites["multiuser"].ask("GET", "/openapi.json").json())
