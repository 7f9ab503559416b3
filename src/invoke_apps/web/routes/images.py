"""Pictures: sending, finding, fetching, marking and deleting them."""

from typing import Annotated, Any

import attrs
import msgspec
from litestar import HttpMethod, Request, Response, Router, delete, get, patch, post, route
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter
from msgspec import UNSET, UnsetType

from invoke_apps.web._call import Call
from invoke_apps.web.guard import MEDIA, UPLOADS
from invoke_apps.web.media import media
from invoke_apps.web.routes._image_views import (
    ImageView,
    board_words,
    image_url,
    named_board,
    thumbnail_url,
)
from invoke_apps.web.routes.boards import NO_BOARD, Direction, Limit, Offset
from invoke_apps.web.uploads import FORM_ERRORS, UploadLimit
from invoke_core.domain.identifiers import ImageName, RunId
from invoke_core.domain.images import (
    MAX_NAMES,
    ImageCategory,
    ImageChanges,
    ImageQuery,
    ImageScope,
)
from invoke_core.ports.storage import Rendition

Whose = Annotated[ImageScope, QueryParameter(name="scope")]  # Litestar keeps `scope` to itself
Names = Annotated[list[ImageName], msgspec.Meta(max_length=MAX_NAMES)]


@attrs.frozen(kw_only=True)
class ImagePage:
    """A stretch of the pictures that match."""

    items: list[ImageView]
    offset: int
    limit: int
    total: int


@attrs.frozen(kw_only=True)
class ImageNamesView:
    """The names of all pictures that match, in order."""

    image_names: list[str]
    starred_count: int
    total_count: int


@attrs.frozen(kw_only=True)
class ImageUrls:
    """Where a picture's content is."""

    image_name: str
    image_url: str
    thumbnail_url: str


@attrs.frozen(kw_only=True)
class WorkflowView:
    """The workflow that came with a picture, as JSON text; graphs stay in the file."""

    workflow: str | None
    graph: None = None


@attrs.frozen(kw_only=True)
class DeletedView:
    """Which pictures were deleted."""

    deleted_images: list[str]
    affected_boards: list[str]


@attrs.frozen(kw_only=True)
class StarredView:
    """Which pictures bear the mark now."""

    starred_images: list[str]
    affected_boards: list[str]


@attrs.frozen(kw_only=True)
class UnstarredView:
    """Which pictures do not bear the mark now."""

    unstarred_images: list[str]
    affected_boards: list[str]


