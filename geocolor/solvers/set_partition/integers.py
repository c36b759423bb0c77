"""The costs of a problem as integers, as fine as products of them allow."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import ConflictGraph
from geocolor.problem import (
    GroupOracle,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
)
from geocolor.solvers.scaling import scale_to, scale_weights
from geocolor.solvers.set_partition.bounded import BoundedCosts
from geocolor.solvers.set_partition.costs import BITS, FINE, IntegerCosts, PairCosts, RatioCosts
from geocolor.solvers.set_partition.pricing import Room

__all__ = ["integer_costs"]

# Weights add up to this many bits at most, sizes to that many.
_MOST_BITS, _SIZE_BITS = 40, 20


def integer_costs(
    problem: PartitionProblem | GroupPartitionProblem, objective: float = 0.0
) -> IntegerCosts:
    """Give the costs of a problem in integers.

    Parameters
    ----------
    problem : PartitionProblem or GroupPartitionProblem
        Which costs.
    objective : float
        Of some partition: how large costs are, where pairs say nothing of that.

    Raises
    ------
    InputError
        The weights or sizes spread too far for integers.
    """
    graph = problem.graph
    values = graph.weights.edge_values()
    if isinstance(problem, PartitionProblem):
        scaled = scale_weights(values)
        matrix = _matrix(graph, scaled.integers)
        room = None
        if problem.sizes is not None and problem.capacity is not None:
            room = Room.of(problem.sizes, problem.capacity, min(problem.k, graph.num_nodes))
        return PairCosts(matrix, scaled.unit, scaled.below, scaled.above, room)
    if isinstance(problem.cost, NormalizedPairSum):
        return _ratio_costs(problem)
    assert isinstance(problem.cost, GroupOracle)  # noqa: S101  there are no others
    total = math.fsum(np.abs(values)) + abs(objective)
    unit = 2.0 ** (math.frexp(total)[1] - _MOST_BITS)
    # Rounded down, so that what is a bound stays one.
    lowered = np.floor(values / unit).astype(np.int64)
    return BoundedCosts(problem, _matrix(graph, lowered), None, unit)


def _ratio_costs(problem: GroupPartitionProblem) -> IntegerCosts:
    """Scale weights and sizes so that products with duals fit."""
    graph = problem.graph
    count = graph.num_nodes
    edges, values = graph.weights.edges(), graph.weights.edge_values()
    whole = (graph.sizes == np.rint(graph.sizes)).all() and graph.sizes.sum() < 1 << _SIZE_BITS
    signed = bool((values < 0).any())
    if whole:
        sizes = graph.sizes.astype(np.int64)
        sizes //= max(1, int(np.gcd.reduce(sizes)))
        scale, parts = 1.0, values * sizes[edges].sum(axis=1)
    else:
        scale = (1 << _SIZE_BITS) / float(graph.sizes.sum())
        sizes = np.ceil(graph.sizes * scale).astype(np.int64)
        parts = values * graph.sizes[edges].sum(axis=1) * scale
    # Duals may be as large as k times what the dearest group costs.
    most = (min(problem.k, count) + 1) * int(sizes.sum() // sizes.min())
    bits = BITS - FINE.bit_length() - most.bit_length()
    scaled = scale_to(parts, min(_MOST_BITS, bits))
    if not whole and not signed:
        # Larger sizes and lower weights make a bound, and the function has the last word.
        lowered = np.floor(parts / scaled.unit).astype(np.int64)
        return BoundedCosts(problem, _matrix(graph, lowered), sizes, scaled.unit)
    # The |S| (|S| - 1) / 2 pairs of a class are off by half a unit each at most, over its size.
    off = min(scaled.error, count * scaled.unit / (4 * int(sizes.min())))
    if not whole:
        # Sizes that are larger by a part of themselves move a cost by that part of it.
        off += float((sizes / (graph.sizes * scale) - 1).max() + 1e-15) * float(
            np.abs(values).sum()
        )
    return RatioCosts(_matrix(graph, scaled.integers), sizes, scaled.unit, off, off)


def _matrix(graph: ConflictGraph, values: NDArray[np.int64]) -> NDArray[np.int64]:
    matrix = np.zeros((graph.num_nodes, graph.num_nodes), dtype=np.int64)
    rows, columns = graph.weights.edges().T
    matrix[rows, columns] = matrix[columns, rows] = values
    return matrix
