"""``geocolor report``: a page about a compressed model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.console import say
from geocolor.cli.pages import require_page

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor report ./smaller -o report.html
  geocolor compress ./smollm2 --calibration wiki.txt -o ./smaller --report report.html
"""


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that geocolor compress wrote.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="HTML", help="Where the page goes.")
    ],
) -> None:
    """Write one HTML page about a compressed model, which needs no network.

    What got smaller and faster and what did not, which layers share, ranks, predicted and measured
    loss, and how it was made. No weights are read.
    """
    require_page(output)
    from geocolor.compression.page import write_page
    from geocolor.compression.record import read_record

    write_page(read_record(folder), output, folder=str(folder))
    say(f"written {output}")
