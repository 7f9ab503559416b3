"""Ways to keep pictures' descriptions wrongly."""

from collections.abc import Mapping
from typing import Any

import attrs

from invoke_core.domain.boards import BoardQuery
from invoke_core.domain.images import ImageCategory, ImageScope
from invoke_core.domain.principals import INTERNAL
from invoke_core.errors import Conflict, NotFound, Unavailable
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    ignoring,
    returning,
    total_of_the_page,
    with_first,
    with_query,
)


def _few_only(work: Any, real: Any, image_names: Any) -> Any:
    if len(image_names) > 32_766:
        raise Unavailable("too many SQL variables")
    return real(image_names)


def _always_a_board(work: Any, real: Any, image: Any, **texts: Any) -> None:
    try:
        real(image, **texts)
    except NotFound as error:
        raise NotFound("board", image.board_id) from error


def _loses_metadata(work: Any, real: Any, image: Any) -> None:
    work.images.get(image.image_name)
    work.images.remove([image.image_name])
    work.images.add(image)


def _adds_the_unknown(work: Any, real: Any, image: Any) -> None:
    try:
        real(image)
    except NotFound:
        work.images.add(image)


def _drops_the_board(work: Any, real: Any, image: Any) -> None:
    try:
        real(image)
    except NotFound:
        real(attrs.evolve(image, board_id=None))


def _keeps_covers(work: Any, real: Any, image_names: Any) -> None:
    every = BoardQuery(include_archived=True, limit=None)
    boards = [summary.board for summary in work.boards.list_visible(INTERNAL, every).items]
    real(image_names)
    for board in boards:
        work.boards.put(board)


def _as_text(metadata: Any) -> Any:
    return None if metadata is None else {key: str(value) for key, value in metadata.items()}


def _as_person(work: Any, real: Any, principal: Any, query: Any) -> Any:
    return real(attrs.evolve(principal, is_admin=False), query)


def _on_boards_of_ones_own(work: Any, real: Any, principal: Any, query: Any) -> Any:
    page = real(principal, query)
    items = [i for i in page.items if principal.is_admin or i.owner_id == principal.user_id]
    return attrs.evolve(page, items=items, total=len(items))


def _whole_board(work: Any, real: Any, principal: Any, query: Any) -> Any:
    if query.board_id is None:
        return real(principal, query)
    return real(INTERNAL, query)


def _no_empty_categories(work: Any, real: Any, principal: Any, query: Any) -> Any:
    return real(principal, attrs.evolve(query, categories=query.categories or None))


def _minds_case(work: Any, real: Any, principal: Any, query: Any) -> Any:
    page = real(principal, query)
    if query.search is not None and query.search != query.search.lower():
        return attrs.evolve(page, items=[], total=0)
    return page


def _first_word_alone(work: Any, real: Any, principal: Any, query: Any) -> Any:
    return real(principal, attrs.evolve(query, search=query.search.split()[0]))


def _no_words_no_images(work: Any, real: Any, principal: Any, query: Any) -> Any:
    page = real(principal, query)
    return attrs.evolve(page, items=[], total=0) if query.search and not query.terms else page


def _by_time_alone(work: Any, real: Any, principal: Any, query: Any) -> Any:
    page = real(principal, query)
    items = sorted(page.items, key=lambda i: (i.created_at, i.image_name), reverse=query.descending)
    return attrs.evolve(page, items=items)


