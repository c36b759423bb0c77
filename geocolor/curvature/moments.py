"""Second moments of what layers read and of gradients, streamed over batches.

A batch's product is computed in its own precision, at least float32, and added in float64: sums
over many batches lose nothing, and sums of parts add up to the sum of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

__all__ = ["Read", "add_gram", "add_inputs", "mean_of", "sum_for", "token_rows"]

# Rows multiplied at once, so that float32 never sums more.
_ROWS = 8192
# Columns of a block: only blocks on and below the diagonal are computed.
_COLUMNS = 256


def token_rows(tensor: Tensor, mask: Tensor | None) -> Tensor:
    """Flatten to (tokens, features) in at least float32, real tokens only."""
    rows = tensor.detach().reshape(-1, tensor.shape[-1])
    if mask is not None and tensor.shape[:-1] == mask.shape:
        rows = rows[mask.reshape(-1).to(rows.device)]
    return rows if rows.dtype == torch.float64 else rows.float()


def sum_for(total: Tensor | None, rows: Tensor, shape: tuple[int, int]) -> Tensor:
    """Give a float64 sum of products of rows: a new one, or the old one where the rows are."""
    # Where there is no float64, sums are kept on the CPU.
    device = torch.device("cpu") if rows.device.type == "mps" else rows.device
    if total is None:
        return torch.zeros(shape, dtype=torch.float64, device=device)
    return total.to(device)


def add_gram(total: Tensor, rows: Tensor) -> None:
    """Add ``rows^T rows`` to the lower triangle of a float64 sum; what is above is undefined."""
    width = rows.shape[1]
    blocks = max(1, width // _COLUMNS)
    edges = [width * block // blocks for block in range(blocks + 1)]
    for part in torch.split(rows, _ROWS):
        for start, stop in pairwise(edges):
            product = part[:, start:stop].T @ part[:, :stop]
            total[start:stop, :stop] += product.to(total.device)


def mean_of(total: Tensor, count: int, dtype: torch.dtype) -> Tensor:
    """Divide a sum's lower triangle by a count, and complete it to a symmetric matrix."""
    mean = (total / count).to(dtype).tril_()
    diagonal = mean.diagonal().clone()
    mean += mean.T.clone()
    mean.diagonal().copy_(diagonal)
    return mean


@dataclass(frozen=True)
class Read:
    """What a layer read in one batch.

    Attributes
    ----------
    tensors : sequence of Tensor
        One for each use of its weight.
    way : hashable
        How they become rows.
    rows : callable
        Makes rows of one of them.
    """

    tensors: Sequence[Tensor]
    way: Hashable
    rows: Callable[[Tensor], Tensor]


def add_inputs(sums: dict[str, Tensor], counts: dict[str, int], reads: Mapping[str, Read]) -> None:
    """Add what layers read in one batch; layers that have always read the same share one sum.

    Parameters
    ----------
    sums : dict of str to Tensor
        By layer name, changed in place. Where a layer reads something else than those it
        shared a sum with so far, it goes on with a copy.
    counts : dict of str to int
        Rows in each sum, changed in place.
    reads : mapping of str to Read
        For every layer, also those not called.
    """
    groups: dict[Hashable, list[str]] = {}
    for name, read in reads.items():
        before = sums.get(name)
        if before is not None or read.tensors:
            seen = tuple(id(tensor) for tensor in read.tensors)
            history = None if before is None else id(before)
            groups.setdefault((history, read.way, seen), []).append(name)
    continued: set[int] = set()
    totals: list[tuple[list[str], Tensor | None]] = []
    for names in groups.values():
        total = sums.get(names[0])
        if total is not None and id(total) in continued:
            total = total.clone()
        continued.add(id(total))
        totals.append((names, total))
    # Only now, when whatever is copied has been: copies are of the batches before.
    for names, total in totals:
        read = reads[names[0]]
        count = counts.get(names[0], 0)
        for tensor in read.tensors:
            rows = read.rows(tensor)
            total = sum_for(total, rows, (rows.shape[1], rows.shape[1]))
            add_gram(total, rows)
            count += len(rows)
        if total is not None:
            sums.update(dict.fromkeys(names, total))
            counts.update(dict.fromkeys(names, count))
