"""``geocolor bench retrieval``: what compression costs a sentence encoder that searches."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from geocolor.cli.calibrated import LengthOption, WindowsOption, reporter, settle_torch
from geocolor.cli.console import ProgressLine, note
from geocolor.cli.shares import MarkdownOption, PresetsOption, SharesOption, listed, shares

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench retrieval
  geocolor bench retrieval --keep 0.8 --presets default --seeds 5 --bfloat16
  geocolor bench retrieval --windows 48 --length 256 --json
"""


def command(
    keep: SharesOption = "0.9,0.8,0.7,0.6,0.5",
    presets: PresetsOption = "default,svd-llm",
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", min=1, help="Calibrations, seeds 0 to N - 1.")
    ] = 1,
    windows: WindowsOption = 200,
    length: LengthOption = 128,
    bfloat16: Annotated[
        bool,
        typer.Option("--bfloat16", help="Search in bfloat16 arithmetic, twice as fast on some."),
    ] = False,
    as_markdown: MarkdownOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Compress MiniLM, and find the bodies of 2,060 BBC News documents by their titles.

    Calibration takes Wikipedia, so that no document searched is in it.
    """
    keeps = shares(keep)
    settle_torch()
    import torch

    from geocolor.bench.models.assets import bbc_documents, minilm_folder
    from geocolor.bench.models.retrieval_cost import (
        HEADER,
        Encoder,
        cells,
        distinct_documents,
        measure_retrieval,
    )
    from geocolor.bench.models.texts import packaged_texts
    from geocolor.bench.plaintext import markdown_table, plain_table
    from geocolor.compression.configuration_file import chosen_configuration
    from geocolor.compression.pretrained import load_pretrained

    methods = [chosen_configuration(name) for name in listed(presets)]
    with ProgressLine(quiet=quiet) as line:
        line.update("reading the model and its texts")
        model, tokenizer = load_pretrained(minilm_folder())
        documents = distinct_documents(bbc_documents())
        results = []
        for result in measure_retrieval(
            Encoder(model, tokenizer, packaged_texts().calibration, documents),
            methods,
            keeps,
            seeds=seeds,
            windows=windows,
            length=length,
            autocast=torch.bfloat16 if bfloat16 else None,
            on_progress=reporter(line),
        ):
            results.append(result)
            if not quiet:
                note("  ".join(cell for cell in next(cells([result])) if cell))
    if as_json:
        typer.echo(json.dumps({"results": [result.to_json() for result in results]}))
    else:
        lay_out = markdown_table if as_markdown else plain_table
        typer.echo(lay_out(HEADER, cells(results)), nl=False)
