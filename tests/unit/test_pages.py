"""Cursors and offsets."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.boards import BoardPosition
from invoke_core.domain.identifiers import BoardId, ImageName
from invoke_core.domain.image_lists import Position
from invoke_core.domain.pages import MAX_OFFSET, require_offset, to_cursor
from invoke_core.errors import Invalid

_times = st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC)
)
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.booleans(), st.integers(0, 2**40), _times, _texts)
def test_a_position_comes_back_from_its_cursor(
    starred: bool, score: int, at: datetime, name: str
) -> None:
    position = Position(starred=starred, score=score, created_at=at, image_name=ImageName(name))

    cursor = position.cursor()

    assert Position.of_cursor(cursor) == position
    assert cursor.replace("-", "a").replace("_", "a").isalnum()


@given(_times, _texts, _texts)
def test_a_position_of_a_board_comes_back_from_its_cursor(
    at: datetime, name: str, board_id: str
) -> None:
    position = BoardPosition(created_at=at, folded_name=name, board_id=BoardId(board_id))

    assert BoardPosition.of_cursor(position.cursor()) == position


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "é", "====", "\ud800", "W10", "null", "a" * 10_000),
        to_cursor(1, 0, 0),
        to_cursor("1", 0, 0, "a.png"),
        to_cursor(1, 2**62, 0, "a.png"),
        to_cursor(1, 0, 2**61, "a.png"),
        to_cursor(1, 0, 0, "a\0.png"),
        to_cursor(1, 0, 0, "\ud800"),
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        Position.of_cursor(text)


def test_a_cursor_with_a_number_of_many_digits_is_refused() -> None:
    with pytest.raises(Invalid):
        Position.of_cursor(to_cursor(1, 10**4000, 0, "a.png"))


def test_offsets_lead_to_ten_thousand() -> None:
    require_offset(MAX_OFFSET)
    with pytest.raises(Invalid, match="use cursor"):
        require_offset(MAX_OFFSET + 1)


def test_times_keep_their_microseconds() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=1)
    position = Position(starred=False, created_at=at, image_name=ImageName("a.png"))

    assert Position.of_cursor(position.cursor()).created_at == at
