"""``geocolor bench vision``: what compression costs a network of convolutions in accuracy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.calibrated import reporter, settle_torch
from geocolor.cli.console import ProgressLine, note
from geocolor.cli.shares import MarkdownOption, PresetsOption, SharesOption, listed, shares

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench vision
  geocolor bench vision --keep 0.7 --presets default,private --seeds 5
  geocolor bench vision --images 512 --data ./fashion-mnist --json

\b
Fashion-MNIST comes in the Debian package dataset-fashion-mnist; --data takes another folder with
its four files.
"""


def command(
    keep: SharesOption = "0.9,0.8,0.7,0.6,0.5",
    presets: PresetsOption = "default,svd-llm",
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", min=1, help="Calibrations, seeds 0 to N - 1.")
    ] = 3,
    images: Annotated[
        int, typer.Option("--images", metavar="N", min=1, help="Training images in each.")
    ] = 2048,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Fashion-MNIST's files, if elsewhere."),
    ] = None,
    cache: Annotated[
        Path, typer.Option("--cache", metavar="DIR", help="The trained network.")
    ] = Path(".cache"),
    as_markdown: MarkdownOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Compress a ResNet trained on Fashion-MNIST, and count the test images it tells right.

    The network is trained on the first call, some CPU minutes, and kept in the cache. Calibration
    takes training images without labels; nothing is trained after compression.
    """
    keeps = shares(keep)
    settle_torch()
    from geocolor.bench.models.vision.images import DEBIAN_FOLDER, fashion_mnist
    from geocolor.bench.models.vision.measuring import measure_vision
    from geocolor.bench.models.vision.table import HEADER, cells
    from geocolor.bench.models.vision.training import trained_resnet
    from geocolor.bench.plaintext import markdown_table, plain_table
    from geocolor.compression.configuration_file import chosen_configuration

    methods = [chosen_configuration(name) for name in listed(presets)]
    with ProgressLine(quiet=quiet) as line:
        line.update("reading the images")
        train, test = fashion_mnist(DEBIAN_FOLDER if data is None else data)
        model = trained_resnet(
            cache,
            train,
            seed=0,
            on_progress=lambda done, steps, loss: line.update(
                f"training: step {done} of {steps}, loss {loss:.3f}"
            ),
        )
        results = []
        for result in measure_vision(
            model,
            train,
            test,
            methods,
            keeps,
            seeds=seeds,
            images=images,
            on_progress=reporter(line),
        ):
            results.append(result)
            if not quiet:
                note(
                    f"{result.method} at keep {result.keep:g}, seed {result.seed}: "
                    f"{100 * result.answers.right:.2f}%"
                )
    if as_json:
        typer.echo(json.dumps({"results": [result.to_json() for result in results]}))
    else:
        lay_out = markdown_table if as_markdown else plain_table
        typer.echo(lay_out(HEADER, cells(results)), nl=False)
