"""Links to boards for people without an account: who shares makes them, who holds one opens it."""

from datetime import datetime
from typing import Annotated, Any

import attrs
import msgspec
from litestar import HttpMethod, Request, Response, Router, delete, get, post, route
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from invoke_apps.web._call import Call
from invoke_apps.web.credentials import HOST_ONLY
from invoke_apps.web.guard import OPEN, SLOW
from invoke_apps.web.media import media
from invoke_core.domain.board_links import BoardLink
from invoke_core.domain.identifiers import BoardId, BoardLinkId, ImageName
from invoke_core.domain.images import Image
from invoke_core.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from invoke_core.ports.storage import Rendition
from invoke_core.services.board_links import LinkedBoard, ListedLink

COOKIE = "invoke_link_"  # followed by the link's id: each unlocks its own link alone


class LinkBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a new link is to be like; without an end it lasts 30 days."""

    expires_at: datetime | None = None
    password: str | None = None
    metadata: bool = False


class UnlockBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The password of a link."""

    password: str


@attrs.frozen(kw_only=True)
class NewLinkView:
    """A link that was just made; its address is never shown again."""

    link_id: str
    url: str
    expires_at: datetime


@attrs.frozen(kw_only=True)
class LinkView:
    """A link as those who share the board see it."""

    link_id: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    has_password: bool
    metadata: bool
    works: bool

    @classmethod
    def of(cls, listed: ListedLink) -> "LinkView":
        """Return the link as it is shown."""
        link = listed.link
        return cls(
            link_id=link.link_id,
            created_by=link.created_by,
            created_at=link.created_at,
            expires_at=link.expires_at,
            has_password=link.password_hash is not None,
            metadata=link.metadata,
            works=listed.works,
        )


@attrs.frozen(kw_only=True)
class LinkPage:
    """A stretch of a board's links, the newest first."""

    items: list[LinkView]
    offset: int
    limit: int
    total: int


@attrs.frozen(kw_only=True)
class LinkedImageView:
    """A picture as the holder of a link sees it."""

    image_name: str
    width: int
    height: int
    image_url: str
    thumbnail_url: str

    @classmethod
    def of(cls, image: Image, token: str) -> "LinkedImageView":
        """Return the picture; its addresses are relative to the server's root."""
        base = f"api/v1/links/{token}/images/{image.image_name}"
        return cls(
            image_name=image.image_name,
            width=image.width,
            height=image.height,
            image_url=f"{base}/full",
            thumbnail_url=f"{base}/thumbnail",
        )


@attrs.frozen(kw_only=True)
class LinkedBoardView:
    """A board as the holder of a link sees it."""

    board_name: str
    description: str
    expires_at: datetime
    images: list[LinkedImageView]
    next_cursor: str | None

    @classmethod
    def of(cls, found: LinkedBoard, token: str) -> "LinkedBoardView":
        """Return the board as it is shown."""
        return cls(
            board_name=found.board.name,
            description=found.board.description,
            expires_at=found.link.expires_at,
            images=[LinkedImageView.of(image, token) for image in found.images],
            next_cursor=found.next_cursor,
        )


@attrs.frozen(kw_only=True)
class UnlockedView:
    """The password was right."""

    success: bool = True


@post("/{board_id:str}/links", sync_to_thread=True, opt=SLOW)
def create_link(
    board_id: FromPath[BoardId],
    request: Request[Any, Any, Any],
    data: JSONBody[LinkBody],
    call: NamedDependency[Call],
) -> NewLinkView:
    """Make a link that shows a board to whoever holds it; the answer shows it this once."""
    site = call.app.settings.base_url or str(request.base_url)
    made = call(
        lambda app, principal: app.board_links.create(
            principal,
            board_id,
            expires_at=data.expires_at,
            password=data.password,
            metadata=data.metadata,
            site=site,
        )
    )
    return NewLinkView(link_id=made.link.link_id, url=made.url, expires_at=made.link.expires_at)


