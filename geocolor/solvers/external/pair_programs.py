"""Partitions and clusterings as binary programs, the way textbooks write them."""

from __future__ import annotations

import math
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.solvers.external.binary_program import BinaryProgram, Rows

__all__ = ["build_pairs", "count_rows"]

_Integers = NDArray[np.int64]


def count_rows(formulation: str, nodes: int, k: int, weights: int, conflicts: int) -> int:
    """Count the rows of a program before it is built, at most.

    Parameters
    ----------
    formulation : str
        edges or assignment.
    nodes, k, weights, conflicts : int
        Of the problem.
    """
    if formulation == "edges":
        return 3 * math.comb(nodes, 3) + math.comb(nodes, 2) + nodes + 1
    return nodes + k * (2 * weights + conflicts)


def build_pairs(request: dict[str, Any]) -> BinaryProgram:
    """Build the program of a request.

    Parameters
    ----------
    request : dict
        ``formulation`` (edges or assignment), ``num_nodes``, ``k`` (as many as nodes where any
        number will do), ``weights`` (triples: u, v, an integer; u < v) and ``conflicts`` (pairs).
    """
    make = {"edges": _edges, "assignment": _assignment}[request["formulation"]]
    weights = np.array(request["weights"], dtype=np.int64).reshape(-1, 3)
    conflicts = np.array(request["conflicts"], dtype=np.int64).reshape(-1, 2)
    return make(request["num_nodes"], request["k"], weights, conflicts)


def _edges(nodes: int, k: int, weights: _Integers, conflicts: _Integers) -> BinaryProgram:
    """One x for each pair, 1 if together; two pairs of a triangle imply the third.

    Where k is less than the nodes, each node has an r besides, 1 if no earlier node is with it: at
    most k nodes represent their classes. Grötschel and Wakabayashi, "A cutting plane algorithm for
    a clustering problem", Math. Program. 45 (1989); Ales, Knippel and Pardini, "Polyhedral
    combinatorics of the K-partitioning problem with representative variables", Discrete Appl.
    Math. 211 (2016).
    """
    first, second = np.triu_indices(nodes, 1)
    pair = np.zeros((nodes, nodes), dtype=np.int64)
    pair[first, second] = pair[second, first] = np.arange(len(first))
    limited = k < nodes
    width = len(first) + (nodes if limited else 0)
    costs, allowed = np.zeros(width, dtype=np.int64), np.ones(width, dtype=np.bool_)
    costs[pair[weights[:, 0], weights[:, 1]]] = weights[:, 2]
    allowed[pair[conflicts[:, 0], conflicts[:, 1]]] = False
    rows = Rows()
    triples = np.fromiter(chain.from_iterable(combinations(range(nodes), 3)), dtype=np.int64)
    a, b, c = triples.reshape(-1, 3).T
    for u, v, w in ((a, b, c), (b, c, a), (c, a, b)):
        rows.add(np.column_stack([pair[u, v], pair[v, w], pair[u, w]]), [1, 1, -1], upper=1)
    if limited:
        leads = len(first) + np.arange(nodes)
        for node in range(nodes):
            some = np.append(pair[node, :node], leads[node])
            rows.add(some[None], [-1] * len(some), upper=-1)
        rows.add(np.column_stack([pair[first, second], leads[second]]), [1, 1], upper=1)
        rows.add(leads[None], [1] * nodes, upper=k)

    def colors(x: NDArray[np.bool_]) -> _Integers:
        together = np.eye(nodes, dtype=np.bool_)
        together[first, second] = together[second, first] = x[: len(first)]
        # The earliest node that a node is with.
        earliest: _Integers = np.argmax(together, axis=1)
        return earliest

    return rows.program(costs, allowed, colors)


def _assignment(nodes: int, k: int, weights: _Integers, conflicts: _Integers) -> BinaryProgram:
    """One x for each node and class, one y for each weight, 1 if its nodes are together.

    The classes are numbered by their first nodes, so far as node v takes one of the first v + 1.
    """
    place = np.arange(nodes * k).reshape(nodes, k)
    together = nodes * k + np.arange(len(weights))
    costs = np.concatenate([np.zeros(nodes * k, dtype=np.int64), weights[:, 2]])
    allowed = np.ones(len(costs), dtype=np.bool_)
    allowed[place[np.triu(np.ones((nodes, k), dtype=np.bool_), 1)]] = False
    rows = Rows()
    rows.add(place, [1] * k, upper=1, lower=1)
    repels = weights[:, 2] > 0
    for color in range(k):
        u, v = place[weights[:, 0], color], place[weights[:, 1], color]
        rows.add(np.column_stack([u, v, together])[repels], [1, 1, -1], upper=1)
        for one, other in ((u, v), (v, u)):
            rows.add(np.column_stack([together, one, other])[~repels], [1, 1, -1], upper=1)
        rows.add(place[conflicts, color], [1, 1], upper=1)

    def colors(x: NDArray[np.bool_]) -> _Integers:
        classes: _Integers = np.argmax(x[: nodes * k].reshape(nodes, k), axis=1)
        return classes

    return rows.program(costs, allowed, colors)
