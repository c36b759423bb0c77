"""``geocolor bench recovery``: what a short distillation gives back."""

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
    reporter,
    settle_torch,
)
from geocolor.cli.console import ProgressLine, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption
from geocolor.cli.shares import CacheOption, ModelTextOption

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench recovery smollm2 --keep 0.6 --steps 100
  geocolor bench recovery minilm --keep 0.5 --steps 240 --learning-rate 2e-3
  geocolor bench recovery ./mine --calibration wiki.txt --evaluation news.txt --json
"""


def command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="smollm2 or minilm, out of their packages, or a local folder."
        ),
    ],
    keep: KeepOption = 0.6,
    steps: Annotated[int, typer.Option("--steps", metavar="N", min=1, help="Steps at most.")] = 100,
    together: Annotated[
        int,
        typer.Option("--together", metavar="N", min=1, help="Batches of 512 tokens in each step."),
    ] = 4,
    learning_rate: Annotated[
        float,
        typer.Option("--learning-rate", metavar="RATE", help="The highest, relative."),
    ] = 1e-3,
    hidden_states: Annotated[
        float,
        typer.Option("--hidden-states", metavar="W", help="Weight of hidden states as targets."),
    ] = 0.0,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16", help="Train in bfloat16 arithmetic.")
    ] = False,
    preset: PresetOption = "default",
    calibration: ModelTextOption = None,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option("--evaluation", metavar="FILE", help="Other text; may be repeated."),
    ] = None,
    windows: WindowsOption = 48,
    length: LengthOption = 256,
    seed: SeedOption = 0,
    checkpoint: CheckpointOption = None,
    cache: CacheOption = Path(".cache"),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compress a model, distil it from its original, and judge both on other text.

    Calibration and training take the same text, of which every eighth batch is held out and
    decides which step is kept.
    """
    settle_torch()
    import torch

    from geocolor.bench.models.recovering import measure_recovery
    from geocolor.bench.models.session import Session
    from geocolor.bench.models.subject import chosen_subject
    from geocolor.bench.models.trial import Protocol
    from geocolor.compression.configuration import check_keep
    from geocolor.compression.configuration_file import chosen_configuration

    check_keep(keep)
    method = chosen_configuration(preset)
    with ProgressLine(quiet=quiet) as line:
        line.update("reading the model and its texts")
        subject = chosen_subject(model, calibration, evaluation or [], cache)
        protocol = Protocol(windows=windows, length=length)
        session = Session(subject, protocol, seed, reporter(line), checkpoint)
        gain = measure_recovery(
            session,
            method,
            keep,
            session.training(steps * together),
            steps=steps,
            together=together,
            learning_rate=learning_rate,
            hidden_states=hidden_states,
            autocast=torch.bfloat16 if bfloat16 else None,
            seed=seed,
            checkpoint=None if checkpoint is None else f"{checkpoint}.recovery",
            on_progress=reporter(line),
        )
    if as_json:
        say(json.dumps({"model": subject.name, "preset": method.name, **gain.to_json()}))
    else:
        say_lines(str(gain))
