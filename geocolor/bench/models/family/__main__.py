"""``python -m geocolor.bench.models.family``: fine-tunes kept together, and the alternatives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geocolor.bench.models.family.comparison import compare, markdown


def main(
    output: Annotated[Path, typer.Option("--output", "-o", help="Rows, one a line of JSON.")],
    cache: Annotated[Path, typer.Option(help="Where models are kept.")] = Path(".cache"),
    keep: Annotated[str, typer.Option(help="Shares of all matrices.")] = "0.45,0.3334",
) -> None:
    """Make the fine-tunes, compress them, and print a table of what is kept and lost."""
    keeps = [float(share) for share in keep.split(",")]
    rows = compare(cache, output, keeps, lambda text: typer.echo(text, err=True))
    typer.echo(markdown(rows))


typer.run(main)
