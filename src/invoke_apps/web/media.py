"""Content over HTTP: validators, ranges and the headers that keep a browser from running it."""

import re
from collections.abc import Iterator
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Stream

from invoke_apps.web.headers import disposition
from invoke_core.services._image_files import ImageContent

_CHUNK = 256 * 1024  # bytes
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")


def media(
    request: Request[Any, Any, Any], content: ImageContent, media_type: str, file_name: str
) -> Response[Any]:
    """Return content as it was asked for: whole, a range of it, or only whether it changed.

    One range is served (RFC 9110, 14.2); a request for several, or one that cannot be read, gets the
    whole. Closing the content is done here.

    Args:
        request: GET or HEAD.
        content: what to send.
        media_type: of the content.
        file_name: under which a browser saves it.
    """
    headers = {
        "ETag": content.etag,
        # Asked for anew each time: who has lost sight of a picture must not find it in the cache.
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition("inline", file_name),
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    if _is_known(request.headers.get("if-none-match"), content.etag):
        content.stream.close()
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    asked = request.headers.get("range")
    if request.headers.get("if-range", content.etag) != content.etag:
        asked = None
    try:
        first, last = _range(asked, content.size)
    except ValueError as error:
        content.stream.close()
        raise HTTPException(
            f"The picture has {content.size} bytes: the range lies beyond them.",
            status_code=416,
            headers={"Content-Range": f"bytes */{content.size}"},
        ) from error
    whole = last - first + 1 == content.size
    headers["Content-Length"] = str(last - first + 1)
    if not whole:
        headers["Content-Range"] = f"bytes {first}-{last}/{content.size}"
    status = 200 if whole else 206
    if request.method == "HEAD":
        content.stream.close()
        return Response(b"", status_code=status, headers=headers, media_type=media_type)
    parts = _parts(content, first, last)
    if last - first < _CHUNK:  # a thumbnail, say: one hop to a thread, where a stream takes three
        return Response(b"".join(parts), status_code=status, headers=headers, media_type=media_type)
    return Stream(parts, status_code=status, headers=headers, media_type=media_type)


def _is_known(condition: str | None, etag: str) -> bool:
    """Return whether the client has this already (RFC 9110, 13.1.2: weak comparison)."""
    if condition is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in condition.split(",")]
    return etag in tags or tags == ["*"]


def _range(asked: str | None, size: int) -> tuple[int, int]:
    """Return the first and last byte to send; raise ValueError where the range holds none."""
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None:
        return 0, size - 1
    if match[3] is not None:  # so many of the last
        first, last = max(0, size - int(match[3])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < first:  # no valid range: as if none were asked for
            return 0, size - 1
    if first >= size or first > last:
        raise ValueError(asked)
    return first, last


def _parts(content: ImageContent, first: int, last: int) -> Iterator[bytes]:
    with content.stream as stream:
        stream.seek(first)
        left = last - first + 1
        while left > 0 and (part := stream.read(min(_CHUNK, left))):
            left -= len(part)
            yield part
