"""``geocolor latency``: how long a model's layers take on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.calibrated import DeviceOption, Dtype, ModelFolders, reporter, settle_torch
from geocolor.cli.console import ProgressLine, say

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor latency ./smollm2 --dtype bfloat16 --threads 1 -o writing.json
  geocolor latency ./smollm2 --tokens 64 -o reading.json
  geocolor compress ./smollm2 --budget latency --latency writing.json --calibration wiki.txt -o ./a
"""


def command(
    model_dirs: ModelFolders,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="File for the times, JSON.")
    ],
    tokens: Annotated[
        int,
        typer.Option(
            "--tokens",
            metavar="N",
            min=1,
            help="Through a layer at once: 1 as tokens are written, more as a prompt is read.",
        ),
    ] = 1,
    dtype: Annotated[
        Dtype | None, typer.Option("--dtype", help="Of weights and arithmetic; default as saved.")
    ] = None,
    device: DeviceOption = "cpu",
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, help="Of torch on the CPU.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Time a model's layers on this machine: as they are, and what plans may make of them.

    Weights are not read. The plan of compress --budget latency --latency OUT is then the same
    wherever it is made.
    """
    from geocolor.io.atomic import require_writable

    require_writable(output)
    settle_torch()
    with ProgressLine(quiet=quiet) as line:
        line.update("loading")
        import torch

        from geocolor.compression.latency import measure_latency
        from geocolor.compression.latency_file import write_latency
        from geocolor.compression.pretrained import empty_pretrained

        models = [empty_pretrained(folder) for folder in model_dirs]
        table = measure_latency(
            models[0] if len(models) == 1 else models,
            tokens=tokens,
            dtype=None if dtype is None else getattr(torch, dtype),
            device=device,
            threads=threads,
            on_progress=reporter(line),
        )
        write_latency(table, output)
    if as_json:
        say(json.dumps({**asdict(table), "output": str(output)}))
        return
    for layer in table.layers:
        rows, columns = layer.shape
        say(f"{rows:>6} x {columns:<6} {layer.dense / 1e3:10,.1f} us, {len(layer.units)} layers")
    say(f"{output}: {table.setting}")
