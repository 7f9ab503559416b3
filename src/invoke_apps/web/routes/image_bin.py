"""Deleted pictures, and many pictures as one archive."""

from datetime import UTC, datetime
from typing import Annotated, Any

import attrs
import msgspec
from litestar import HttpMethod, Request, Response, Router, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from invoke_apps.web._call import Call
from invoke_apps.web.archives import zipped
from invoke_apps.web.guard import MEDIA
from invoke_apps.web.headers import disposition
from invoke_apps.web.media import media
from invoke_apps.web.routes._image_views import ImageView, named_board
from invoke_apps.web.routes.boards import Limit
from invoke_apps.web.routes.images import Names, NamesBody
from invoke_core.domain.bin import BinnedImage
from invoke_core.domain.downloads import DownloadId
from invoke_core.domain.identifiers import BoardId, ImageName
from invoke_core.domain.images import ImageCategory, ImageOrigin
from invoke_core.domain.pages import MAX_OFFSET

_ZIP = ".zip"


@attrs.frozen(kw_only=True)
class BinnedImageView:
    """A deleted picture; its content is nowhere but for the thumbnail here."""

    image_name: str
    image_origin: ImageOrigin
    image_category: ImageCategory
    width: int
    height: int
    is_intermediate: bool
    starred: bool
    has_workflow: bool
    board_id: str | None  # that it left
    user_id: str
    size_bytes: int
    session_id: str | None
    node_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime
    deleted_by: str
    thumbnail_url: str
    image_url: None = None

    @classmethod
    def of(cls, binned: BinnedImage) -> "BinnedImageView":
        """Return the picture as it is shown."""
        shown = attrs.asdict(ImageView.of(binned.image), recurse=False)
        shown |= {
            "deleted_at": binned.deleted_at,
            "deleted_by": binned.deleted_by,
            "thumbnail_url": f"api/v1/images/bin/i/{binned.image.image_name}/thumbnail",
            "image_url": None,
        }
        return cls(**shown)


@attrs.frozen(kw_only=True)
class BinPage:
    """A stretch of the deleted pictures."""

    items: list[BinnedImageView]
    offset: int
    limit: int
    total: int


@attrs.frozen(kw_only=True)
class RestoredView:
    """Which pictures are back."""

    restored_images: list[str]


@attrs.frozen(kw_only=True)
class DeletedForGoodView:
    """Which pictures are gone for good."""

    deleted_images: list[str]


@attrs.frozen(kw_only=True)
class DownloadView:
    """Under which name the archive can be fetched."""

    bulk_download_item_name: str


class DownloadBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to pack: pictures by name, or a board."""

    image_names: Names | None = None
    board_id: str | None = None


@get("/bin", sync_to_thread=True)
def list_bin(
    call: NamedDependency[Call],
    board_id: FromQuery[str | None] = None,
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
    limit: Limit = 50,
) -> BinPage:
    """Return a page of one's deleted pictures, or of those that left a board that one administers."""
    board = named_board(board_id)
    page = call(
        lambda app, principal: app.bin.list(principal, board_id=board, offset=offset, limit=limit)
    ).map(BinnedImageView.of)
    return BinPage(items=list(page.items), offset=page.offset, limit=page.limit, total=page.total)


@route(
    "/bin/i/{image_name:str}/thumbnail",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=MEDIA,
    sync_to_thread=True,
    media_type="image/webp",
)
def get_binned_thumbnail(
    request: Request[Any, Any, Any], image_name: FromPath[ImageName], call: NamedDependency[Call]
) -> Response[Any]:
    """Send the thumbnail of a deleted picture that one may bring back."""
    content = call(lambda app, principal: app.bin.thumbnail(principal, image_name))
    return media(request, content, "image/webp", f"{image_name.removesuffix('.png')}.webp")


@post("/bin/restore", sync_to_thread=True, status_code=200)
def restore_images(data: JSONBody[NamesBody], call: NamedDependency[Call]) -> RestoredView:
    """Bring deleted pictures back; those that one may not bring back are passed over."""
    restored = call(lambda app, principal: app.bin.restore(principal, data.image_names))
    return RestoredView(restored_images=list(restored))


@post("/bin/delete", sync_to_thread=True, status_code=200)
def delete_for_good(data: JSONBody[NamesBody], call: NamedDependency[Call]) -> DeletedForGoodView:
    """Remove pictures in one's own bin for good; others are passed over."""
    deleted = call(lambda app, principal: app.bin.delete(principal, data.image_names))
    return DeletedForGoodView(deleted_images=list(deleted))


@post("/bin/empty", sync_to_thread=True, status_code=200)
def empty_bin(call: NamedDependency[Call]) -> DeletedForGoodView:
    """Remove everything in one's bin for good."""
    return DeletedForGoodView(
        deleted_images=list(call(lambda app, principal: app.bin.empty(principal)))
    )


@post("/download", sync_to_thread=True, status_code=202)
def ask_for_download(data: JSONBody[DownloadBody], call: NamedDependency[Call]) -> DownloadView:
    """Ask for many pictures as one archive, which can be fetched for a day."""
    board_id = None if data.board_id is None else BoardId(data.board_id)
    download = call(
        lambda app, principal: app.downloads.ask(
            principal, image_names=data.image_names or (), board_id=board_id
        )
    )
    return DownloadView(bulk_download_item_name=f"{download.download_id}{_ZIP}")


@get("/download/{name:str}", opt=MEDIA, sync_to_thread=True, media_type="application/zip")
def get_download(name: FromPath[str], call: NamedDependency[Call]) -> Stream:
    """Send an archive that one asked for; it is made while it is sent."""
    # A name without the ending is of no archive; but who asks is settled before that is said.
    download_id = DownloadId(name.removesuffix(_ZIP) if name.endswith(_ZIP) else "")
    title, packed = call(
        lambda app, principal: (
            app.downloads.title(principal, download_id),
            app.downloads.pack(principal, download_id),
        )
    )
    files = ((i.image_name, i.created_at.astimezone(UTC), stream) for i, stream in packed)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": disposition("attachment", f"{title}{_ZIP}"),
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Stream(zipped(files), headers=headers, media_type="application/zip")


router = Router(
    path="/api/v1/images",
    route_handlers=[
        list_bin,
        get_binned_thumbnail,
        restore_images,
        delete_for_good,
        empty_bin,
        ask_for_download,
        get_download,
    ],
    tags=["images"],
)
