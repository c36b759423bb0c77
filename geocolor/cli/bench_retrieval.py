"""``geocolor bench retrieval``: what compression costs a sentence encoder that searches."""

from __future__ import annotations

from typing import Annotated

import typer

from geocolor.cli.calibrated import LengthOption, WindowsOption, reporter, settle_torch
from geocolor.cli.console import ProgressLine
from geocolor.cli.options import JsonOption, QuietOption
from geocolor.cli.shares import (
    KeptOption,
    MarkdownOption,
    PresetsOption,
    SeedsOption,
    SharesOption,
    gathered,
    listed,
    print_rows,
    shares,
)

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
    seeds: SeedsOption = 1,
    windows: WindowsOption = 200,
    length: LengthOption = 128,
    bfloat16: Annotated[
        bool,
        typer.Option("--bfloat16", help="Search in bfloat16 arithmetic, twice as fast on some."),
    ] = False,
    output: KeptOption = None,
    as_markdown: MarkdownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
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
    from geocolor.bench.models.sweep import journal_in
    from geocolor.bench.models.texts import packaged_texts
    from geocolor.compression.configuration_file import chosen_configuration
    from geocolor.compression.pretrained import load_pretrained

    methods = [chosen_configuration(name) for name in listed(presets)]
    with ProgressLine(quiet=quiet) as line:
        line.update("reading the model and its texts")
        model, tokenizer = load_pretrained(minilm_folder())
        documents = distinct_documents(bbc_documents())
        with journal_in(output) as journal:
            rows = measure_retrieval(
                Encoder(model, tokenizer, packaged_texts().calibration, documents),
                methods,
                keeps,
                seeds=seeds,
                windows=windows,
                length=length,
                autocast=torch.bfloat16 if bfloat16 else None,
                on_progress=reporter(line),
                journal=journal,
            )
            found = gathered(rows, cells, quiet=quiet)
    print_rows(found, HEADER, cells, as_json=as_json, as_markdown=as_markdown)
