"""Lower bounds on the weight inside classes by packing conflicted cycles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds.cycle_kernels import Gains, drop_spent, number_pairs, pack_chunk
from geocolor.bounds.weight_kernels import in_both
from geocolor.graph import Adjacency, ConflictGraph

__all__ = ["cycle_lower_bounds"]

# Most pairs that attract in a cycle, round by round; the last is any number.
_LENGTHS = (2, 3, 4, 5, 6, 8, 16, 1 << 31)
# Pairs looked at in one call: some 30 ms.
_CHUNK = 3_000_000
# All gains and costs together, in units of the scaled integers, stay below 2 to the power of this;
# conflicts have more than that to give.
_BITS, _CONFLICT = 60, 1 << 61


def _never() -> bool:
    return False


def cycle_lower_bounds(graph: ConflictGraph, over: Callable[[], bool] = _never) -> Iterator[float]:
    """Bound the weight inside classes from below, better and better.

    All gains together, less what conflicted cycles must give up: in a cycle of pairs that attract,
    closed by one that repels or conflicts, some gain is lost or the cost is paid. Cycles are packed
    greedily, short ones first, each by the least that is left of its pairs, until no path of gains
    joins the ends of a cost. Lange, Karrenbauer and Andres, "Partial optimality and fast lower
    bounds for weighted correlation clustering", ICML 2018.

    The sums are of integers, weights rounded down in units of a power of two: every bound is exact.

    Parameters
    ----------
    graph : ConflictGraph
        Weights and hard conflicts.
    over : callable, optional
        Asked every few hundredths of a second; when true, the bound so far is the last.

    Yields
    ------
    float
        No partition without a hard conflict inside costs less, whatever the number of classes;
        each is at least the one before.

    Examples
    --------
    >>> square = [(0, 1), (1, 2), (2, 3), (0, 3)]
    >>> graph = ConflictGraph.from_edges(4, square, [-1.0, -2.0, -3.0, 4.0])
    >>> list(cycle_lower_bounds(graph))[-1]
    -5.0
    """
    hard, soft = graph.conflicts, graph.weights
    rows = np.repeat(np.arange(graph.num_nodes, dtype=np.int32), soft.degrees)
    open_pairs = ~in_both(soft.indptr, soft.indices, hard.indptr, hard.indices)
    kept = open_pairs & (rows < soft.indices)
    pairs = np.stack([rows[kept], soft.indices[kept]], axis=1)
    values = np.empty(0) if soft.values is None else soft.values
    weights, exponent = _scaled(values[kept])
    attract, repel = weights < 0, weights > 0
    bound = int(weights[attract].sum())
    yield _unscaled(bound, exponent)
    if over():  # where there are many pairs what follows takes long
        return
    barred = hard.edges()
    ends = np.concatenate([barred, pairs[repel]])
    limit = np.concatenate([np.full(len(barred), _CONFLICT), weights[repel]])
    gains = _gains(soft, open_pairs & (values < 0), -weights[attract])
    search, chunks, entries = 0, 0, len(gains.indices)
    for length in _LENGTHS:
        order = np.flatnonzero(limit > 0)
        position, gained = 0, 0
        while position < len(order) and not over():
            position, search, packed = pack_chunk(
                gains, ends, limit, order, position, length, search, _CHUNK
            )
            gained += packed
            chunks += 1
            if chunks * _CHUNK > entries:
                chunks, entries = 0, drop_spent(gains)
        bound += gained
        yield _unscaled(bound, exponent)
        if position < len(order) or entries == 0:
            return


def _scaled(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
    """Round down to whole multiples of two to the minus some power; the multiples, and the power.

    Rounding down lowers what any partition costs.
    """
    largest = float(np.abs(values).max(initial=0.0))
    # The power's own limit keeps the way back exact: 2 ** -1000 is a normal number.
    exponent = min(_BITS - math.frexp(largest)[1] - len(values).bit_length(), 1000)
    return np.floor(np.ldexp(values, exponent)).astype(np.int64), exponent


def _unscaled(bound: int, exponent: int) -> float:
    """Go back to floats, never up."""
    value = float(bound)
    if int(value) > bound:
        value = math.nextafter(value, -math.inf)
    return math.ldexp(value, -exponent)


def _gains(weights: Adjacency, chosen: NDArray[np.bool_], rest: NDArray[np.int64]) -> Gains:
    """Take the entries chosen as the graph of gains; `rest` has one for each of their pairs."""
    count = weights.num_nodes
    before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(chosen)])
    indptr, indices = before[weights.indptr], weights.indices[chosen]
    return Gains(
        indptr,
        indices,
        number_pairs(indptr, indices),
        rest,
        np.zeros(count, dtype=np.int64),
        np.empty(count, dtype=np.int64),
        np.empty(count, dtype=np.int32),
        np.empty((2, count), dtype=np.int32),
    )
