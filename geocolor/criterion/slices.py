"""Rows of a matrix as units of their own: attention heads, say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.errors import InputError
from geocolor.units import Side, Unit

__all__ = ["Slices", "row_slices"]


@dataclass(frozen=True, eq=False)
class Slices:
    """Units that are blocks of rows of larger ones, with what was measured of them.

    Attributes
    ----------
    units : tuple of Unit
        Named after the matrix they are part of, ``name[0]``, ``name[1]``, ...
    weights : dict of str to Tensor, shape (rows, in_features)
        By unit name.
    curvature : Curvature
        The inputs' factor of the matrix, the same object for all that read one tensor, and the
        block of its gradients' factor.
    """

    units: tuple[Unit, ...]
    weights: dict[str, Tensor]
    curvature: Curvature


def row_slices(
    units: Sequence[Unit], weights: Mapping[str, Tensor], curvature: Curvature, rows: int
) -> Slices:
    """Cut matrices into blocks of rows.

    Parameters
    ----------
    units : sequence of Unit
        Of the read side: then all blocks of a matrix read what it reads.
    weights : mapping of str to Tensor
        By unit name.
    curvature : Curvature
        Of all units.
    rows : int
        Of each block.

    Raises
    ------
    InputError
        A unit writes the shared space, or its rows do not make whole blocks.
    """
    found: list[Unit] = []
    blocks: dict[str, Tensor] = {}
    factors: dict[str, KroneckerFactors] = {}
    for unit in units:
        height, width = unit.shape
        if unit.side is not Side.READ or rows < 1 or height % rows:
            raise InputError(f"{unit.name} of shape {unit.shape} has no read blocks of {rows} rows")
        whole = curvature.factors[unit.name]
        for number, start in enumerate(range(0, height, rows)):
            part = slice(start, start + rows)
            block = replace(unit, name=f"{unit.name}[{number}]", shape=(rows, width))
            found.append(block)
            blocks[block.name] = weights[unit.name][part]
            factors[block.name] = KroneckerFactors(whole.inputs, whole.gradients[part, part])
    return Slices(tuple(found), blocks, Curvature(factors, curvature.tokens, curvature.outputs))
