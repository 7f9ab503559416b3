"""Which pictures lie on which board."""

import attrs
import msgspec
from litestar import Router, delete, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from invoke_apps.web._call import Call
from invoke_apps.web.routes._image_views import board_words, named_board
from invoke_apps.web.routes.images import Names, NamesBody
from invoke_core.domain.identifiers import ImageName


@attrs.frozen(kw_only=True)
class AddedView:
    """Which pictures lie on the board now."""

    added_images: list[str]
    affected_boards: list[str]


@attrs.frozen(kw_only=True)
class RemovedView:
    """Which pictures lie on no board now."""

    removed_images: list[str]
    affected_boards: list[str]


class PlaceBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A picture, and the board that it is to lie on."""

    board_id: str
    image_name: ImageName


class PlacesBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Pictures, and the board that they are to lie on."""

    board_id: str
    image_names: Names


class NameBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which picture."""

    image_name: ImageName


@post("/", sync_to_thread=True)
def add_to_board(data: JSONBody[PlaceBody], call: NamedDependency[Call]) -> AddedView:
    """Put a picture on a board, from wherever it lies."""
    board_id = named_board(data.board_id)
    done = call(lambda app, principal: app.images.move(principal, data.image_name, board_id))
    return AddedView(added_images=list(done.image_names), affected_boards=board_words(done.boards))


@delete("/", sync_to_thread=True, status_code=201)
def remove_from_board(data: JSONBody[NameBody], call: NamedDependency[Call]) -> RemovedView:
    """Take a picture off its board, back among its owner's uncategorised ones."""
    done = call(lambda app, principal: app.images.move(principal, data.image_name, None))
    return RemovedView(
        removed_images=list(done.image_names), affected_boards=board_words(done.boards)
    )


@post("/batch", sync_to_thread=True)
def add_many_to_board(data: JSONBody[PlacesBody], call: NamedDependency[Call]) -> AddedView:
    """Put pictures on a board; those that one may not take from where they lie are passed over."""
    board_id = named_board(data.board_id)
    done = call(lambda app, principal: app.images.move_many(principal, data.image_names, board_id))
    return AddedView(added_images=list(done.image_names), affected_boards=board_words(done.boards))


@post("/batch/delete", sync_to_thread=True)
def remove_many_from_board(data: JSONBody[NamesBody], call: NamedDependency[Call]) -> RemovedView:
    """Take pictures off their boards; those that one may not take away are passed over."""
    done = call(lambda app, principal: app.images.move_many(principal, data.image_names, None))
    return RemovedView(
        removed_images=list(done.image_names), affected_boards=board_words(done.boards)
    )


router = Router(
    path="/api/v1/board_images",
    route_handlers=[add_to_board, remove_from_board, add_many_to_board, remove_many_from_board],
    tags=["board_images"],
)
