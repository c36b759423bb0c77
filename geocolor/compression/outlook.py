"""How long a compression will take, and what memory, said before it is begun."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import nn

from geocolor.compression.pretrained import empty_pretrained
from geocolor.errors import ModelError
from geocolor.units import Side, Unit, find_blocks, find_units, split_experts

__all__ = [
    "Outlook",
    "Streamed",
    "calibration_seconds",
    "compression_seconds",
    "foresee_compression",
]

# Measured with SmolLM2-135M (538 MB) on 2 cores: seconds per byte of weights and token of
# calibration, and per byte of weights for planning, applying and measuring.
_CALIBRATION = 1.5e-11
_COMPRESSION = 5e-8
# Seconds of any compression: 7 until calibration begins, the rest after it, whatever the model;
# measured with MiniLM (91 MB), by processor time.
_FIXED = 18.0
# Python with torch, transformers and numba; bytes of a number of a curvature factor: the sum of
# products in float64, packed, and what is made of it in float32.
_BASE = 0.8e9
_FACTOR = 8
# Bytes of a block priced by itself: of a number of its factors, which are copied out of their file
# one by one; of one of its matrices, as they are and in float32; and for each pair of hidden units
# while some are left out.
_VIEWED, _MATRIX, _NARROWED = 5, 12, 32
# Logits of so many positions are held: reference predictions, and those of a batch with gradients.
_POSITIONS = 4096


@dataclass(frozen=True)
class Streamed:
    """What a compression block by block would take.

    Attributes
    ----------
    memory : int
        Likely peak, in bytes.
    disk : int
        For the curvature, in bytes, besides the output.
    """

    memory: int
    disk: int

    def __str__(self) -> str:
        """Show it as people read it."""
        return (
            f"some {self.memory / 1e9:.1f} GB of memory and {self.disk / 1e9:.1f} GB of disk, one "
            "block at a time"
        )


@dataclass(frozen=True)
class Outlook:
    """What a compression would mean.

    Attributes
    ----------
    models : tuple of str
        Classes.
    parameters : int
        Of all models.
    unit_parameters, units : int
        Of the shareable matrices, and how many those are.
    tokens : int
        Input positions of calibration, of all models.
    calibration_seconds, seconds : float
        Likely wall clock on two cores: of calibration, and in all.
    memory : int
        Likely peak, in bytes.
    streamed : Streamed or None
        What it takes block by block; None for several models, and for one that has no list of
        blocks with all that may share.
    """

    models: tuple[str, ...]
    parameters: int
    unit_parameters: int
    units: int
    tokens: int
    calibration_seconds: float
    seconds: float
    memory: int
    streamed: Streamed | None

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        """Show it as people read it."""
        streamed = [] if self.streamed is None else [f"streamed    {self.streamed}"]
        calibration = max(1.0, self.calibration_seconds)
        return "\n".join(
            (
                f"model       {', '.join(self.models)}, {self.parameters:,} parameters",
                f"matrices    {self.units:,} may share, {self.unit_parameters:,} parameters",
                f"calibration {self.tokens:,} tokens, some {calibration:,.0f} s",
                f"in all      some {self.seconds:,.0f} s, as on two cores that do nothing else",
                f"memory      some {self.memory / 1e9:.1f} GB",
                *streamed,
            )
        )


def calibration_seconds(weights: int, tokens: int) -> float:
    """Foresee how long curvature takes to be measured, on two cores.

    Parameters
    ----------
    weights : int
        Bytes of the model's parameters.
    tokens : int
        Input positions.
    """
    return _CALIBRATION * weights * tokens


def compression_seconds(weights: int) -> float:
    """Foresee how long a plan takes to be made, applied and measured, on two cores.

    Parameters
    ----------
    weights : int
        Bytes of the model's parameters.
    """
    return _COMPRESSION * weights


def foresee_compression(
    folders: Sequence[str | os.PathLike[str]], tokens: int, *, random_plans: int = 0
) -> Outlook:
    """Foresee what compressing models in local folders takes; no weights are read.

    Parameters
    ----------
    folders : sequence of path-like
        Hugging Face folders.
    tokens : int
        Input positions of calibration, for each model.
    random_plans : int
        Plans that are measured first.

    Raises
    ------
    ModelError
        A folder holds no such model, or the model has nothing to share.
    """
    models = [empty_pretrained(folder) for folder in folders]
    for model in models:
        split_experts(model)
    units = [find_units(model) for model in models]
    weights = sum(_stored(Path(folder)) for folder in folders)
    calibration = calibration_seconds(weights, tokens)
    factors = sum(_factor_sizes(own) for own in units)
    logits = max(4 * _POSITIONS * _classes(model) for model in models)
    return Outlook(
        models=tuple(type(model).__name__ for model in models),
        parameters=sum(p.numel() for model in models for p in model.parameters()),
        unit_parameters=sum(unit.parameters for own in units for unit in own),
        units=sum(map(len, units)),
        tokens=tokens * len(models),
        calibration_seconds=calibration,
        seconds=_FIXED + calibration + (1 + random_plans) * compression_seconds(weights),
        memory=int(_BASE + weights + _FACTOR * factors + logits),
        streamed=_streamed(models[0], units[0], logits) if len(models) == 1 else None,
    )


def _streamed(model: nn.Module, units: Sequence[Unit], logits: int) -> Streamed | None:
    """Foresee what a model takes block by block; None where it has no list of blocks."""
    try:
        blocks = find_blocks(model, units)
    except ModelError:
        return None
    within = [[u for u in units if u.name.startswith(f"{path}.")] for path in blocks]
    factors = [_factor_sizes(own) for own in within]
    priced = max(
        _VIEWED * numbers
        + _MATRIX * sum(unit.parameters for unit in own)
        + _NARROWED * max((max(unit.shape) ** 2 for unit in own), default=0)
        for numbers, own in zip(factors, within, strict=True)
    )
    inside = sum(_bytes(model.get_submodule(path)) for path in blocks)
    ends = _bytes(model) - inside + logits
    return Streamed(memory=int(_BASE + max(priced, ends)), disk=4 * sum(factors))


def _bytes(module: nn.Module) -> int:
    return sum(parameter.nbytes for parameter in module.parameters())


def _stored(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def _factor_sizes(units: Sequence[Unit]) -> int:
    """Count the numbers of all factors; those beside each other that read one space have one."""
    inputs = {
        (unit.name.rpartition(".")[0], unit.space) if unit.side is Side.READ else unit.name: unit
        for unit in units
    }
    return sum(unit.shape[1] ** 2 for unit in inputs.values()) + sum(
        unit.shape[0] ** 2 for unit in units
    )


def _classes(model: nn.Module) -> int:
    """Give the width of a language model's output; of others it is small."""
    head = getattr(model, "get_output_embeddings", lambda: None)()
    return int(head.weight.shape[0]) if head is not None else 0
