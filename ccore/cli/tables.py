"""Rows for whoever reads: a coloured table in a terminal, aligned text in a pipe, or JSON.

Cells are text and never markup: `[red]` in a caller's name is printed as it is.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ccore.cli.text import as_json, safe

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod
    from rich.table import Table

__all__ = ["Column", "Row", "show", "told"]

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    cell: Callable[[Row], object]
    right: bool = False  # numbers stand at the right
    style: Callable[[Row], str] | None = None  # rich style, in a terminal only
    spare: int = 0  # a narrow terminal goes without, the highest first; 0: never left out


def show(rows: Sequence[Row], columns: Sequence[Column], *, json: bool, empty: str) -> None:
    """Print rows; `empty` says in words that there are none."""
    if json:
        click.echo(as_json(rows))
    elif not rows:
        click.echo(empty)
    elif sys.stdout.isatty():
        _show_coloured(rows, columns)
    else:
        _show_plain(rows, columns)


def told(reply: Row, json: bool, words: str) -> None:
    """Say what was done."""
    click.echo(as_json(reply) if json else safe(words))


def _show_plain(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    from rich.cells import cell_len

    lines = [[column.title for column in columns]]
    lines += [[_text(column, row) for column in columns] for row in rows]
    widths = [max(cell_len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        cells = []
        for text, width, column in zip(line, widths, columns, strict=True):
            gap = " " * (width - cell_len(text))
            cells.append(gap + text if column.right else text + gap)
        click.echo("  ".join(cells).rstrip())


def _show_coloured(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    from rich.console import Console

    console = Console()
    spare = sorted({column.spare for column in columns if column.spare}, reverse=True)
    table = _table(rows, columns)
    while spare and _width(table, console) > console.width:
        least = spare.pop(0)
        columns = [column for column in columns if column.spare != least]
        table = _table(rows, columns)
    console.print(table)


def _width(table: "Table", console: "Console") -> int:
    """What it would take without a break in any cell."""
    return console.measure(table, options=console.options.update(max_width=10_000)).maximum


def _table(rows: Sequence[Row], columns: Sequence[Column]) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        # What does not fit goes on in the next line: a path cut short is no path.
        justify: JustifyMethod = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(
            *(
                Text(_text(column, row), style=column.style(row) if column.style else "")
                for column in columns
            )
        )
    return table


def _text(column: Column, row: Row) -> str:
    value = column.cell(row)
    return "-" if value is None or value == "" else safe(str(value))
