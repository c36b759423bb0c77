"""How many test images a network still tells right after compression without labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from geocolor.bench.models.answers import Answers, compare_answers
from geocolor.bench.models.vision.images import Images
from geocolor.bench.models.vision.training import network_inputs
from geocolor.compression import Configuration, analyze
from geocolor.compression.progress import Progress
from geocolor.errors import InputError
from geocolor.sharing import measure_size
from geocolor.units import find_units

__all__ = ["Result", "measure_vision", "right_answers"]

_CALIBRATED_TOGETHER = 128
_TESTED_TOGETHER = 500


@dataclass(frozen=True)
class Result:
    """A network compressed in one way.

    Attributes
    ----------
    method : str
        Name of the configuration; ``dense`` for the network as it is.
    keep : float
        Share of the matrices' parameters asked for.
    seed : int or None
        Of the calibration images taken and the targets sampled.
    parameters : int
        Of the convolutions and the classifier.
    predicted, measured : float or None
        Increase of the loss in nats per image, measured on test images without their labels.
    answers : Answers
        To the test, beside the original's.
    """

    method: str
    keep: float
    seed: int | None
    parameters: int
    predicted: float | None
    measured: float | None
    answers: Answers

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


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
    before = right_answers(model, test)
    size = measure_size(model, [unit.name for unit in find_units(model)])
    same = compare_answers(before, before)
    yield Result("dense", 1.0, None, size.unit_parameters, None, None, same)
    judged = network_inputs(test.pixels[:_TESTED_TOGETHER])
    for seed in range(seeds):
        chosen = np.random.default_rng(seed).choice(len(train.labels), images, replace=False)
        analysis = analyze(
            model,
            torch.split(network_inputs(train.pixels[chosen]), _CALIBRATED_TOGETHER),
            evaluation=[judged],
            loss="cross-entropy",
            seed=seed,
            on_progress=on_progress,
        )
        for method in methods:
            for keep in keeps:
                compressed = analysis.compress(keep, method)
                report = compressed.report
                yield Result(
                    method=method.name,
                    keep=keep,
                    seed=seed,
                    parameters=report.after.unit_parameters,
                    predicted=report.predicted_increase,
                    measured=report.measured_increase,
                    answers=compare_answers(before, right_answers(compressed.model, test)),
                )


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
