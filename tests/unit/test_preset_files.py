"""Presets in files are read as they were written, and nothing else is."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.identifiers import SYSTEM, StylePresetId
from invoke_core.domain.preset_files import (
    MAX_BYTES,
    MAX_PRESETS,
    PresetFormat,
    csv_of,
    read_presets,
)
from invoke_core.domain.style_presets import PresetText, StylePreset
from invoke_core.errors import RuleViolation, TooLarge
from invoke_core.testing.builders import NOON

CSV, JSON = PresetFormat.CSV, PresetFormat.JSON
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters, max_size=20).map(str.strip)
said = st.builds(PresetText, name=texts.filter(bool), positive_prompt=texts, negative_prompt=texts)


def preset(text: PresetText) -> StylePreset:
    return StylePreset(
        preset_id=StylePresetId("p"),
        owner_id=SYSTEM,
        name=text.name,
        positive_prompt=text.positive_prompt,
        negative_prompt=text.negative_prompt,
        created_at=NOON,
        updated_at=NOON,
    )


@given(st.lists(said, max_size=5))
def test_what_was_written_is_read_back(presets: list[PresetText]) -> None:
    written = csv_of(map(preset, presets)).encode()

    assert list(read_presets(written, CSV)) == presets


@given(st.lists(said, min_size=1, max_size=5))
def test_no_cell_of_a_file_is_a_formula(presets: list[PresetText]) -> None:
    rows = csv.reader(io.StringIO(csv_of(map(preset, presets)), newline=""))

    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r"))]


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b"name,prompt,negative_prompt\nOils,in oils,photo\n", CSV),
        (b"\xef\xbb\xbfname,positive_prompt,negative_prompt\r\n Oils ,in oils,photo\r\n", CSV),
        (b'[{"name": "Oils", "prompt": "in oils", "negative_prompt": "photo"}]', JSON),
        (b'[{"name": "Oils", "positive_prompt": "in oils", "negative_prompt": "photo"}]', JSON),
    ],
)
def test_both_names_of_the_prompt_are_read(content: bytes, format: PresetFormat) -> None:
    (read,) = read_presets(content, format)

    assert read == PresetText(name="Oils", positive_prompt="in oils", negative_prompt="photo")


def test_a_foreign_apostrophe_stays() -> None:
    (read,) = read_presets(b"name,prompt,negative_prompt\n'tis,'n,\n", CSV)

    assert (read.name, read.positive_prompt) == ("'tis", "'n")


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b"", CSV),
        (b"name\nOils\n", CSV),
        (b"\xff\xfe\n", CSV),
        (b'name,prompt,negative_prompt\n"a', CSV),
        (b"name,prompt,negative_prompt\nOils,in oils,photo,more\n", CSV),
        (b"name,prompt,negative_prompt\nOils\n", CSV),
        (b"name,prompt,negative_prompt,owner\nOils,a,b,c\n", CSV),
        (b"name,prompt,negative_prompt\n  ,a,b\n", CSV),
        (b"name,prompt,negative_prompt\n" + b"x" * 301 + b",a,b\n", CSV),
        (b"name,prompt,negative_prompt\nx,\0,b\n", CSV),
        (b"name,prompt,negative_prompt\nx," + b"y" * 200_000 + b",b\n", CSV),
        (b"", JSON),
        (b"{}", JSON),
        (b"[1]", JSON),
        (b"[" * 100_000, JSON),
        (b'[{"name": "Oils", "prompt": null}]', JSON),
        (b'[{"prompt": "in oils"}]', JSON),
        (b'[{"name": "Oils", "owner": "me"}]', JSON),
        (b'[{"name": "Oils", "prompt": "a", "positive_prompt": "b"}]', JSON),
        (b'[{"name": "Oils", "prompt": "\\ud800"}]', JSON),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, format: PresetFormat) -> None:
    with pytest.raises(RuleViolation):
        read_presets(content, format)


def test_a_file_has_its_limits() -> None:
    rows = [{"name": "Oils"}] * (MAX_PRESETS + 1)
    with pytest.raises(TooLarge):
        read_presets(json.dumps(rows).encode(), JSON)
    with pytest.raises(TooLarge):
        read_presets(b" " * (MAX_BYTES + 1), JSON)
    assert len(read_presets(json.dumps(rows[:-1]).encode(), JSON)) == MAX_PRESETS
