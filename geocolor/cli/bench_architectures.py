"""``geocolor bench architectures``: what compression keeps its word on, model by model."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.calibrated import settle_torch
from geocolor.cli.console import ProgressLine, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption
from geocolor.cli.shares import CacheOption, SharesOption, shares
from geocolor.errors import InputError
from geocolor.wording import choice_among

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench architectures
  geocolor bench architectures gpt2 swin resnet --keep 0.7 --dtype bfloat16
  geocolor bench architectures minilm smollm2 --json
"""


class _Dtype(StrEnum):
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME...",
            help="Small models of random weights; default all. Real ones: minilm, smollm2.",
        ),
    ] = None,
    keep: SharesOption = "0.9,0.7,0.5",
    dtype: Annotated[_Dtype, typer.Option("--dtype", help="Of the models.")] = _Dtype.FLOAT32,
    cache: CacheOption = Path(".cache"),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compress models of many architectures, and see whether all that was promised holds.

    Is the budget met within half a percent, the original untouched, does a fresh process load the
    same outputs, does a gradient step reach every parameter? Exit code 1 if not.
    """
    keeps = shares(keep)
    settle_torch()
    import torch

    from geocolor.bench.models.architecture_table import check, table
    from geocolor.bench.models.architectures import ARCHITECTURES, packaged_architecture
    from geocolor.bench.models.subject import PACKAGED

    known = [*ARCHITECTURES, *PACKAGED]
    for name in names or ():
        if name not in known:
            raise InputError(f"no architecture {name!r}; {choice_among(name, known)}")
    chosen = [
        ARCHITECTURES[name] if name in ARCHITECTURES else packaged_architecture(name, cache)
        for name in names or ARCHITECTURES
    ]
    with ProgressLine(quiet=quiet) as line:
        rows = check(chosen, keeps, dtype=getattr(torch, dtype.value), on_progress=line.update)
    if as_json:
        say(json.dumps({"rows": [{**asdict(row), "met": row.met} for row in rows]}))
    else:
        say_lines(table(rows))
    if not all(row.met and row.untouched and row.alike and row.learns for row in rows):
        raise typer.Exit(1)
