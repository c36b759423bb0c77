"""Several models compressed as one: a ModuleList, each with batches and measures of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from geocolor.compression.divergence import Divergence
from geocolor.curvature import Batch, Curvature, checked_batches
from geocolor.units import models_of

__all__ = ["Divergences", "batches_by_model", "joined_curvature"]


def batches_by_model(batches: Any, count: int) -> list[list[Batch]]:
    """Give each of several models its batches.

    Parameters
    ----------
    batches : iterable
        One iterable of batches for all models, or a list of as many iterables as there are
        models. Among several, a batch is a dict, a tuple or a tensor.
    count : int
        How many models.

    Raises
    ------
    ModelError
        There is no batch, or one is of another kind.
    """
    one_each = count > 1 and isinstance(batches, list | tuple) and len(batches) == count
    if one_each and not any(isinstance(own, Tensor | Mapping | tuple) for own in batches):
        return [checked_batches(own) for own in batches]
    return [checked_batches(batches)] * count


def joined_curvature(parts: Mapping[str, Curvature]) -> Curvature:
    """Put the curvature of several models into one object, by what their names begin with."""
    factors = {
        f"{prefix}{name}": form
        for prefix, curvature in parts.items()
        for name, form in curvature.factors.items()
    }
    tokens = sum(curvature.tokens for curvature in parts.values())
    return Curvature(factors, tokens, sum(curvature.outputs for curvature in parts.values()))


class Divergences:
    """Divergence of each of several models from its original; of one, its alone.

    Parameters
    ----------
    parts : sequence of Divergence
        One for each model, in their order.
    """

    def __init__(self, parts: Sequence[Divergence]) -> None:
        self._parts = tuple(parts)

    def each(
        self, model: nn.Module, on_progress: Callable[[int], None] | None = None
    ) -> tuple[float, ...]:
        """Measure each model by itself."""
        models = models_of(model).values()
        return tuple(
            part.of(own, on_progress) for part, own in zip(self._parts, models, strict=True)
        )

    def of(self, model: nn.Module, on_progress: Callable[[int], None] | None = None) -> float:
        """Measure all: the sum over the models."""
        return sum(self.each(model, on_progress))
