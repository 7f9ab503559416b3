"""How lists are printed: tables for people, JSON for programs."""

import sys
from collections.abc import Sequence
from datetime import datetime

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from invoke_apps.printable import printable

UNLIMITED = 10_000  # characters; a pipe has no edge at which lines must break


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print one line a row, and one above them; into a pipe whole, at a terminal as wide as it is."""
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row))  # no markup in people's own words
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else UNLIMITED)
    console.print(table)


def print_json(records: object) -> None:
    """Print a record, or records as an array, as the HTTP interface gives them."""
    click.echo(msgspec.json.format(msgspec.json.encode(records), indent=2).decode())


def print_record(record: object) -> None:
    """Print one record, as the HTTP interface gives it."""
    click.echo(msgspec.json.format(msgspec.json.encode(record), indent=2).decode())


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case _:
            return printable(str(value))
