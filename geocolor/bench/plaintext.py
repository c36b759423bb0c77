"""Tables in plain text, for terminals and for pages."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

__all__ = ["markdown_table", "plain_table"]


def plain_table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Align a table in columns two spaces apart.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        Cells.
    left : int
        Columns aligned to the left; the others are figures.

    Returns
    -------
    str
        Ends with a line break.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, name in enumerate(header):
        table.add_column(name, justify="left" if place < left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    out = io.StringIO()
    # Wide enough that no cell is cut: a terminal wraps, a file keeps.
    Console(
        file=out, width=10_000, color_system=None, markup=False, highlight=False, emoji=False
    ).print(table)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown; it ends with a line break."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
