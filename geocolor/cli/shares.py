"""Options that benchmarks of models have in common: budgets and presets, several at once."""

from __future__ import annotations

from typing import Annotated

import typer

from geocolor.errors import InputError

__all__ = ["MarkdownOption", "PresetsOption", "SharesOption", "listed", "shares"]

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
