"""Ways to keep links to boards wrongly."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from invoke_core.domain.boards import BoardQuery
from invoke_core.domain.principals import INTERNAL
from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    with_first,
)
from invoke_core.testing.builders import a_board_link

_ALL = BoardQuery(include_archived=True, limit=None)
_TICK = timedelta(microseconds=1)


def _any(work: Any, real: Any, digest: str) -> Any:
    boards = work.boards.list_visible(INTERNAL, _ALL).items
    links = [link for b in boards for link in work.board_links.of_board(b.board.board_id)]
    return real(digest) or next(iter(links), None)


def _removes_the_whole_board(work: Any, real: Any, link_id: Any) -> None:
    boards = work.boards.list_visible(INTERNAL, _ALL).items
    for summary in boards:
        for link in work.board_links.of_board(summary.board.board_id):
            real(link.link_id)


def _always_the_board(work: Any, real: Any, link: Any) -> None:
    try:
        real(link)
    except NotFound as error:
        raise NotFound("board", link.board_id) from error


def _remembers(work: Any, real: Any, digest: str) -> Any:
    """Return a link also after it went with what it belonged to."""
    return real(digest) or a_board_link(work, digest=digest)


BOARD_LINKS: Mapping[str, Fault] = {
    "test_a_link_comes_back_whole": Fault(
        "board_links.find", after(lambda found: found and evolved(metadata=False)(found))
    ),
    "test_an_unknown_digest_finds_nothing": Fault("board_links.find", _any),
    "test_an_id_and_a_digest_are_taken_once": Fault("board_links.add", forgiving(Conflict)),
    "test_a_link_needs_its_board_and_its_maker": Fault("board_links.add", _always_the_board),
    "test_links_of_a_board_come_newest_first_then_by_id": Fault(
        "board_links.of_board", after(backwards)
    ),
    "test_a_removed_link_is_gone_alone": Fault("board_links.remove", _removes_the_whole_board),
    "test_an_unknown_link_cannot_be_removed": Fault("board_links.remove", forgiving(NotFound)),
    "test_links_that_expired_before_go": Fault(
        "board_links.remove_expired", with_first(lambda before: before + _TICK)
    ),
    "test_a_link_goes_with_its_board": Fault("board_links.find", _remembers),
    "test_a_link_goes_with_who_made_it": Fault("board_links.find", _remembers),
}
