"""``geocolor bench speed``: how fast compressed models are beside the one they were made of."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geocolor.cli.calibrated import DeviceOption, Dtype, ModelFolder, settle_torch
from geocolor.cli.console import ProgressLine, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption

if TYPE_CHECKING:
    from geocolor.bench.models.speed import SpeedRow

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor compress ./smollm2 --keep 0.6 --calibration wiki.txt -o ./smaller
  geocolor bench speed ./smollm2 ./smaller --pairs 30 --threads 1
  geocolor bench speed ./smollm2 ./smaller --dtype bfloat16 --device cuda --json
"""


def command(
    model_dir: ModelFolder,
    smaller: Annotated[
        list[Path], typer.Argument(metavar="SMALLER_DIR...", help="What compress wrote of it.")
    ],
    pairs: Annotated[
        int,
        typer.Option("--pairs", metavar="N", min=1, help="Turns of each; half as many of 16."),
    ] = 20,
    dtype: Annotated[Dtype, typer.Option("--dtype", help="Of weights and arithmetic.")] = (
        Dtype.FLOAT32
    ),
    device: DeviceOption = "cpu",
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, help="Of torch on the CPU.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Time compressed models and their original in turns, and say what was to be expected.

    Prompts of 64 tokens are read (prefill), then 8 tokens are written one by one (decode), one
    prompt at a time and 16. Ratios are medians over pairs of turns.
    """
    settle_torch()
    with ProgressLine(quiet=quiet) as line:
        line.update("loading")
        from geocolor.bench.models.speed import compare_speed

        rows = compare_speed(
            model_dir,
            smaller,
            pairs=pairs,
            dtype=dtype.value,
            device=device,
            threads=threads,
            on_progress=line.update,
        )
    if as_json:
        say(json.dumps({"dtype": dtype, "device": device, "rows": [*map(asdict, rows)]}))
    else:
        say_lines(_table(rows))


def _table(rows: list[SpeedRow]) -> str:
    from geocolor.bench.plaintext import plain_table

    cells: list[tuple[Any, ...]] = [
        (
            row.model,
            f"{row.timing.phase}, batch {row.timing.batch}",
            f"{row.timing.rate:,.0f}",
            f"{row.timing.speedup:.2f}",
            f"{row.timing.cpu_speedup or 0:.2f}",
            f"{row.share.matrices:.0%}",
            f"{row.share.head:.0%}",
            f"{row.left:.3f}",
            f"{row.share.expected(row.left):.2f}",
        )
        for row in rows
    ]
    heads = ("model", "phase", "tokens/s", "clock", "CPU", "matrices", "head", "left", "expected")
    return (
        f"{plain_table(heads, cells, left=2)}"
        "clock and CPU: times as fast as dense, by elapsed and by processor time. matrices, head:\n"
        "shares of the dense model's time. left: of the matrices' multiply-adds. expected: times\n"
        "as fast, if the matrices' time goes with their multiply-adds and all else stays."
    )
