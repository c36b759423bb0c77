"""Lower bounds on the weight inside at most k classes from the least eigenvalue of a matrix."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from geocolor.blas import one_blas_thread
from geocolor.graph import ConflictGraph

__all__ = ["LARGEST_SPECTRAL", "eigenvalue_bound", "spectral_lower_bounds"]

# Nodes up to which matrices of all pairs are kept: seven of them take 500 MB.
LARGEST_SPECTRAL = 3_000
# Up to so many nodes all eigenvectors are computed; above, those that count follow the matrix by
# steps of a block method, as many at most, until what the first lacks is this share of the width
# over which their weights fall.
_WHOLE, _BLOCK_STEPS, _CLOSE = 300, 20, 0.1
# The same of a matrix to begin with, as a share of its eigenvalues' typical size.
_ROUGH = 0.02
# Weights are first capped at one of these quantiles.
_CAPS = 0.5 ** np.arange(12)
# Eigenvectors that make a direction. Their weights fall by a factor of e where the bound by them is
# this share of the gap lower; a share of the step, so that both shrink where nothing comes of it.
_VECTORS, _SOFT = 20, 0.2
# Steps are shares of what would be right if the gap could be closed, the first and the least. So
# many without a better bound halve them, one with a better bound makes them longer by a factor.
_FIRST, _SMALLEST, _PATIENCE, _LONGER = 0.25, 1e-4, 5, 1.2
# A bound is proven when it has closed so much of the gap.
_WORTHWHILE = 0.02

_Matrix = NDArray[np.float64]


@one_blas_thread()
def eigenvalue_bound(matrix: _Matrix, k: int, guess: float) -> float:
    """Give the bound that a matrix proves; O(n^3).

    For a partition into at most `k` classes let Y be 1 for the pairs inside and on the diagonal.
    Then Y - J/k is positive semidefinite, J being all ones, with the trace n - n/k. So for every
    symmetric matrix M::

        sum of M inside = (<M, Y> - tr M) / 2 >= (sum of M / k + (n - n/k) least(M) - tr M) / 2

    with `least` the least eigenvalue. M may be anything on the diagonal and for pairs that are in
    no class, and otherwise at most the weights: then this bounds the weight inside.

    The eigenvalue is bounded by a Cholesky factorisation that ends well: Rump, "Verification of
    positive definiteness", BIT 46 (2006). Rounding is subtracted.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        Symmetric.
    k : int
        Most classes.
    guess : float
        What the least eigenvalue may be; the closer, the better the bound.

    Returns
    -------
    float
        Minus infinity if the guess was far too high.
    """
    count = len(matrix)
    diagonal = matrix.diagonal()
    scale = float(np.abs(matrix).sum(axis=1).max(initial=0.0))
    epsilon = float(np.finfo(float).eps)
    step = 1e-10 * scale
    for _ in range(20):
        shift = guess - step
        shifted = matrix.copy()
        shifted.flat[:: count + 1] -= shift
        try:
            scipy.linalg.cholesky(shifted, lower=True, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            step *= 4.0
            continue
        rounding = 2.0 * (count + 4) * epsilon * float(np.abs(diagonal - shift).sum())
        least = shift - rounding
        rest = count - count / k
        total, trace = float(matrix.sum()), float(diagonal.sum())
        sums = float(np.abs(matrix).sum()) / k + float(np.abs(diagonal).sum())
        slack = 64.0 * epsilon * (sums + rest * abs(least))
        return 0.5 * (total / k + rest * least - trace) - slack
    return -math.inf


def spectral_lower_bounds(
    graph: ConflictGraph, k: int, aim: float, over: Callable[[], bool]
) -> Iterator[float]:
    """Bound the weight inside at most `k` classes from below, better and better.

    :func:`eigenvalue_bound` of matrices that follow a subgradient: the diagonal, pairs in conflict,
    and how far other pairs stay below their weights. Its limit is the bound of semidefinite
    programming with nonnegative entries; on dense graphs with few or middling classes no other
    cheap bound comes near. Donath and Hoffman, "Lower bounds for the partitioning of graphs", IBM
    J. Res. Dev. 17 (1973); Frieze and Jerrum, "Improved approximation algorithms for MAX k-CUT and
    MAX BISECTION", Algorithmica 18 (1997); steps as Polyak's.

    Parameters
    ----------
    graph : ConflictGraph
        Weights and hard conflicts, of at most :data:`LARGEST_SPECTRAL` nodes.
    k : int
        Most classes; the number of nodes for any number.
    aim : float
        What a partition costs: steps are as long as the gap wants.
    over : callable
        Asked before each step; when true, the bound so far is the last.

    Yields
    ------
    float
        No partition into at most `k` classes costs less; each is above the one before.

    Examples
    --------
    >>> graph = ConflictGraph.from_dense(3.0 * (1 - np.eye(4)))
    >>> bounds = spectral_lower_bounds(graph, 2, 6.0, lambda: False)
    >>> round(list(bounds)[-1], 6)
    6.0
    """
    count, k = graph.num_nodes, min(k, graph.num_nodes)
    # One class leaves no choice.
    if k <= 1 or count > LARGEST_SPECTRAL:
        return
    weights, barred = graph.weights.to_dense(), graph.conflicts.to_dense() > 0
    largest = float(np.abs(weights).max(initial=0.0))
    if largest == 0.0 or over():
        return
    # In units of a power of two, which is exact.
    exponent = math.frexp(largest)[1]
    weights, aim = np.ldexp(weights, -exponent), math.ldexp(aim, -exponent)
    most = np.where(barred, np.inf, weights)
    np.fill_diagonal(most, np.inf)
    ascent = _best_start(most, barred, k, over)
    proven = -math.inf
    while ascent.size > _SMALLEST and not over():
        gap = aim - ascent.best
        if gap <= 0.0:
            break
        if ascent.best > proven + _WORTHWHILE * gap or proven == -math.inf:
            bound = ascent.prove()
            if bound > proven:
                proven = bound
                yield math.ldexp(bound, exponent)
        ascent.step(aim)
    bound = ascent.prove() if ascent.best > proven else proven
    if bound > proven:
        yield math.ldexp(bound, exponent)


def _best_start(
    most: _Matrix, barred: NDArray[np.bool_], k: int, over: Callable[[], bool]
) -> _Ascent:
    """Cap the weights, lower and lower, while the bound rises.

    Costs above what any good partition pays only make eigenvalues worse.
    """
    free = most[most < np.inf]
    caps = np.quantile(free, _CAPS) if len(free) else np.zeros(1)
    best: _Ascent | None = None
    for cap in caps:
        matrix = np.minimum(most, cap)
        # As ordinary as can be, so that conflicts are no structure to begin with.
        matrix[barred] = max(float(np.minimum(free, cap).mean()), 0.0) if len(free) else 0.0
        np.fill_diagonal(matrix, 0.0)
        ascent = _Ascent(matrix, most, k)
        if best is not None and ascent.best <= best.best:
            return best
        best = ascent
        if over():
            break
    assert best is not None  # noqa: S101  there is a cap
    return best


class _Ascent:
    """Subgradient steps of a matrix below `most`; from the best one so far, when they fail."""

    def __init__(self, matrix: _Matrix, most: _Matrix, k: int) -> None:
        self.size, self.best = _FIRST, -math.inf
        self._most, self._k = most, k
        self._rest = len(matrix) - len(matrix) / k
        self._failed = 0
        self._matrix = self._highest = matrix
        size = float(np.linalg.norm(matrix)) / math.sqrt(len(matrix))
        self._pairs = self._highest_pairs = _lowest(matrix, None, _ROUGH * size)
        self._judge()

    def prove(self) -> float:
        """Give the bound that the best matrix proves."""
        matrix = np.minimum(0.5 * (self._highest + self._highest.T), self._most)
        return eigenvalue_bound(matrix, self._k, float(self._highest_pairs[0][0]))

    @one_blas_thread()
    def step(self, aim: float) -> None:
        """Go where the bound rises, as far as would be right if it rose to `aim`."""
        gap = aim - self.best
        values, vectors = self._pairs
        width = 2.0 * _SOFT * self.size * gap / self._rest
        share = np.exp((values[0] - values) / width)
        scaled = vectors * np.sqrt(0.5 * self._rest * share / share.sum())
        direction = scaled @ scaled.T
        direction += 0.5 / self._k
        direction.flat[:: len(direction) + 1] -= 0.5
        stuck = (self._matrix >= self._most) & (direction > 0.0)
        direction[stuck] = 0.0
        square = float(np.vdot(direction, direction))
        if square == 0.0:
            self.size = 0.0
            return
        direction *= self.size * gap / square
        self._matrix = np.minimum(self._matrix + direction, self._most)
        self._pairs = _lowest(self._matrix, vectors, _CLOSE * width)
        self._judge()

    def _judge(self) -> None:
        """Keep the matrix if it is the best; go back to that if others fail."""
        matrix, least = self._matrix, float(self._pairs[0][0])
        total, trace = float(matrix.sum()), float(matrix.trace())
        bound = 0.5 * (total / self._k + self._rest * least - trace)
        if bound > self.best:
            self.best, self._highest, self._highest_pairs = bound, matrix, self._pairs
            self._failed = 0
            self.size = min(1.0, _LONGER * self.size)
            return
        self._failed += 1
        if self._failed == _PATIENCE:
            self._matrix, self._pairs = self._highest, self._highest_pairs
            self._failed = 0
            self.size /= 2.0


@one_blas_thread()
def _lowest(
    matrix: _Matrix, near: _Matrix | None, close: float
) -> tuple[NDArray[np.float64], _Matrix]:
    """Give the least eigenvalues, and their eigenvectors as columns.

    Above some nodes only nearly, the first to a residual of `close`: by the locally optimal block
    method from vectors `near` them (Knyazev, "Toward the optimal preconditioned eigensolver", SIAM
    J. Sci. Comput. 23 (2001)).
    """
    if len(matrix) <= _WHOLE:
        values, vectors = np.linalg.eigh(matrix)
        return values[:_VECTORS], vectors[:, :_VECTORS]
    if near is None:
        near = np.random.default_rng(0).standard_normal((len(matrix), _VECTORS))
        near = np.linalg.qr(near)[0]
    width = near.shape[1]
    values, image, before = np.full(width, np.inf), matrix @ near, np.empty((len(matrix), 0))
    for _ in range(_BLOCK_STEPS):
        rest = image - near @ (near.T @ image)
        if np.linalg.norm(rest[:, 0]) <= close and values[0] < np.inf:
            break
        basis = np.linalg.qr(np.hstack([near, rest, before]))[0]
        images = matrix @ basis
        values, inner = np.linalg.eigh(basis.T @ images)
        values, inner = values[:width], inner[:, :width]
        before = basis[:, width:] @ inner[width:]
        near, image = basis @ inner, images @ inner
    return values, near
