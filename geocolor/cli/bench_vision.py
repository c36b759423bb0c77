"""``geocolor bench vision``: what compression costs a network of convolutions in accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.calibrated import reporter, settle_torch
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
    seeds: SeedsOption = 3,
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
    output: KeptOption = None,
    as_markdown: MarkdownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compress a ResNet trained on Fashion-MNIST, and count the test images it tells right.

    The network is trained on the first call, some CPU minutes, and kept in the cache. Calibration
    takes training images without labels; nothing is trained after compression.
    """
    keeps = shares(keep)
    settle_torch()
    from geocolor.bench.models.sweep import journal_in
    from geocolor.bench.models.vision.images import DEBIAN_FOLDER, fashion_mnist
    from geocolor.bench.models.vision.measuring import measure_vision
    from geocolor.bench.models.vision.table import HEADER, cells
    from geocolor.bench.models.vision.training import trained_resnet
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
        with journal_in(output) as journal:
            rows = measure_vision(
                model,
                train,
                test,
                methods,
                keeps,
                seeds=seeds,
                images=images,
                on_progress=reporter(line),
                journal=journal,
            )
            found = gathered(rows, cells, quiet=quiet)
    print_rows(found, HEADER, cells, as_json=as_json, as_markdown=as_markdown)