IMAGES: Mapping[str, Fault] = {
    "test_an_image_comes_back_whole": Fault("images.get", after(evolved(node_id=None))),
    "test_an_unknown_image_is_not_found": Fault("images.get", forgiving(NotFound)),
    "test_known_images_come_once_in_the_order_asked_for": Fault(
        "images.find_many", with_first(sorted)
    ),
    "test_thousands_of_images_are_found_at_once": Fault("images.find_many", _few_only),
    "test_a_name_is_taken_once": Fault("images.add", forgiving(Conflict)),
    "test_an_image_needs_an_owner": Fault("images.add", _always_a_board),
    "test_an_image_needs_its_board": Fault("images.add", forgiving(NotFound)),
    "test_an_image_is_replaced_and_keeps_its_metadata": Fault("images.put", _loses_metadata),
    "test_an_unknown_image_cannot_be_replaced": Fault("images.put", _adds_the_unknown),
    "test_an_image_cannot_be_put_on_an_unknown_board": Fault("images.put", _drops_the_board),
    "test_removed_images_are_gone": Fault("images.remove", returning(None)),
    "test_a_board_loses_the_cover_that_goes": Fault("images.remove", _keeps_covers),
    "test_metadata_and_workflow_come_back_as_they_were_stored": Fault(
        "images.metadata", after(_as_text)
    ),
    "test_an_image_without_metadata_and_workflow_has_none": Fault(
        "images.workflow", after(lambda workflow: workflow or {})
    ),
    "test_metadata_of_an_unknown_image_is_not_found": Fault("images.metadata", forgiving(NotFound)),
    "test_a_list_without_a_board_is_of_ones_own_images": Fault(
        "images.list_visible", with_query(scope=ImageScope.VISIBLE)
    ),
    "test_all_that_one_may_see_is_own_granted_and_open": Fault(
        "images.list_visible", _on_boards_of_ones_own
    ),
    "test_an_administrator_may_see_every_image": Fault("images.list_visible", _as_person),
    "test_a_board_is_listed_whoever_owns_its_images": Fault(
        "images.list_visible", _on_boards_of_ones_own
    ),
    "test_a_hidden_board_lists_ones_own_images_alone": Fault("images.names_visible", _whole_board),
    "test_uncategorised_images_are_those_on_no_board": Fault(
        "images.list_visible", with_query(uncategorised=False)
    ),
    "test_a_list_keeps_to_categories": Fault("images.names_visible", _no_empty_categories),
    "test_a_list_keeps_intermediate_images_apart": Fault(
        "images.list_visible", with_query(is_intermediate=None)
    ),
    "test_images_are_found_by_words_of_prompt_model_person_name_and_day": Fault(
        "images.list_visible", _minds_case
    ),
    "test_an_image_needs_every_word_of_a_search": Fault("images.list_visible", _first_word_alone),
    "test_a_search_without_words_is_none": Fault("images.list_visible", _no_words_no_images),
    "test_the_best_matches_come_first": Fault("images.list_visible", _by_time_alone),
    "test_starred_matches_come_first_if_wished": Fault(
        "images.names_visible", with_query(starred_first=False)
    ),
    "test_only_the_newest_matches_are_ranked": Fault(
        "images.list_visible", with_query(most=10_000)
    ),
    "test_a_search_keeps_to_what_else_is_asked_for": Fault(
        "images.names_visible", with_query(is_intermediate=None)
    ),
    "test_an_image_is_found_where_it_is_now": Fault(
        "images.put", with_first(evolved(category=ImageCategory.GENERAL))
    ),
    "test_a_list_keeps_to_a_person": Fault("images.list_visible", with_query(owner_id=None)),
    "test_a_list_keeps_to_a_model": Fault("images.names_visible", with_query(model=None)),
    "test_a_list_keeps_to_times": Fault("images.list_visible", with_query(until=None)),
    "test_a_cursor_goes_on_where_a_page_ended": Fault(
        "images.list_visible", after(evolved(next_cursor=None))
    ),
    "test_the_kept_counts_are_right": Fault("images.recount", returning(1)),
    "test_images_come_by_time_then_name_newest_first": Fault(
        "images.names_visible", with_query(descending=False)
    ),
    "test_starred_images_come_first_if_wished": Fault(
        "images.list_visible", with_query(starred_first=False)
    ),
    "test_a_page_of_images_knows_their_total": Fault(
        "images.list_visible", after(total_of_the_page)
    ),
    "test_images_on_a_board_come_ordered_by_name": Fault("images.on_board", after(backwards)),
    "test_images_of_an_owner_come_ordered_by_name": Fault("images.owned_by", after(backwards)),
    "test_some_of_an_owners_images_are_no_more_than_asked_for": Fault(
        "images.owned_by", ignoring("limit")
    ),
    "test_images_are_counted_and_their_sizes_added": Fault("images.usage", ignoring("board_id")),
}
