"""Values of a plan: factors and merged matrices, and what they are predicted to cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from geocolor.compression.planner import Planned
from geocolor.compression.progress import Progress
from geocolor.criterion import Form, GroupCosts, predicted_increase
from geocolor.curvature import Curvature
from geocolor.sharing import GroupWeights, SharingPlan
from geocolor.units import Side, matrix_of

__all__ = ["changed_weights", "group_weights", "in_place_of", "predict"]


@torch.no_grad()
def group_weights(
    planned: Planned, costs: GroupCosts, progress: Progress
) -> dict[tuple[str, ...], GroupWeights]:
    """Fit every group that is not dense, turned back from oriented to stored form.

    Parameters
    ----------
    planned : Planned
        Groups with form and rank.
    costs : GroupCosts
        The criterion they were chosen by.
    progress : callable
        Told how far the call is.
    """
    weights = {}
    groups: Sequence[tuple[str, ...]] = planned.allocation.groups
    for done, (group, choice) in enumerate(
        zip(groups, planned.allocation.choices, strict=True), start=1
    ):
        read = costs.views[group[0]].unit.side is Side.READ
        if choice.curve.form is Form.NARROW:
            kept, columns = costs.fit_narrow(group, choice.rank)
            weights[group] = GroupWeights(columns, {}, kept)
        elif choice.curve.form is Form.TIED:
            merged = costs.fit_tie(group)
            weights[group] = GroupWeights(merged if read else merged.T, {})
        elif choice.curve.form is Form.RESIDUAL:
            common = costs.fit_residual(group, choice.rank)
            weights[group] = (
                GroupWeights(common.matrix, {}, differences=common.differences)
                if read
                else GroupWeights(
                    common.matrix.T,
                    {},
                    differences={
                        name: (first.T, second.T)
                        for name, (second, first) in common.differences.items()
                    },
                )
            )
        elif choice.curve.form is Form.BASIS:
            fitted = costs.fit_basis(group, choice.rank)
            own = fitted.coefficients
            weights[group] = (
                GroupWeights(fitted.basis.T, own)
                if read
                else GroupWeights(fitted.basis, {name: own[name].T for name in group})
            )
        progress("fitting", done, len(groups))
    return weights


@torch.no_grad()
def changed_weights(
    plan: SharingPlan, weights: dict[tuple[str, ...], GroupWeights], model: nn.Module
) -> dict[str, Tensor]:
    """Multiply out what a plan stores, unit by unit.

    Parameters
    ----------
    plan : SharingPlan
        What is stored.
    weights : dict
        From :func:`group_weights`.
    model : torch.nn.Module
        The original, in the coordinates of the weights.

    Returns
    -------
    dict of str to Tensor, shape (out_features, in_features)
        The weights that the original would need to compute the same, as far as they are others
        than its own: of a hidden layer those of its reader, zero for hidden units left out.
    """
    stored = {}
    for group in plan.groups:
        if group.form == "dense":
            continue
        values = weights[group.members]
        if group.form == "narrow":
            reader = group.members[-1]
            stored[reader] = _widened(values, matrix_of(model.get_submodule(reader)))
            continue
        for name in group.members:
            if group.form == "tied":
                stored[name] = values.shared
            elif group.form == "residual":
                second, first = values.differences[name]
                stored[name] = values.shared + second @ first
            elif group.side == "read":
                stored[name] = values.own[name] @ values.shared
            else:
                stored[name] = values.shared @ values.own[name]
    return stored


def predict(stored: Mapping[str, Tensor], model: nn.Module, curvature: Curvature) -> float:
    """Predict the loss increase of changed weights.

    Parameters
    ----------
    stored : mapping of str to Tensor
        From :func:`changed_weights`.
    model : torch.nn.Module
        The original, in the coordinates of `curvature`.
    curvature : Curvature
        Measured on it.

    Returns
    -------
    float
        Nats per scored output.
    """
    originals = {name: matrix_of(model.get_submodule(name)) for name in stored}
    with torch.no_grad():
        return predicted_increase(originals, stored, curvature)


@contextmanager
def in_place_of(weights: Mapping[str, Tensor], model: nn.Module) -> Iterator[None]:
    """Lend a model other weights; it gets its own back.

    Parameters
    ----------
    weights : mapping of str to Tensor, shape (out, in)
        By unit name.
    model : torch.nn.Module
        Whose weights are exchanged meanwhile.
    """
    matrices = {name: matrix_of(model.get_submodule(name)).detach() for name in weights}
    own = {name: matrix.clone() for name, matrix in matrices.items()}
    try:
        for name, matrix in matrices.items():
            matrix.copy_(weights[name])
        yield
    finally:
        for name, matrix in matrices.items():
            matrix.copy_(own[name])


def _widened(values: GroupWeights, like: Tensor) -> Tensor:
    """Write the reader of a narrowed hidden layer as one of all hidden units."""
    wide = torch.zeros_like(like, dtype=values.shared.dtype)
    assert values.kept is not None  # noqa: S101  the form is narrow
    return wide.index_copy(1, values.kept.to(wide.device), values.shared)
