"""What two units cost on one basis, nearly: one spectrum a pair, many pairs at once.

Seen through the symmetric root of its metric, a unit has the Gram matrix
``inner^1/2 moment inner^1/2``. The sum of two such has the pair's cost at each rank as the sum of
its eigenvalues past that rank, if both units have one metric (Ky Fan, 1951). Where metrics differ
that is an estimate: the roots turn one basis into two subspaces, which are taken for one. It is
never below what both cost if each had its own best basis of that rank, since the largest
eigenvalues of a sum are at most the sum of those of its terms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geocolor.criterion.metric import View

__all__ = ["estimate_pairs"]

# Matrices that are decomposed at a time.
_AT_ONCE = 32


@torch.no_grad()
def estimate_pairs(
    views: Sequence[View],
    pairs: Sequence[tuple[int, int]],
    rank_prices: NDArray[np.float64],
    workers: Executor,
    on_progress: Callable[[int], None],
) -> NDArray[np.float64]:
    """Estimate what pairs cost on a basis of their own, its size priced.

    Parameters
    ----------
    views : sequence of View
        The units.
    pairs : sequence of (int, int)
        Positions in `views`; each pair of one family.
    rank_prices : ndarray of float64, shape (pairs,)
        Nats that each rank of a pair's basis is to save.
    workers : Executor
        Threads.
    on_progress : callable
        Told the number of pairs done.

    Returns
    -------
    ndarray of float64, shape (pairs,)
        Cost plus price of the best rank. O(d^3) a pair, on the views' device, and d^2 numbers a
        unit.
    """
    values = np.empty(len(pairs))
    families: dict[object, list[int]] = defaultdict(list)
    for at, (first, _) in enumerate(pairs):
        families[views[first].unit.family].append(at)
    done = 0
    for inside in families.values():
        grams = _Grams(views, sorted({unit for at in inside for unit in pairs[at]}))
        batches = [inside[at : at + _AT_ONCE] for at in range(0, len(inside), _AT_ONCE)]

        def valued(batch: list[int], grams: _Grams = grams) -> NDArray[np.float64]:
            lost = grams.lost([pairs[at] for at in batch])
            ranks = np.arange(lost.shape[1] - 1, -1, -1)
            best: NDArray[np.float64] = (lost + rank_prices[batch, None] * ranks).min(axis=1)
            return best

        for batch, found in zip(batches, workers.map(valued, batches), strict=True):
            values[batch] = found
            done += len(batch)
            on_progress(done)
    return values


class _Grams:
    """Units of one family, each seen through the root of its metric."""

    def __init__(self, views: Sequence[View], members: Sequence[int]) -> None:
        roots: dict[int, Tensor] = {}
        seen = []
        for member in members:
            inner = views[member].inner
            if id(inner) not in roots:
                roots[id(inner)] = _root(inner)
            root = roots[id(inner)]
            seen.append(root @ views[member].moment @ root)
        self._seen = torch.stack(seen)
        self._place = {member: place for place, member in enumerate(members)}

    def lost(self, pairs: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
        """Give the cost of each pair, from the full rank down to 0."""
        first, second = (
            [self._place[member] for member in column] for column in zip(*pairs, strict=True)
        )
        energy = torch.linalg.eigvalsh(self._seen[first] + self._seen[second]).clamp_min(0)
        # Ascending: what is summed up to a place is lost where the others are kept.
        lost = torch.nn.functional.pad(energy.double().cumsum(1), (1, 0)) / 2
        found: NDArray[np.float64] = lost.cpu().numpy()
        return found


def _root(metric: Tensor) -> Tensor:
    """Symmetric root; unlike a triangular one it turns directions as little as can be."""
    values, vectors = torch.linalg.eigh(metric.double())
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return root.to(metric.dtype)