class ImageUpload(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A picture file, and how it was made as JSON text."""

    file: UploadFile
    metadata: str | None = None


class ImageBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change on a picture."""

    starred: bool | UnsetType = UNSET
    is_intermediate: bool | UnsetType = UNSET
    image_category: ImageCategory | UnsetType = UNSET
    session_id: RunId | UnsetType = UNSET

    def changes(self) -> ImageChanges:
        """Return the changes."""
        return ImageChanges(
            starred=None if self.starred is UNSET else self.starred,
            is_intermediate=None if self.is_intermediate is UNSET else self.is_intermediate,
            category=None if self.image_category is UNSET else self.image_category,
            run_id=None if self.session_id is UNSET else self.session_id,
        )


class NamesBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which pictures."""

    image_names: Names


@post(
    "/upload",
    opt=UPLOADS,
    sync_to_thread=True,
    exception_handlers=FORM_ERRORS,
    middleware=[UploadLimit()],
    request_max_body_size=None,
)
def upload_image(
    data: MultipartBody[ImageUpload],
    image_category: FromQuery[ImageCategory],
    call: NamedDependency[Call],
    is_intermediate: FromQuery[bool] = False,
    board_id: FromQuery[str | None] = None,
) -> ImageView:
    """Keep a PNG, JPEG or WebP file as a picture of one's own."""
    with data.file.file as file:
        content = file.read()
    image = call(
        lambda app, principal: app.images.upload(
            principal,
            content,
            category=image_category,
            is_intermediate=is_intermediate,
            board_id=named_board(board_id),
            metadata=data.metadata,
        )
    )
    return ImageView.of(image)


@get("/", sync_to_thread=True)
def list_images(
    call: NamedDependency[Call],
    categories: FromQuery[list[ImageCategory] | None] = None,
    is_intermediate: FromQuery[bool | None] = None,
    board_id: FromQuery[str | None] = None,
    whose: Whose = ImageScope.OWN,
    search_term: FromQuery[str | None] = None,
    starred_first: FromQuery[bool] = True,
    order_dir: FromQuery[Direction] = Direction.DESC,
    offset: Offset = 0,
    limit: Limit = 50,
) -> ImagePage:
    """Return a page of the pictures that one may see; without a board, of one's own."""
    query = ImageQuery(
        board_id=named_board(board_id),
        uncategorised=board_id == NO_BOARD,
        scope=whose,
        categories=categories,
        is_intermediate=is_intermediate,
        search=search_term,
        starred_first=starred_first,
        descending=order_dir is Direction.DESC,
        offset=offset,
        limit=limit,
    )
    page = call(lambda app, principal: app.images.list(principal, query)).map(ImageView.of)
    return ImagePage(items=list(page.items), offset=page.offset, limit=page.limit, total=page.total)


@get("/names", sync_to_thread=True)
def list_names(
    call: NamedDependency[Call],
    categories: FromQuery[list[ImageCategory] | None] = None,
    is_intermediate: FromQuery[bool | None] = None,
    board_id: FromQuery[str | None] = None,
    whose: Whose = ImageScope.OWN,
    search_term: FromQuery[str | None] = None,
    starred_first: FromQuery[bool] = True,
    order_dir: FromQuery[Direction] = Direction.DESC,
) -> ImageNamesView:
    """Return the names of all the pictures that the list would page through."""
    query = ImageQuery(
        board_id=named_board(board_id),
        uncategorised=board_id == NO_BOARD,
        scope=whose,
        categories=categories,
        is_intermediate=is_intermediate,
        search=search_term,
        starred_first=starred_first,
        descending=order_dir is Direction.DESC,
    )
    found = call(lambda app, principal: app.images.names(principal, query))
    return ImageNamesView(
        image_names=list(found.image_names),
        starred_count=found.starred_count,
        total_count=len(found.image_names),
    )


@post("/images_by_names", sync_to_thread=True, status_code=200)
def get_images(data: JSONBody[NamesBody], call: NamedDependency[Call]) -> list[ImageView]:
    """Return those of the named pictures that one may see, in the order asked for."""
    found = call(lambda app, principal: app.images.get_many(principal, data.image_names))
    return [ImageView.of(image) for image in found]


@get("/i/{image_name:str}", sync_to_thread=True)
def get_image(image_name: FromPath[ImageName], call: NamedDependency[Call]) -> ImageView:
    """Return what is known of a picture."""
    return ImageView.of(call(lambda app, principal: app.images.get(principal, image_name)))


@patch("/i/{image_name:str}", sync_to_thread=True)
def update_image(
    image_name: FromPath[ImageName], data: JSONBody[ImageBody], call: NamedDependency[Call]
) -> ImageView:
    """Change what is known of a picture."""
    changes = data.changes()
    return ImageView.of(
        call(lambda app, principal: app.images.update(principal, image_name, changes))
    )


@delete("/i/{image_name:str}", sync_to_thread=True, status_code=200)
def delete_image(image_name: FromPath[ImageName], call: NamedDependency[Call]) -> DeletedView:
    """Delete a picture."""
    done = call(lambda app, principal: app.images.delete(principal, image_name))
    return DeletedView(
        deleted_images=list(done.image_names), affected_boards=board_words(done.boards)
    )


@get("/i/{image_name:str}/metadata", sync_to_thread=True)
def get_metadata(
    image_name: FromPath[ImageName], call: NamedDependency[Call]
) -> Response[dict[str, Any] | None]:
    """Return how a picture was made, or null."""
    found = call(lambda app, principal: app.images.metadata(principal, image_name))
    return Response(None if found is None else dict(found))


@get("/i/{image_name:str}/workflow", sync_to_thread=True)
def get_workflow(image_name: FromPath[ImageName], call: NamedDependency[Call]) -> WorkflowView:
    """Return the workflow that came with a picture, or null."""
    found = call(lambda app, principal: app.images.workflow(principal, image_name))
    text = None if found is None else msgspec.json.encode(found).decode()
    return WorkflowView(workflow=text)


@get("/i/{image_name:str}/urls", sync_to_thread=True)
def get_urls(image_name: FromPath[ImageName], call: NamedDependency[Call]) -> ImageUrls:
    """Return where a picture's content is."""
    name = call(lambda app, principal: app.images.get(principal, image_name)).image_name
    return ImageUrls(image_name=name, image_url=image_url(name), thumbnail_url=thumbnail_url(name))


@route(
    "/i/{image_name:str}/full",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=MEDIA,
    sync_to_thread=True,
    media_type="image/png",
)
def get_full(
    request: Request[Any, Any, Any], image_name: FromPath[ImageName], call: NamedDependency[Call]
) -> Response[Any]:
    """Send a picture, as PNG."""
    content = call(lambda app, principal: app.images.content(principal, image_name, Rendition.FULL))
    return media(request, content, "image/png", image_name)


@route(
    "/i/{image_name:str}/thumbnail",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=MEDIA,
    sync_to_thread=True,
    media_type="image/webp",
)
def get_thumbnail(
    request: Request[Any, Any, Any], image_name: FromPath[ImageName], call: NamedDependency[Call]
) -> Response[Any]:
    """Send a picture's thumbnail, as WebP of at most 256 pixels a side."""
    content = call(
        lambda app, principal: app.images.content(principal, image_name, Rendition.THUMBNAIL)
    )
    return media(request, content, "image/webp", f"{image_name.removesuffix('.png')}.webp")


@post("/delete", sync_to_thread=True, status_code=200)
def delete_images(data: JSONBody[NamesBody], call: NamedDependency[Call]) -> DeletedView:
    """Delete pictures; those that one may not delete are passed over."""
    done = call(lambda app, principal: app.images.delete_many(principal, data.image_names))
    return DeletedView(
        deleted_images=list(done.image_names), affected_boards=board_words(done.boards)
    )


@delete("/uncategorized", sync_to_thread=True, status_code=200)
def delete_uncategorized(call: NamedDependency[Call]) -> DeletedView:
    """Delete all of one's own pictures that lie on no board."""
    done = call(lambda app, principal: app.images.delete_uncategorised(principal))
    return DeletedView(
        deleted_images=list(done.image_names), affected_boards=board_words(done.boards)
    )


@post("/star", sync_to_thread=True, status_code=200)
def star_images(data: JSONBody[NamesBody], call: NamedDependency[Call]) -> StarredView:
    """Mark pictures; those that one may not change are passed over."""
    done = call(lambda app, principal: app.images.star(principal, data.image_names, starred=True))
    return StarredView(
        starred_images=list(done.image_names), affected_boards=board_words(done.boards)
    )


@post("/unstar", sync_to_thread=True, status_code=200)
def unstar_images(data: JSONBody[NamesBody], call: NamedDependency[Call]) -> UnstarredView:
    """Take the mark off pictures; those that one may not change are passed over."""
    done = call(lambda app, principal: app.images.star(principal, data.image_names, starred=False))
    return UnstarredView(
        unstarred_images=list(done.image_names), affected_boards=board_words(done.boards)
    )


@get("/intermediates", sync_to_thread=True)
def count_intermediates(call: NamedDependency[Call]) -> int:
    """Return how many intermediate pictures one has; for an administrator, how many there are."""
    return call(lambda app, principal: app.images.count_intermediates(principal))


@delete("/intermediates", sync_to_thread=True, status_code=200)
def delete_intermediates(call: NamedDependency[Call]) -> int:
    """Delete everybody's intermediate pictures; return how many went."""
    return len(call(lambda app, principal: app.images.delete_intermediates(principal)).image_names)


router = Router(
    path="/api/v1/images",
    route_handlers=[
        upload_image,
        list_images,
        list_names,
        get_images,
        get_image,
        update_image,
        delete_image,
        get_metadata,
        get_workflow,
        get_urls,
        get_full,
        get_thumbnail,
        delete_images,
        delete_uncategorized,
        star_images,
        unstar_images,
        count_intermediates,
        delete_intermediates,
    ],
    tags=["images"],
)
