"""Curvature in a few lines of text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import median

from torch import Tensor

from geocolor.curvature.forms import QuadraticForm

__all__ = ["summary"]


def summary(
    kind: str,
    forms: Mapping[str, QuadraticForm],
    tensors: Mapping[str, Mapping[str, Tensor]],
    tokens: int,
    outputs: int,
) -> str:
    """Describe forms by role: medians over the units of each.

    Parameters
    ----------
    kind : str
        What they are.
    forms : mapping of str to QuadraticForm
        By unit name.
    tensors : mapping
        What each holds; a tensor held by several is counted once.
    tokens, outputs : int
        What was measured.
    """
    held = {id(tensor): tensor.nbytes for parts in tensors.values() for tensor in parts.values()}
    head = (
        f"{kind} curvature of {len(forms)} units: {tokens:,} tokens, {outputs:,} outputs, "
        f"{sum(held.values()) / 1e6:,.1f} MB in {len(held)} tensors"
    )
    rows: dict[tuple[str, str], list[dict[str, float]]] = {}
    for name, form in forms.items():
        height, width = form.shape
        role = (re.sub(r"\d+", "*", name), f"{height} x {width}")
        rows.setdefault(role, []).append(form.figures())
    if not rows:
        return head
    headings = list(next(iter(rows.values()))[0])
    table = [["role", "shape", "units", *headings]]
    for (name, shape), units in rows.items():
        medians = [f"{median(unit[heading] for unit in units):.3g}" for heading in headings]
        table.append([name, shape, str(len(units)), *medians])
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join([head, *lines])
