"""Lists of pictures, and the search in them, over dictionaries."""

from collections.abc import Callable, Sequence

import attrs

from invoke_adapters.memory.state import State, StoredImage
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.image_lists import Position
from invoke_core.domain.images import Image, ImageQuery, ImageScope, permission_on_image
from invoke_core.domain.pages import Page, microseconds
from invoke_core.domain.principals import Principal
from invoke_core.domain.search import Term, model_word, score, words
from invoke_core.ports.images import ImageNames


@attrs.frozen
class _Found:
    image: Image
    score: int = 0

    @property
    def position(self) -> Position:
        return Position(
            starred=self.image.starred,
            score=self.score,
            created_at=self.image.created_at,
            image_name=self.image.image_name,
        )


def page(state: State, principal: Principal, query: ImageQuery) -> Page[Image]:
    """Return a stretch of the images of the query that the principal may see."""
    found, is_all = _found(state, principal, query)
    following = found
    if query.after is not None:
        limit = _key(query)(query.after)
        following = [each for each in found if _key(query)(each.position) > limit]
    end = query.offset + query.limit
    items = following[query.offset : end]
    return Page(
        items=[each.image for each in items],
        offset=query.offset,
        limit=query.limit,
        total=len(found) if is_all else query.most,
        total_is_lower_bound=not is_all,
        next_cursor=items[-1].position.cursor() if items and following[end:] else None,
    )


def names(state: State, principal: Principal, query: ImageQuery) -> ImageNames:
    """Return the names of all images that `page` would page through."""
    found, is_all = _found(state, principal, query)
    return ImageNames(
        image_names=[each.image.image_name for each in found],
        starred_count=sum(each.image.starred for each in found),
        total_is_lower_bound=query.is_search and not is_all,
    )


def _found(state: State, principal: Principal, query: ImageQuery) -> tuple[list[_Found], bool]:
    """Return the images of the query in order, and whether no newer ones keep others from being found."""
    wanted = [
        stored
        for stored in state.images.values()
        if _asked_for(stored.image, principal, query) and _may_see(state, stored.image, principal)
    ]
    is_all = True
    if query.is_search:
        wanted = [stored for stored in wanted if _has_words(state, stored, query)]
        is_all = len(wanted) <= query.most
        wanted = wanted[-query.most :]  # those that were kept last
    elif query.since is not None or query.until is not None:
        is_all = len(wanted) <= query.most
    found = [_Found(stored.image, score(query.terms, stored.words)) for stored in wanted]
    found.sort(key=lambda each: _key(query)(each.position))
    return found, is_all


def _key(query: ImageQuery) -> Callable[[Position], tuple[bool, int, int, list[int]]]:
    """Return what positions are ordered by."""
    sign = -1 if query.descending else 1

    def key(position: Position) -> tuple[bool, int, int, list[int]]:
        return (
            query.starred_first and not position.starred,
            -position.score if query.is_search else 0,
            sign * microseconds(position.created_at),
            [sign * ord(char) for char in position.image_name] + [0 if sign > 0 else 1],
        )

    return key


def _asked_for(image: Image, principal: Principal, query: ImageQuery) -> bool:
    if query.board_id is not None:
        if image.board_id != query.board_id:
            return False
    elif (query.uncategorised and image.board_id is not None) or (
        query.scope is ImageScope.OWN and image.owner_id != principal.user_id
    ):
        return False
    return (
        (query.owner_id is None or image.owner_id == query.owner_id)
        and (query.categories is None or image.category in query.categories)
        and (query.is_intermediate is None or image.is_intermediate == query.is_intermediate)
        and (query.since is None or image.created_at >= query.since)
        and (query.until is None or image.created_at < query.until)
    )


def _may_see(state: State, image: Image, principal: Principal) -> bool:
    board = None if image.board_id is None else state.boards[image.board_id]
    grants = [g for g in state.grants.values() if g.board_id == image.board_id]
    return permission_on_image(image, principal, board, grants) is not None


def _has_words(state: State, stored: StoredImage, query: ImageQuery) -> bool:
    held = stored.words.all()
    if query.model is not None and model_word(query.model) not in held:
        return False
    return all(term.is_in(held) or _is_named(state, stored, term) for term in query.terms)


def _is_named(state: State, stored: StoredImage, term: Term) -> bool:
    owner_id: UserId = stored.image.owner_id
    name: Sequence[str] = words(state.users[owner_id].display_name)
    return term.is_in(name)
