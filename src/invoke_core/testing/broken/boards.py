"""Ways to keep boards wrongly."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from invoke_core.domain.boards import BoardOrder, Visibility, permission_on
from invoke_core.domain.principals import INTERNAL
from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    raising,
    returning,
    total_of_the_page,
    with_first,
    with_query,
)


def _without_visibility(work: Any, real: Any, principal: Any, query: Any) -> Any:
    page = real(principal, query)
    summaries = []
    for summary in page.items:
        private = attrs.evolve(summary.board, visibility=Visibility.PRIVATE)
        held = permission_on(private, principal, work.boards.grants(private.board_id))
        if held is not None:
            summaries.append(attrs.evolve(summary, permission=held))
    return attrs.evolve(page, items=summaries, total=len(summaries))


def _administrators_are_people(work: Any, real: Any, principal: Any, query: Any) -> Any:
    return real(attrs.evolve(principal, is_admin=False), query)


def _by_code_points(work: Any, real: Any, principal: Any, query: Any) -> Any:
    page = real(principal, query)
    if query.order_by is not BoardOrder.NAME:
        return page
    items = sorted(page.items, key=lambda s: s.board.name, reverse=query.descending)
    return attrs.evolve(page, items=items)


def _orphans_images(work: Any, real: Any, board_id: Any) -> None:
    for image in work.images.on_board(board_id):
        work.images.put(attrs.evolve(image, board_id=None))
    real(board_id)


def _keeps_grants(work: Any, real: Any, board_id: Any) -> None:
    board, grants = work.boards.get(board_id), work.boards.grants(board_id)
    real(board_id)
    work.boards.add(board)
    for grant in grants:
        work.boards.put_grant(grant)


def _keeps_the_first(work: Any, real: Any, grant: Any) -> None:
    if all(other.user_id != grant.user_id for other in work.boards.grants(grant.board_id)):
        real(grant)


def _always_a_user(work: Any, real: Any, grant: Any) -> None:
    try:
        real(grant)
    except NotFound as error:
        raise NotFound("user", grant.user_id) from error


def _adds_the_unknown(work: Any, real: Any, board: Any) -> None:
    try:
        real(board)
    except NotFound:
        work.boards.add(board)


def _stays_with_the_owner(work: Any, real: Any, board: Any) -> None:
    try:
        real(board)
    except NotFound:
        real(attrs.evolve(board, owner_id=work.boards.get(board.board_id).owner_id))


def _counts_intermediates(work: Any, real: Any, principal: Any, board_id: Any) -> Any:
    summary = real(principal, board_id)
    every = len(work.images.on_board(board_id))
    return attrs.evolve(summary, image_count=every - summary.asset_count)


def _counts_stars_apart(work: Any, real: Any, principal: Any, board_id: Any) -> Any:
    summary = real(principal, board_id)
    starred = sum(image.starred for image in work.images.on_board(board_id))
    return attrs.evolve(summary, image_count=summary.image_count - starred)


def _cover(choose: Callable[[Any, Any], Any]) -> Any:
    def replacement(work: Any, real: Any, principal: Any, board_id: Any) -> Any:
        summary = real(principal, board_id)
        images = work.images.on_board(board_id)
        return attrs.evolve(summary, cover_image_name=choose(summary.board, images))

    return replacement


def _shows_hidden(work: Any, real: Any, principal: Any, board_id: Any) -> Any:
    try:
        return real(principal, board_id)
    except NotFound:
        return real(INTERNAL, board_id)


def _forgets_the_owner(work: Any, real: Any, principal: Any, board_id: Any) -> Any:
    return attrs.evolve(real(principal, board_id), owner_name="")


def _shows_intermediates(work: Any, real: Any, board_id: Any, **how: Any) -> Any:
    images = work.images.on_board(board_id)
    return sorted(images, key=lambda i: (i.created_at, i.image_name), reverse=True)


def _by_time_alone(work: Any, real: Any, board_id: Any, *, after: Any, limit: int) -> Any:
    if after is None:
        return real(board_id, limit=limit)
    first = attrs.evolve(after, image_name="")  # skips what was made in the same instant
    return real(board_id, after=first, limit=limit)


def _counts_the_present_ones(work: Any, real: Any, user_id: Any) -> int:
    return sum(not board.archived for board in work.boards.owned_by(user_id))


BOARDS: Mapping[str, Fault] = {
    "test_a_board_comes_back_whole": Fault("boards.get", after(evolved(archived=False))),
    "test_an_unknown_board_is_not_found": Fault("boards.get", forgiving(NotFound)),
    "test_an_id_is_taken_once": Fault("boards.add", forgiving(Conflict)),
    "test_a_board_needs_an_owner": Fault("boards.add", forgiving(NotFound)),
    "test_a_board_is_replaced": Fault("boards.put", returning(None)),
    "test_an_unknown_board_cannot_be_replaced": Fault("boards.put", _adds_the_unknown),
    "test_a_board_cannot_be_given_to_an_unknown_owner": Fault("boards.put", _stays_with_the_owner),
    "test_a_removed_board_is_gone_with_its_grants": Fault("boards.remove", _keeps_grants),
    "test_an_unknown_board_cannot_be_removed": Fault("boards.remove", forgiving(NotFound)),
    "test_a_board_with_images_cannot_be_removed": Fault("boards.remove", _orphans_images),
    "test_grants_come_ordered_by_user": Fault("boards.grants", after(backwards)),
    "test_known_boards_come_once_in_the_order_asked_for": Fault(
        "boards.find_many", with_first(sorted)
    ),
    "test_grants_of_many_boards_come_by_board_then_user": Fault(
        "boards.grants_on", after(backwards)
    ),
    "test_an_unknown_board_has_no_grants": Fault(
        "boards.grants", raising(NotFound("board", "none"))
    ),
    "test_grants_of_an_account_come_ordered_by_board": Fault("boards.grants_of", after(backwards)),
    "test_a_grant_takes_the_place_of_the_one_before": Fault("boards.put_grant", _keeps_the_first),
    "test_a_grant_needs_its_board": Fault("boards.put_grant", _always_a_user),
    "test_a_grant_needs_its_user": Fault("boards.put_grant", forgiving(NotFound)),
    "test_a_removed_grant_is_gone": Fault("boards.remove_grant", returning(None)),
    "test_a_missing_grant_cannot_be_removed": Fault("boards.remove_grant", forgiving(NotFound)),
    "test_a_person_sees_own_granted_and_open_boards_with_the_permission_on_each": Fault(
        "boards.list_visible", _without_visibility
    ),
    "test_an_administrator_sees_every_board_as_an_owner": Fault(
        "boards.list_visible", _administrators_are_people
    ),
    "test_archived_boards_are_listed_on_demand_only": Fault(
        "boards.list_visible", with_query(include_archived=True)
    ),
    "test_boards_come_by_time_then_id_newest_first": Fault(
        "boards.list_visible", with_query(descending=True)
    ),
    "test_boards_come_by_name_without_regard_to_ascii_case": Fault(
        "boards.list_visible", _by_code_points
    ),
    "test_a_page_of_boards_knows_their_total": Fault(
        "boards.list_visible", after(total_of_the_page)
    ),
    "test_a_cursor_goes_on_where_a_page_of_boards_ended": Fault(
        "boards.list_visible", after(evolved(next_cursor=None))
    ),
    "test_counts_and_cover_follow_every_change": Fault("boards.summary", _counts_stars_apart),
    "test_all_boards_come_without_a_limit": Fault("boards.list_visible", with_query(limit=50)),
    "test_a_summary_counts_images_and_assets_but_nothing_intermediate": Fault(
        "boards.summary", _counts_intermediates
    ),
    "test_the_cover_is_the_newest_image_that_is_not_intermediate": Fault(
        "boards.summary", _cover(lambda board, images: images[-1].image_name)
    ),
    "test_the_cover_is_the_chosen_one_while_it_lies_on_the_board": Fault(
        "boards.summary", _cover(lambda board, images: board.cover_image_name)
    ),
    "test_an_empty_board_has_no_cover": Fault(
        "boards.summary", after(lambda s: evolved(cover_image_name=s.cover_image_name or "")(s))
    ),
    "test_a_summary_is_what_the_list_shows": Fault("boards.summary", _forgets_the_owner),
    "test_a_hidden_board_has_no_summary": Fault("boards.summary", _shows_hidden),
    "test_shown_images_come_newest_first_without_intermediate_ones": Fault(
        "boards.shown_images", _shows_intermediates
    ),
    "test_shown_images_go_on_after_a_place": Fault("boards.shown_images", _by_time_alone),
    "test_boards_of_an_owner_come_ordered_by_id": Fault("boards.owned_by", after(backwards)),
    "test_boards_of_an_owner_are_counted": Fault("boards.count_owned", _counts_the_present_ones),
}
