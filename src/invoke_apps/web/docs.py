"""The page that lists everything that the server can be asked, from its own OpenAPI document."""

import html
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from litestar import Request, Response, get
from litestar.datastructures import State

from invoke_apps.web.guard import OPEN
from invoke_apps.web.pages import page

T = TypeVar("T")


@get("/openapi.json", include_in_schema=False, opt=OPEN, sync_to_thread=True)
def document(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return _schema(request)


@get("/docs", include_in_schema=False, opt=OPEN, sync_to_thread=True)
def docs(request: Request[Any, Any, Any]) -> Response[str]:
    """Return the page; it needs no script, and nothing from another host."""
    return page("HTTP interface", _kept(request.app.state, "openapi_page", lambda: _page(request)))


def _page(request: Request[Any, Any, Any]) -> str:
    schema = _schema(request)
    groups: dict[str, list[str]] = {}
    for path, methods in sorted(schema["paths"].items()):
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(schema, path, method, operation))
    content = "".join(
        f"<h2>{html.escape(tag)}</h2>{''.join(operations)}"
        for tag, operations in sorted(groups.items())
    )
    return (
        f"<h1>HTTP interface</h1><p>{html.escape(schema['info'].get('description') or '')}</p>"
        f'<p>As a document for programs: <a href="openapi.json">openapi.json</a></p>{content}'
    )


def _schema(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return _kept(request.app.state, "openapi_document", request.app.openapi_schema.to_schema)


def _kept(state: State, name: str, make: Callable[[], T]) -> T:
    """Return what is made once: writing the document takes long, and anybody may ask for it."""
    if name not in state:
        state[name] = make()
    kept: T = state[name]
    return kept


def _operation(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [
        *(_parameter(parameter) for parameter in operation.get("parameters", ())),
        *_body(schema, operation.get("requestBody")),
    ]
    answers = ", ".join(html.escape(status) for status in operation.get("responses", {}))
    table = f"<table>{''.join(rows)}</table>" if rows else ""
    description = operation.get("description") or operation.get("summary") or ""
    return (
        f"<details><summary><b>{html.escape(method.upper())}</b> <code>{html.escape(path)}</code>"
        f"</summary><p>{html.escape(description)}</p>{table}<p>Answers: {answers}</p></details>"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    return _row(
        parameter["name"],
        parameter["in"],
        _kind(parameter.get("schema", {})),
        required=parameter.get("required", False),
    )


def _body(schema: dict[str, Any], body: dict[str, Any] | None) -> Iterable[str]:
    for media in (body or {}).get("content", {}).values():
        described = _resolved(schema, media.get("schema", {}))
        needed = described.get("required", ())
        for name, kind in described.get("properties", {}).items():
            yield _row(name, "body", _kind(kind), required=name in needed)


def _row(name: str, place: str, kind: str, *, required: bool) -> str:
    cells = (name, place, kind, "required" if required else "")
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    name = part.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = schema.get("components", {}).get("schemas", {}).get(name, part)
    return found


def _kind(part: dict[str, Any]) -> str:
    if "$ref" in part:
        return str(part["$ref"]).rpartition("/")[2]
    choices = part.get("oneOf") or part.get("anyOf")
    if choices:
        return " or ".join(_kind(choice) for choice in choices)
    if part.get("type") == "array":
        return f"list of {_kind(part.get('items', {}))}"
    if "enum" in part:
        return " ".join(str(value) for value in part["enum"])
    return str(part.get("type", "any"))
