"""``geocolor bench pricing``: what pricing all pairs of a model's matrices costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.calibrated import (
    CheckpointOption,
    KeepOption,
    LengthOption,
    PresetOption,
    SeedOption,
    WindowsOption,
    load_for_calibration,
    reporter,
    settle_torch,
)
from geocolor.cli.console import ProgressLine, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption
from geocolor.cli.shares import CacheOption, ModelTextOption
from geocolor.io.atomic import require_writable

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench pricing smollm2
  geocolor bench pricing smollm2 --keep 0.6 --sample 400 --checkpoint smollm2.curvature --json
  geocolor bench pricing ./mine --calibration wiki.txt
"""


def command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="smollm2 or minilm, out of their packages, or a local folder."
        ),
    ],
    keep: KeepOption = 0.7,
    preset: PresetOption = "default",
    sample: Annotated[
        int,
        typer.Option("--sample", metavar="N", min=0, help="Estimated pairs priced to compare."),
    ] = 200,
    calibration: ModelTextOption = None,
    windows: WindowsOption = 48,
    length: LengthOption = 256,
    seed: SeedOption = 0,
    cache: CacheOption = Path(".cache"),
    checkpoint: CheckpointOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Price all pairs of a model's matrices that have a space in common, at any distance.

    Most are estimated; how far off that is, a sample of them shows. Time is that of all pairs,
    from the curvature on, without the sample.
    """
    if checkpoint is not None:
        require_writable(checkpoint)
    settle_torch()
    from geocolor.bench.models.pair_pricing import measure_pair_pricing
    from geocolor.bench.models.subject import chosen_subject
    from geocolor.compression import analyze
    from geocolor.compression.configuration import check_priced
    from geocolor.compression.configuration_file import chosen_configuration

    method = chosen_configuration(preset)
    check_priced(keep, method)
    with ProgressLine(quiet=quiet) as line:
        line.update("reading the model and its texts")
        given = [] if calibration is None else [calibration]
        subject = chosen_subject(model, calibration, given, cache)
        loaded = load_for_calibration(
            Path(subject.folder), Path(subject.calibration.path), windows, length, line
        )
        analysis = analyze(
            loaded.model,
            loaded.batches,
            evaluation=loaded.batches[:1],
            seed=seed,
            checkpoint=checkpoint,
            on_progress=reporter(line),
        )
        measured = measure_pair_pricing(
            analysis, method, keep, sample=sample, seed=seed, on_progress=reporter(line)
        )
    if as_json:
        say(json.dumps({"model": subject.name, "keep": keep, **measured.to_json()}))
    else:
        say_lines(str(measured))
