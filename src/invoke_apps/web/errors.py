"""One table from our families to statuses, and one form for every refusal: RFC 9457."""

import logging
import uuid
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from invoke_apps.web import interface
from invoke_apps.web.edge import shown_path
from invoke_apps.web.pages import error_page
from invoke_core import errors

STATUS: dict[type[errors.InvokeError], int] = {
    errors.RuleViolation: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}

TITLES: dict[int, str] = {413: "Content Too Large", 422: "Unprocessable Content"}

_log = logging.getLogger(__name__)


def status_of(error: errors.InvokeError) -> int:
    """Return the HTTP status of a refusal."""
    return next(status for family, status in STATUS.items() if isinstance(error, family))


def problem(
    request: Request[Any, Any, Any],
    status: int,
    detail: str,
    *,
    slug: str = "about:blank",
    headers: dict[str, str] | None = None,
    fields: list[dict[str, str]] | None = None,
    **members: str,
) -> Response[Any]:
    """Return a problem document, or a page where a page was asked for."""
    title = TITLES.get(status) or HTTPStatus(status).phrase
    handler = request.scope.get("route_handler")
    browsed = handler is not None and "page" in handler.opt
    if browsed or not request.url.path.startswith("/api/"):
        accepts = request.headers.get("accept", "")
        if "text/html" in accepts:
            return error_page(request, status, title, detail, headers)
    body: dict[str, Any] = {
        "type": slug if slug == "about:blank" else f"urn:invoke:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        **members,
    }
    if fields is not None:
        body["errors"] = fields
    return Response(
        body, status_code=status, media_type="application/problem+json", headers=headers or {}
    )


def _refusal(request: Request[Any, Any, Any], error: errors.InvokeError) -> Response[Any]:
    status = status_of(error)
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    fields = None
    if isinstance(error, errors.Invalid):
        fields = [{"field": error.field, "message": str(error)}]
    return problem(request, status, str(error), slug=error.slug, headers=headers, fields=fields)


def _invalid(request: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
    """Answer what msgspec and Litestar found wrong with the parameters or the body."""
    fields = []
    for entry in error.extra if isinstance(error.extra, list) else []:
        field = str(entry.get("key", "")).removeprefix("data.")
        fields.append({"field": "" if field == "data" else field, "message": entry["message"]})
    shown = "; ".join(
        f"{entry['field']}: {entry['message']}" if entry["field"] else entry["message"]
        for entry in fields
    )
    return problem(request, 422, shown or error.detail, slug="invalid", fields=fields)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what Litestar itself refuses: unknown paths and methods, JSON that does not parse.

    An unknown path may be a place of the interface, which says itself where it knows no such place.
    """
    place = interface.page_instead(request) if error.status_code == HTTPStatus.NOT_FOUND else None
    if place is not None:
        return place
    detail = {
        404: "There is nothing at this address.",
        405: f"{request.method} is not possible at this address.",
        413: "The body is larger than this address takes.",
    }.get(error.status_code, error.detail)
    return problem(request, error.status_code, detail, headers=dict(error.headers or {}))


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a fault of ours: an id that the log explains, and nothing else."""
    error_id = str(uuid.uuid4())
    _log.error(
        "error %s at %s %s",
        error_id,
        request.method,
        shown_path(request.url.path),
        exc_info=error,
        extra={"error_id": error_id},
    )
    return problem(
        request,
        500,
        "Something went wrong on the server; its log says more under this error id.",
        error_id=error_id,
    )


def _too_deep(request: Request[Any, Any, Any], error: RecursionError) -> Response[Any]:
    """Answer JSON that is nested deeper than its decoder goes."""
    if "deserializing" not in str(error):  # no body, but a fault of ours
        return _unexpected(request, error)
    return problem(request, 400, "The JSON is nested too deep.")


HANDLERS: ExceptionHandlersMap = {
    errors.InvokeError: _refusal,
    ValidationException: _invalid,
    HTTPException: _http,
    RecursionError: _too_deep,
    Exception: _unexpected,
}
