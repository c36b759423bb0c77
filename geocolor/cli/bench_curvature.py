"""``geocolor bench curvature``: what measuring a model's curvature costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.calibrated import reporter, settle_torch
from geocolor.cli.console import ProgressLine, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption
from geocolor.cli.shares import CacheOption, ModelTextOption

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench curvature smollm2
  geocolor bench curvature minilm --turns 12 --json
  geocolor bench curvature ./mine --calibration wiki.txt --length 256
"""


def command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="smollm2 or minilm, out of their packages, or a local folder."
        ),
    ],
    turns: Annotated[
        int, typer.Option("--turns", metavar="N", min=1, help="Turns of both passes.")
    ] = 6,
    windows: Annotated[
        int, typer.Option("--windows", metavar="N", min=1, help="Windows of text in each turn.")
    ] = 4,
    length: Annotated[
        int, typer.Option("--length", metavar="TOKENS", min=2, help="Tokens in each window.")
    ] = 512,
    calibration: ModelTextOption = None,
    cache: CacheOption = Path(".cache"),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure a model's curvature in turns with plain forward and backward passes.

    Both take the same batches, one window each. Memory is that of the whole process.
    """
    settle_torch()
    from geocolor.bench.models.curvature_cost import measure_curvature_cost
    from geocolor.bench.models.subject import chosen_subject
    from geocolor.compression import text_windows
    from geocolor.compression.pretrained import load_pretrained

    with ProgressLine(quiet=quiet) as line:
        line.update("loading the model")
        given = [] if calibration is None else [calibration]
        subject = chosen_subject(model, calibration, given, cache)
        loaded, tokenizer = load_pretrained(subject.folder)
        text = Path(subject.calibration.path).read_text(encoding="utf-8")
        cut = text_windows(text, tokenizer, windows=turns * windows, length=length)
        batches = list(cut[:, None])
        cost = measure_curvature_cost(
            loaded,
            [batches[turn * windows : (turn + 1) * windows] for turn in range(turns)],
            reporter(line),
        )
    if as_json:
        say(json.dumps({"model": subject.name, **cost.to_json()}))
    else:
        say_lines(str(cost))
