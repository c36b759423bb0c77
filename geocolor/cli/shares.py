"""Options that benchmarks of models have in common: budgets and presets, several at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from geocolor.cli.console import note, say, say_lines
from geocolor.errors import InputError

__all__ = [
    "CacheOption",
    "KeptOption",
    "MarkdownOption",
    "ModelTextOption",
    "PresetsOption",
    "SeedsOption",
    "SharesOption",
    "gathered",
    "listed",
    "print_rows",
    "shares",
]

SharesOption = Annotated[
    str, typer.Option("--keep", metavar="SHARES", help="Shares of the parameters kept.")
]
PresetsOption = Annotated[
    str,
    typer.Option(
        "--presets",
        metavar="NAMES",
        help="Names from 'geocolor presets', .json and .toml files, with commas between.",
    ),
]
SeedsOption = Annotated[
    int, typer.Option("--seeds", metavar="N", min=1, help="Calibrations, seeds 0 to N - 1.")
]
CacheOption = Annotated[
    Path, typer.Option("--cache", metavar="DIR", help="Converted models and texts.")
]
ModelTextOption = Annotated[
    Path | None,
    typer.Option("--calibration", metavar="FILE", help="Plain text, for a model folder."),
]
KeptOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Keep each result there as it is made, and go on from those that are there.",
    ),
]
MarkdownOption = Annotated[bool, typer.Option("--markdown", help="Print the table in Markdown.")]


def listed(text: str) -> list[str]:
    """Take apart a list with commas between."""
    return [part.strip() for part in text.split(",") if part.strip()]


def shares(text: str) -> list[float]:
    """Read shares with commas between, each in (0, 1].

    Raises
    ------
    InputError
        There is none, or one is no such share.
    """
    try:
        found = [float(part) for part in listed(text)]
    except ValueError:
        found = []
    if not found or not all(0 < share <= 1 for share in found):
        raise InputError(f"--keep takes shares in (0, 1] such as 0.8,0.6, not {text!r}")
    return found


_Cells = Callable[[Iterable[Any]], Iterator[tuple[str, ...]]]


def gathered(rows: Iterable[Any], cells: _Cells, *, quiet: bool) -> list[Any]:
    """Take the rows of a sweep, and tell of each as it comes."""
    found = []
    for row in rows:
        found.append(row)
        if not quiet:
            note("  ".join(cell for cell in next(cells([row])) if cell))
    return found


def print_rows(
    rows: Sequence[Any], header: Sequence[str], cells: _Cells, *, as_json: bool, as_markdown: bool
) -> None:
    """Print rows as a table or one JSON object."""
    from geocolor.bench.plaintext import markdown_table, plain_table

    if as_json:
        say(json.dumps({"results": [row.to_json() for row in rows]}))
        return
    lay_out = markdown_table if as_markdown else plain_table
    say_lines(lay_out(header, cells(rows)))
