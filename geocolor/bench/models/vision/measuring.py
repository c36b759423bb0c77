"""How many test images a network still tells right after compression without labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from geocolor.bench.journal import Journal
from geocolor.bench.models.answers import Answers, compare_answers
from geocolor.bench.models.sweep import Judged, Kept, Sweep, digest
from geocolor.bench.models.vision.images import Images
from geocolor.bench.models.vision.training import network_inputs
from geocolor.compression import Analysis, Configuration, analyze
from geocolor.compression.progress import Progress
from geocolor.errors import InputError

__all__ = ["Result", "measure_vision", "right_answers"]

_CALIBRATED_TOGETHER = 128
_TESTED_TOGETHER = 500


@dataclass(frozen=True)
class Result(Judged):
    """A network compressed in one way; losses are of test images, without their labels.

    Attributes
    ----------
    answers : Answers
        To the test, beside the original's.
    """

    answers: Answers


def measure_vision(
    model: nn.Module,
    train: Images,
    test: Images,
    methods: Sequence[Configuration],
    keeps: Sequence[float],
    *,
    seeds: int,
    images: int,
    on_progress: Progress,
    journal: Journal | None = None,
) -> Iterator[Result]:
    """Compress a network for some calibrations, methods and budgets, and test each.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits for what :func:`network_inputs` gives; in eval mode.
    train : Images
        Calibration images are taken from these; their labels are not looked at.
    test : Images
        Judged on these.
    methods : sequence of Configuration
        Ways to compress.
    keeps : sequence of float
        Shares to keep.
    seeds : int
        Calibrations, each on other images.
    images : int
        In each calibration.
    on_progress : callable
        Told the stage, the steps done and the steps in all.
    journal : Journal, optional
        Results in it are not made again.

    Yields
    ------
    Result
        Of the network as it is, then in the order of seeds, methods and keeps.

    Raises
    ------
    InputError
        There are fewer training images than are asked for.
    """
    if not 0 < images <= len(train.labels):
        raise InputError(f"{images} calibration images of {len(train.labels)} cannot be taken")
    judged = network_inputs(test.pixels[:_TESTED_TOGETHER])

    @cache
    def before() -> NDArray[np.bool_]:
        return right_answers(model, test)

    def analysis_of(seed: int) -> Analysis:
        chosen = np.random.default_rng(seed).choice(len(train.labels), images, replace=False)
        return analyze(
            model,
            torch.split(network_inputs(train.pixels[chosen]), _CALIBRATED_TOGETHER),
            evaluation=[judged],
            loss="cross-entropy",
            seed=seed,
            on_progress=on_progress,
        )

    def judge(network: nn.Module) -> dict[str, Answers]:
        after = before() if network is model else right_answers(network, test)
        return {"answers": compare_answers(before(), after)}

    data = (train.pixels, test.pixels, test.labels)
    decides = digest(model, *(part.tobytes() for part in data))
    kept = Kept(journal, {"benchmark": "vision", "images": images, "data": decides})
    return Sweep(Result, methods, keeps, seeds, analysis_of, judge, kept).run(model)


@torch.no_grad()
def right_answers(model: nn.Module, images: Images) -> NDArray[np.bool_]:
    """Tell for each image whether the model's first class is its own.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits; in eval mode.
    images : Images

    Returns
    -------
    ndarray of bool, shape (images,)
    """
    answers = [
        model(network_inputs(images.pixels[start : start + _TESTED_TOGETHER])).argmax(1)
        for start in range(0, len(images.labels), _TESTED_TOGETHER)
    ]
    right: NDArray[np.bool_] = torch.cat(answers).numpy() == images.labels
    return right