@get("/{board_id:str}/links", sync_to_thread=True)
def list_links(
    board_id: FromPath[BoardId],
    call: NamedDependency[Call],
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> LinkPage:
    """Return the links of a board, those that work no more included."""
    found = call(lambda app, principal: app.board_links.list(principal, board_id))
    items = [LinkView.of(listed) for listed in found[offset : offset + limit]]
    return LinkPage(items=items, offset=offset, limit=limit, total=len(found))


@delete("/{board_id:str}/links/{link_id:str}", sync_to_thread=True)
def remove_link(
    board_id: FromPath[BoardId], link_id: FromPath[BoardLinkId], call: NamedDependency[Call]
) -> None:
    """Take a link back: it shows nothing from now on."""
    call(lambda app, principal: app.board_links.remove(principal, board_id, link_id))


@get("/{token:str}", sync_to_thread=True, opt=OPEN)
def open_link(
    token: FromPath[str],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> Response[LinkedBoardView]:
    """Return the board of a link and a stretch of its pictures, the newest first."""
    found = call.anonymous(
        lambda app, _: app.board_links.open(
            token, unlocked=unlocked(request, call, token), cursor=cursor, limit=limit
        )
    )
    return Response(LinkedBoardView.of(found, token), headers={"Cache-Control": "no-store"})


@post("/{token:str}/unlock", sync_to_thread=True, status_code=200, opt=OPEN | SLOW)
def unlock_link(
    token: FromPath[str], data: JSONBody[UnlockBody], call: NamedDependency[Call]
) -> Response[UnlockedView]:
    """Give the password of a link; the browser keeps a cookie that opens this link and nothing else."""
    link, proof = call.anonymous(
        lambda app, client: app.board_links.unlock(client, token, data.password)
    )
    return Response(UnlockedView(), cookies=[unlocking_cookie(call, link, proof)])


@route(
    "/{token:str}/images/{image_name:str}/full",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=OPEN,
    sync_to_thread=True,
    media_type="image/png",
)
def get_linked_full(
    token: FromPath[str],
    image_name: FromPath[ImageName],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
) -> Response[Any]:
    """Send a picture of the board, as PNG; without how it was made unless the link shows that."""
    content = call.anonymous(
        lambda app, _: app.board_links.content(
            token, image_name, Rendition.FULL, unlocked=unlocked(request, call, token)
        )
    )
    return media(request, content, "image/png", image_name)


@route(
    "/{token:str}/images/{image_name:str}/thumbnail",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=OPEN,
    sync_to_thread=True,
    media_type="image/webp",
)
def get_linked_thumbnail(
    token: FromPath[str],
    image_name: FromPath[ImageName],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
) -> Response[Any]:
    """Send the thumbnail of a picture of the board, as WebP."""
    content = call.anonymous(
        lambda app, _: app.board_links.content(
            token, image_name, Rendition.THUMBNAIL, unlocked=unlocked(request, call, token)
        )
    )
    return media(request, content, "image/webp", f"{image_name.removesuffix('.png')}.webp")


@get("/{token:str}/images/{image_name:str}/metadata", sync_to_thread=True, opt=OPEN)
def get_linked_metadata(
    token: FromPath[str],
    image_name: FromPath[ImageName],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
) -> Response[dict[str, Any] | None]:
    """Return how a picture was made, where the link shows that."""
    found = call.anonymous(
        lambda app, _: app.board_links.metadata(
            token, image_name, unlocked=unlocked(request, call, token)
        )
    )
    return Response(None if found is None else dict(found), headers={"Cache-Control": "no-store"})


def unlocked(request: Request[Any, Any, Any], call: Call, token: str) -> str | None:
    """Return what the browser keeps since it gave the link's password; None: nothing."""
    if not any(COOKIE in name for name in request.cookies):
        return None
    link_id = call.app.board_links.link_id(token)
    return request.cookies.get(_cookie_name(link_id, secure=call.jar.secure))


def unlocking_cookie(call: Call, link: BoardLink, proof: str) -> Cookie:
    """Return the cookie that opens this link alone, for as long as the browser runs."""
    return Cookie(
        key=_cookie_name(link.link_id, secure=call.jar.secure),
        value=proof,
        path="/",  # `__Host-` asks for it
        httponly=True,
        samesite="lax",
        secure=call.jar.secure,
    )


def _cookie_name(link_id: BoardLinkId, *, secure: bool) -> str:
    return f"{HOST_ONLY if secure else ''}{COOKIE}{link_id}"


router = Router(
    path="/api/v1/boards", route_handlers=[create_link, list_links, remove_link], tags=["boards"]
)

holders = Router(
    path="/api/v1/links",
    route_handlers=[
        open_link,
        unlock_link,
        get_linked_full,
        get_linked_thumbnail,
        get_linked_metadata,
    ],
    tags=["links"],
)
