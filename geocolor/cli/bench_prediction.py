"""``geocolor bench prediction``: what predicted loss increases of a model are worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.cli.calibrated import (
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
from geocolor.errors import InputError

if TYPE_CHECKING:
    from geocolor.compression import PredictionFit

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench prediction smollm2 --plans 24
  geocolor bench prediction minilm --picture minilm.png
  geocolor bench prediction ./mine --calibration wiki.txt --evaluation news.txt --json
"""

# Windows of evaluation text that plans are measured on, of 512 tokens.
_SCORED = 6


def command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="smollm2 or minilm, out of their packages, or a local folder."
        ),
    ],
    plans: Annotated[
        int, typer.Option("--plans", metavar="N", min=4, help="Random plans to measure.")
    ] = 16,
    preset: PresetOption = "default",
    calibration: ModelTextOption = None,
    evaluation: Annotated[
        Path | None,
        typer.Option("--evaluation", metavar="FILE", help="Other text, for a model folder."),
    ] = None,
    windows: WindowsOption = 48,
    length: LengthOption = 256,
    seed: SeedOption = 0,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="OUT", help="Draw the plans and the fit.")
    ] = None,
    cache: CacheOption = Path(".cache"),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure random plans of a model beside what they were predicted to cost.

    Curvature is measured on the calibration text, losses on other text. Measured increases are
    fitted as a power of predicted ones; each plan is then foretold from the others alone.
    """
    if picture is not None:
        from geocolor.plotting.canvas import require_picture

        require_picture(picture)
    settle_torch()
    from geocolor.bench.models.session import Session
    from geocolor.bench.models.subject import chosen_subject
    from geocolor.bench.models.trial import Protocol
    from geocolor.compression.configuration_file import chosen_configuration
    from geocolor.compression.report import UNFITTED

    method = chosen_configuration(preset)
    with ProgressLine(quiet=quiet) as line:
        line.update("reading the model and its texts")
        given = [] if evaluation is None else [evaluation]
        subject = chosen_subject(model, calibration, given, cache)
        protocol = Protocol(windows=windows, length=length, divergence_windows=_SCORED)
        session = Session(subject, protocol, seed, reporter(line))
        fit = session.calibrate().fit_prediction(method, plans=plans)
    if fit is None:
        raise InputError(f"{subject.name}: {UNFITTED}")
    if as_json:
        say(json.dumps({"model": subject.name, "preset": method.name, **fit.to_json()}))
    else:
        say_lines(_table(fit))
    if picture is not None:
        from geocolor.plotting.prediction import draw_prediction

        draw_prediction(fit, picture, f"{subject.name}: {plans} random plans")


def _table(fit: PredictionFit) -> str:
    from geocolor.bench.plaintext import plain_table

    rows = [
        (f"{predicted:.4f}", f"{measured:.4f}", f"{fit.increase(predicted):.4f}")
        for predicted, measured in sorted(zip(fit.predicted, fit.measured, strict=True))
    ]
    table = plain_table(("predicted", "measured", "by the fit"), rows, left=0)
    law = f"measured is {fit.factor:.3f} times predicted to the power of {fit.exponent:.3f}"
    return f"{table}{law}\n{fit}"
