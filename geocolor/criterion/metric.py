"""The metric in which perturbations are measured, seen from the shared side.

A family shares either the space its members read or the one they write. Everything below works
on the *oriented* matrix: ``W`` on the read side, ``W^T`` on the write side, so that the shared
("inner") space is always the one of its columns, and cost is
``1/2 tr(outer E inner E^T)`` for a perturbation E of the oriented matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from geocolor.curvature import Curvature
from geocolor.errors import ModelError
from geocolor.units import Side, Unit

__all__ = ["Damping", "Metric", "View", "oriented_views"]


class Metric(StrEnum):
    """Which measured factors enter.

    KRONECKER: inputs and gradients, one scale for the whole model. ACTIVATIONS: inputs only;
    costs of different layers are then not comparable. WEIGHTS: none, plain distance. DOMINANT:
    plain distance, and coefficients that keep what is lost out of the dominant eigenpairs.
    """

    KRONECKER = "kronecker"
    ACTIVATIONS = "activations"
    WEIGHTS = "weights"
    DOMINANT = "dominant"


@dataclass(frozen=True)
class Damping:
    """What is added to the factors: a finite sample leaves directions unseen.

    Without it they would cost nothing.

    Attributes
    ----------
    inputs : float
        Added to each coordinate relative to its own second moment, which shrinks correlations.
        Where one input is a thousand times larger than most, as those that make an attention sink,
        a share of the mean would drown all others.
    gradients : float
        Added to all coordinates alike, relative to their mean.
    """

    inputs: float = 3e-2
    gradients: float = 1e-2


@dataclass(frozen=True, eq=False)
class View:
    """One unit, oriented and with its damped metric.

    Attributes
    ----------
    unit : Unit
        Which matrix.
    weight : Tensor, shape (outer, inner)
        The oriented matrix.
    inner : Tensor, shape (inner, inner)
        Metric of the shared space; units that read the same tensor hold the same object.
    outer : Tensor, shape (outer, outer)
        Metric of the other space.
    outer_floor : float
        Lower bound on the smallest eigenvalue of `outer`, known from damping.
    moment : Tensor, shape (inner, inner)
        ``weight^T outer weight``.
    """

    unit: Unit
    weight: Tensor
    inner: Tensor
    outer: Tensor
    outer_floor: float
    moment: Tensor


@torch.no_grad()
def oriented_views(
    units: Sequence[Unit],
    weights: Mapping[str, Tensor],
    curvature: Curvature,
    metric: Metric = Metric.KRONECKER,
    damping: Damping | None = None,
    *,
    spend: bool = False,
) -> dict[str, View]:
    """Orient every unit and damp its factors.

    Parameters
    ----------
    units : sequence of Unit
        What to view.
    weights : mapping of str to Tensor, shape (out_features, in_features)
        By unit name.
    curvature : Curvature
        Measured factors.
    metric : Metric
        Which of them enter.
    damping : Damping, optional
        Default ``Damping()``.
    spend : bool
        Damp the curvature's own factors in place, for want of memory.

    Returns
    -------
    dict of str to View

    Raises
    ------
    ModelError
        A weight is not finite, or the curvature lacks a unit.
    """
    damping = damping or Damping()
    damped: dict[int, tuple[Tensor, float]] = {}

    def damp(factor: Tensor, levels: Tensor) -> tuple[Tensor, float]:
        if id(factor) not in damped:
            raised = factor if spend else factor.clone()
            raised.diagonal().add_(levels)
            damped[id(factor)] = (raised, float(levels.min()))
        return damped[id(factor)]

    views = {}
    for unit in units:
        if unit.name not in curvature.factors:
            raise ModelError(f"the curvature has no factors for {unit.name}")
        factors = curvature.factors[unit.name]
        weight = weights[unit.name].detach().to(factors.inputs.dtype)
        if not bool(torch.isfinite(weight).all()):
            raise ModelError(f"the weight of {unit.name} is not finite")
        inputs = damp(factors.inputs, damping.inputs * _own_levels(factors.inputs))
        gradients = damp(factors.gradients, damping.gradients * _mean_levels(factors.gradients))
        if metric is not Metric.KRONECKER:
            gradients = (_eye(factors.gradients), 1.0)
        if metric in (Metric.WEIGHTS, Metric.DOMINANT):
            inputs = (_eye(factors.inputs), 1.0)
        views[unit.name] = (
            _view(unit, weight, inputs[0], *gradients)
            if unit.side is Side.READ
            else _view(unit, weight.T.contiguous(), gradients[0], *inputs)
        )
    return views


def _mean_levels(factor: Tensor) -> Tensor:
    level = factor.diagonal().mean().clamp_min(torch.finfo(factor.dtype).tiny)
    return level.expand(len(factor))


def _own_levels(factor: Tensor) -> Tensor:
    """Give the diagonal; an input that is never there counts as a rounding of the mean one."""
    least = torch.finfo(factor.dtype).eps * _mean_levels(factor)
    return factor.diagonal().maximum(least)


def _eye(like: Tensor) -> Tensor:
    return torch.eye(len(like), dtype=like.dtype, device=like.device)


def _view(unit: Unit, weight: Tensor, inner: Tensor, outer: Tensor, floor: float) -> View:
    return View(unit, weight, inner, outer, floor, weight.T @ (outer @ weight))
