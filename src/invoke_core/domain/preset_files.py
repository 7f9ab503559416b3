"""Style presets in files: CSV and JSON, with InvokeAI's columns and keys."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from invoke_core.domain.style_presets import PresetText, StylePreset, checked
from invoke_core.errors import Invalid, RuleViolation, TooLarge

MAX_BYTES = 5_242_880  # of a file
MAX_PRESETS = 1_000  # in one file

COLUMNS = ("name", "prompt", "negative_prompt")
_KEYS = {*COLUMNS, "positive_prompt"}
# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV Injection).
_FORMULAS = tuple("=+-@\t\r")


class PresetFormat(Enum):
    """How a file of presets is written."""

    CSV = "csv"
    JSON = "json"


def read_presets(content: bytes, format: PresetFormat) -> Sequence[PresetText]:
    """Return the presets of a file, in its order.

    Raises:
        TooLarge: it has too many bytes or presets.
        RuleViolation: it cannot be read, or one of its presets is none.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge(f"A file of presets has at most {MAX_BYTES:,} bytes.")
    rows = _csv_rows(content) if format is PresetFormat.CSV else _json_rows(content)
    if len(rows) > MAX_PRESETS:
        raise TooLarge(f"A file holds at most {MAX_PRESETS:,} presets.")
    return [_preset(place, row) for place, row in enumerate(rows, start=1)]


def csv_of(presets: Iterable[StylePreset]) -> str:
    """Return a CSV file of the presets, which `read_presets` reads; no cell is a formula."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for preset in presets:
        cells = (preset.name, preset.positive_prompt, preset.negative_prompt)
        writer.writerow([_guarded(cell) for cell in cells])
    return file.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_FORMULAS, "'")) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith((*_FORMULAS, "'")) else cell


def _csv_rows(content: bytes) -> Sequence[Mapping[str, Any]]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = [
            {key: _unguarded(cell) if isinstance(cell, str) else cell for key, cell in row.items()}
            for row in reader
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RuleViolation("The file is no CSV in UTF-8.") from error
    if not {"name", "negative_prompt"} <= set(reader.fieldnames or ()):
        raise RuleViolation("The first line must name the columns: name, prompt, negative_prompt.")
    return rows


def _json_rows(content: bytes) -> Sequence[Any]:
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RuleViolation("The file is no JSON in UTF-8.") from error
    if not isinstance(rows, list):
        raise RuleViolation("The JSON must be a list of objects.")
    return rows


def _preset(place: int, row: Any) -> PresetText:
    if not isinstance(row, dict) or set(row) - _KEYS or "name" not in row:
        raise _wrong(place, "has the keys name, prompt and negative_prompt, and no others")
    if {"prompt", "positive_prompt"} <= set(row):
        raise _wrong(place, "has one prompt, not two")
    if not all(isinstance(value, str) for value in row.values()):
        raise _wrong(place, "has texts alone")
    said: dict[str, str] = {key: value.strip() for key, value in row.items()}
    text = PresetText(
        name=said["name"],
        positive_prompt=said.get("positive_prompt", said.get("prompt", "")),
        negative_prompt=said.get("negative_prompt", ""),
    )
    try:
        return checked(text)
    except Invalid as error:
        raise RuleViolation(f"Preset {place}: {error}") from error


def _wrong(place: int, rule: str) -> RuleViolation:
    return RuleViolation(f"Preset {place} of the file cannot be read: each {rule}.")
