"""What a search finds, and in what order."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.search import (
    MAX_TERMS,
    MAX_WORD_CHARACTERS,
    MAX_WORDS,
    PictureWords,
    Term,
    model_word,
    picture_words,
    score,
    terms,
    words,
)

NAME = ImageName("00000000-0000-0000-0000-000000000000.png")
AT = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A Red-Circle, 100%!", ["a", "red", "circle", "100"]),
        ("ÉTOILE étoile etoile", ["etoile"] * 3),
        ("Straße", ["strasse"]),
        ("中文 が", ["中", "文", "か"]),
        ("a\0b\ud800c", ["a", "b", "c"]),
        ("@o123 @", ["o123"]),
        ("", []),
        ("x" * 500, ["x" * MAX_WORD_CHARACTERS]),
    ],
)
def test_words_are_runs_of_letters_and_digits_without_case_and_accents(
    text: str, expected: list[str]
) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_can_stand_in_every_index(text: str) -> None:
    for word in words(text):
        assert word
        assert all(char.isalnum() for char in word)
        assert not set(word) & set(" '\"\\:&|!()*<>@")
        assert words(word) == [word] or len(word) == MAX_WORD_CHARACTERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red  Circle red", [Term("red"), Term("circle")]),
        ("circ*", [Term("circ", begins=True)]),
        ("deep-red*", [Term("deep"), Term("red", begins=True)]),
        ("2026-03-01", [Term("20260301")]),
        ("2026-03", [Term("202603")]),
        ("2026", [Term("2026")]),
        ("* - !", []),
    ],
)
def test_terms_are_what_was_typed(text: str, expected: list[Term]) -> None:
    assert terms(text) == tuple(expected)


def test_a_search_has_few_terms_and_a_picture_not_too_many_words() -> None:
    assert len(terms(" ".join(map(str, range(100))))) == MAX_TERMS
    many = {"positive_prompt": "word " * 10_000}
    assert len(picture_words(NAME, AT, many).prompt.split()) == MAX_WORDS


def test_a_picture_has_words_of_prompt_model_name_and_day() -> None:
    found = picture_words(
        NAME,
        AT,
        {
            "positive_prompt": "A red circle",
            "positive_style_prompt": "oil",
            "negative_prompt": "blurry",
            "model": {"key": "K-1", "name": "Meadow XL"},
            "loras": [{"model": {"model_name": "Ink"}}, "nonsense", {"model": 7}],
            "seed": 23,
            "scheduler": "euler_a",
            "width": 512,
        },
    )

    assert found.prompt == " a red circle oil "
    others = found.others.split()
    assert {"2026", "202603", "20260301", "meadow", "xl", "ink", "23", "euler", "00000000"} <= set(
        others
    )
    assert {model_word("k-1"), model_word("MEADOW XL"), model_word("Ink")} <= set(others)
    assert not {"blurry", "512", "nonsense", "7"} & found.all()


@pytest.mark.parametrize(
    "metadata", [None, {}, {"positive_prompt": 7.5, "model": [], "loras": 3, "seed": True}]
)
def test_a_picture_without_metadata_has_its_name_and_day(metadata: dict[str, object]) -> None:
    found = picture_words(NAME, AT, metadata)

    assert found.prompt == " "
    assert set(found.others.split()) == {"00000000", "0000", "000000000000"} | {
        *("2026", "202603", "20260301"),
    }


def test_a_word_of_the_prompt_counts_most_and_words_side_by_side_more() -> None:
    picture = PictureWords(prompt=" a red circle ", others="meadow")

    def points(text: str) -> int:
        return score(terms(text), picture)

    assert points("red") > points("re*") > points("meadow")
    assert points("red circle") > points("circle red") == points("a circle") > points("red meadow")
    assert points("re* circle") < points("red circle")
