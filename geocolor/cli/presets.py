"""``geocolor presets``: the methods there are, and what each is made of."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from geocolor.cli.calibrated import settle_torch
from geocolor.cli.console import say, say_lines
from geocolor.cli.options import JsonOption

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor presets
  geocolor presets default > mine.toml
  geocolor presets mine.toml --json

\b
A file may also say base = "default" and give the parts that differ alone. It needs a name of
its own; then: geocolor compress ... --preset mine.toml
"""


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|FILE]", help="A preset, or a .json or .toml file to check."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the presets, or print one as TOML, ready to be edited."""
    settle_torch()
    from geocolor.compression.configuration import PRESETS, SUMMARIES
    from geocolor.compression.configuration_file import chosen_configuration, toml_text

    if name is not None:
        found = chosen_configuration(name)
        say_lines(json.dumps(found.to_json()) if as_json else toml_text(found))
        return
    if as_json:
        say(json.dumps({each.name: each.to_json() for each in PRESETS.values()}))
        return
    width = max(map(len, PRESETS))
    for preset in PRESETS:
        say(f"{preset:<{width}}  {SUMMARIES[preset]}")
