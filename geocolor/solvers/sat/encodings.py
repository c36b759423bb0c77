"""Colorability as clauses, built as arrays of literals; runs in the worker process.

Both encodings have a variable x[v, c], node v has color c, and share what is said about it. They
differ in how a node gets a color: ``assignment`` says that it has at least one, and ``ordering``
places the node in the partial order of nodes and colors [1]_: y[v, i], its color is above i, and
x[v, c] where y steps from true to false. The latter is the hybrid POPH as clauses [2]_.

References
----------
.. [1] A. Jabrayilov, P. Mutzel, "New integer linear programming models for the vertex coloring
   problem", LATIN 2018.
.. [2] D. Faber, A. Jabrayilov, P. Mutzel, "SAT encoding of partial ordering models for graph
   coloring problems", SAT 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Encoding", "Formula", "Graph", "encode", "symmetric"]

Encoding = Literal["assignment", "ordering"]
Clauses = NDArray[np.int32]


@dataclass(frozen=True)
class Graph:
    """What the clauses are about.

    Attributes
    ----------
    num_nodes : int
        Number of nodes.
    edges : ndarray, shape (m, 2)
        Nodes with different colors.
    clique : ndarray
        Its nodes take the first colors.
    order : ndarray
        The other nodes; colors beyond the clique appear in it one after another.
    full : ndarray, shape (count, size)
        Cliques as large as the fewest colors that may be asked for.
    """

    num_nodes: int
    edges: NDArray[np.int32]
    clique: NDArray[np.int32]
    order: NDArray[np.int32]
    full: NDArray[np.int32]


@dataclass(frozen=True)
class Formula:
    """Clauses that hold for the colorings with at most `most` colors.

    Attributes
    ----------
    blocks : list of ndarray
        Clauses of one length each, as rows.
    x : ndarray, shape (num_nodes, most)
        The variable of a node and a color.
    beyond : ndarray, shape (most,)
        beyond[k] is true if a color from k on is in use; 0 below the fewest to be asked for.
    """

    blocks: list[Clauses]
    x: NDArray[np.int32]
    beyond: NDArray[np.int32]

    def at_most(self, k: int) -> list[int]:
        """Literals to assume for the question whether k colors do, from the fewest to `most`."""
        return [] if k >= len(self.beyond) else [-int(self.beyond[k])]

    def colors(self, model: list[int]) -> NDArray[np.int64]:
        """Read the first color of every node from a model."""
        chosen = np.asarray(model, dtype=np.int64)[self.x - 1] > 0
        first: NDArray[np.int64] = chosen.argmax(axis=1)
        return first


def encode(graph: Graph, least: int, most: int, encoding: Encoding) -> Formula:
    """Say that `graph` has a coloring with at most `most` colors; O((n + m) most) literals.

    Parameters
    ----------
    graph : Graph
        With at least one node.
    least, most : int
        Numbers of colors that may be asked for, ``len(clique) <= least <= most``.
    encoding : Encoding
        How a node gets its color.
    """
    variables = _Variables()
    x = variables.take(graph.num_nodes, most)
    blocks = [x] if encoding == "assignment" else _ladder(x, variables)
    # No variable for a color that must be there.
    beyond = np.zeros(most, dtype=np.int32)
    beyond[least:] = variables.take(most - least)
    blocks += _limits(x, beyond, least)
    blocks += _differences(graph, x)
    blocks += _first_appearance(graph, x, variables)
    if least <= graph.full.shape[1] <= most:
        blocks += _all_colors(graph, x, beyond)
    return Formula([block for block in blocks if block.size], x, beyond)


def symmetric(
    graph: Graph, k: int, images: list[NDArray[np.int32]], palettes: list[NDArray[np.int32]]
) -> Formula:
    """Say that `graph` has a coloring with `k` colors which symmetries map to itself.

    One variable stands for all pairs of a node and a color that are mapped to each other. Which
    colors the clique has, and which color appears first, can no longer be said.

    Parameters
    ----------
    graph : Graph
        With at least one node.
    k : int
        Colors.
    images : list of ndarray, shape (num_nodes,)
        Automorphisms that generate a group.
    palettes : list of ndarray, shape (k,)
        How each of them permutes the colors.
    """
    nobody = np.empty(0, dtype=np.int32)
    formula = encode(replace(graph, clique=nobody, order=nobody), k, k, "assignment")
    least = formula.x
    while True:
        before = least
        for image, palette in zip(images, palettes, strict=True):
            least = np.minimum(least, least[image][:, palette])
        if np.array_equal(before, least):
            break
    stands_for = np.concatenate([[0], least.ravel()]).astype(np.int32)
    blocks = [
        np.unique(np.sort(np.sign(block) * stands_for[np.abs(block)], axis=1), axis=0)
        for block in formula.blocks
    ]
    return Formula(blocks, least, formula.beyond)


class _Variables:
    """Gives out variables, numbered from 1 on."""

    def __init__(self) -> None:
        self._last = 0

    def take(self, *shape: int) -> NDArray[np.int32]:
        first = self._last + 1
        self._last += math.prod(shape)
        return np.arange(first, self._last + 1, dtype=np.int32).reshape(shape)


def _rows(*literals: NDArray[np.int32]) -> Clauses:
    """One clause for each place, of the literals that stand there."""
    return np.stack([array.ravel() for array in np.broadcast_arrays(*literals)], axis=1)


def _ladder(x: NDArray[np.int32], variables: _Variables) -> list[Clauses]:
    """Let y fall once along the colors, and x be true where it does; y before them is true."""
    count, most = x.shape
    if most == 1:
        return [x]
    y = variables.take(count, most - 1)
    above, upto = y[:, :-1], y[:, 1:]
    return [
        _rows(-upto, above),
        _rows(y[:, 0], x[:, 0]),
        _rows(-y[:, 0], -x[:, 0]),
        _rows(-above, upto, x[:, 1:-1]),
        _rows(above, -x[:, 1:-1]),
        _rows(-upto, -x[:, 1:-1]),
        _rows(-y[:, -1], x[:, -1]),
        _rows(y[:, -1], -x[:, -1]),
    ]


def _limits(x: NDArray[np.int32], beyond: NDArray[np.int32], least: int) -> list[Clauses]:
    """Let a color in use set its limit, and a limit all those below it."""
    return [_rows(-x[:, least:], beyond[least:]), _rows(-beyond[least + 1 :], beyond[least:-1])]


def _differences(graph: Graph, x: NDArray[np.int32]) -> list[Clauses]:
    """Give the ends of an edge different colors; those of the clique are known."""
    most = x.shape[1]
    known = np.full(graph.num_nodes, -1, dtype=np.int32)
    known[graph.clique] = np.arange(len(graph.clique))
    fixed = np.where(np.arange(most) == known[graph.clique, None], 1, -1) * x[graph.clique]
    ends = graph.edges.T
    free = (known[ends] < 0).all(axis=0)
    # Both directions: the first end in the clique, the second not.
    tails, heads = np.concatenate([ends, ends[::-1]], axis=1)
    touching = (known[tails] >= 0) & (known[heads] < 0)
    blocked = np.zeros(x.shape, dtype=np.bool_)
    blocked[heads[touching], known[tails[touching]]] = True
    u, v = ends[:, free]
    both = ~(blocked[u] | blocked[v])
    return [fixed.reshape(-1, 1), -x[blocked][:, None], _rows(-x[u][both], -x[v][both])]


def _first_appearance(graph: Graph, x: NDArray[np.int32], variables: _Variables) -> list[Clauses]:
    """Let a color beyond the clique's appear after the color before it.

    seen[t, c] implies that one of the first t + 1 nodes of the order has color c.
    """
    first = len(graph.clique)
    new = x[graph.order, first:]
    if new.shape[0] == 0 or new.shape[1] < 2:
        return []
    seen = variables.take(new.shape[0], new.shape[1] - 1)
    return [
        _rows(-new[0, 1:]),
        _rows(-new[1:, 1:], seen[:-1]),
        _rows(-seen[0], new[0, :-1]),
        _rows(-seen[1:], seen[:-1], new[1:, :-1]),
    ]


def _all_colors(graph: Graph, x: NDArray[np.int32], beyond: NDArray[np.int32]) -> list[Clauses]:
    """Give a clique of as many nodes as colors every color, unless more are in use."""
    size = graph.full.shape[1]
    each = x[graph.full, :size].transpose(0, 2, 1).reshape(-1, size)
    if size < len(beyond):
        each = np.column_stack([each, np.full(len(each), beyond[size], dtype=np.int32)])
    return [each]
