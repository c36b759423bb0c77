"""Second moments of what layers read and of gradients, streamed over batches.

A batch's product is computed in its own precision, at least float32, and added in float64: sums
over many batches lose nothing, and sums of parts add up to the sum of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Read", "add_gram", "add_inputs", "mean_of", "packed_size", "sum_for", "token_rows"]

# Rows multiplied at once, so that float32 never sums more.
_ROWS = 8192
# Rows of a block: only blocks on and below the diagonal are computed and kept.
_COLUMNS = 256


def token_rows(tensor: Tensor, mask: Tensor | None) -> Tensor:
    """Flatten to (tokens, features) in at least float32, real tokens only."""
    rows = tensor.detach().reshape(-1, tensor.shape[-1])
    if mask is not None and tensor.shape[:-1] == mask.shape:
        rows = rows[mask.reshape(-1).to(rows.device)]
    return rows if rows.dtype == torch.float64 else rows.float()


def sum_for(total: Tensor | None, rows: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Give a float64 sum of products of rows: a new one, or the old one where the rows are."""
    # Where there is no float64, sums are kept on the CPU.
    device = torch.device("cpu") if rows.device.type == "mps" else rows.device
    if total is None:
        return torch.zeros(shape, dtype=torch.float64, device=device)
    return total.to(device)


def _blocks(width: int) -> Iterator[tuple[int, int, int]]:
    """Rows from and to of a triangle's blocks, and where each starts in the packed sum."""
    count = max(1, width // _COLUMNS)
    start = offset = 0
    for block in range(count):
        stop = width * (block + 1) // count
        yield start, stop, offset
        start, offset = stop, offset + (stop - start) * stop


def packed_size(width: int) -> int:
    """Numbers that a sum of products of rows of a width takes."""
    return sum((stop - start) * stop for start, stop, _ in _blocks(width))


def add_gram(total: Tensor | None, rows: Tensor) -> Tensor:
    """Add ``rows^T rows`` to a packed float64 sum, in place if there is one.

    Packed: blocks of rows from the first column to the diagonal's block, one after another.
    """
    width = rows.shape[1]
    total = sum_for(total, rows, (packed_size(width),))
    for part in torch.split(rows, _ROWS):
        for start, stop, offset in _blocks(width):
            product = part[:, start:stop].T @ part[:, :stop]
            total[offset : offset + product.numel()] += product.to(total.device).flatten()
    return total


def mean_of(total: Tensor, width: int, count: int, dtype: torch.dtype) -> Tensor:
    """Divide a packed sum by a count, and unpack it to a symmetric matrix."""
    mean = torch.empty(width, width, dtype=dtype, device=total.device)
    for start, stop, offset in _blocks(width):
        height = stop - start
        block = total[offset : offset + height * stop].reshape(height, stop) / count
        mean[start:stop, :stop] = block
        mean[:start, start:stop] = block[:, :start].T
        # Of the block on the diagonal both halves are there; they may differ in the last digit.
        corner = mean[start:stop, start:stop]
        corner.copy_(corner.tril() + corner.tril(-1).T)
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
            total = add_gram(total, rows)
            count += len(rows)
        if total is not None:
            sums.update(dict.fromkeys(names, total))
            counts.update(dict.fromkeys(names, count))
