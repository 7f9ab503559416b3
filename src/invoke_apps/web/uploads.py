"""Bodies that are larger than most: limited as they stream in, by the setting of the running server."""

from typing import Any

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, ExceptionHandlersMap, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

from invoke_apps.application import Application
from invoke_apps.web.errors import HANDLERS, problem
from invoke_core.errors import TooLarge

_FORM_BYTES = 2 * 1024 * 1024  # boundaries, part headers, and the metadata beside the file


class UploadLimit(ASGIMiddleware):
    """Refuses a body over `max_upload_bytes`: by its stated length at once, else as it comes."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Serve one upload."""
        application: Application = scope["litestar_app"].state.application
        limit = application.settings.max_upload_bytes
        refusal = TooLarge(f"An upload has at most {limit:,} bytes.")
        stated = dict(scope["headers"]).get(b"content-length", b"")
        if stated.isdigit() and int(stated) > limit + _FORM_BYTES:
            raise refusal
        left = limit + _FORM_BYTES

        async def receiving() -> ReceiveMessage:
            nonlocal left
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message["body"])
                if left < 0:
                    raise refusal
            return message

        await next_app(scope, receiving, send)


def _unreadable(
    request: Request[Any, Any, Any], error: UnicodeDecodeError | LookupError
) -> Response[Any]:
    """Answer a form with text that is not in the encoding it names, or in none that there is."""
    if isinstance(error, KeyError | IndexError):  # no encoding, but a fault of ours
        return HANDLERS[Exception](request, error)
    detail = "The text fields of the form must be UTF-8."
    return problem(
        request, 422, detail, slug="invalid", fields=[{"field": "metadata", "message": detail}]
    )


FORM_ERRORS: ExceptionHandlersMap = {UnicodeDecodeError: _unreadable, LookupError: _unreadable}
"""What Litestar's reader of forms lets through."""
