"""Mycielski's construction and its generalizations: one color more at each step.

A step copies the nodes level by level. Level 0 is the graph itself; u on one level is in conflict
with v on the next if u and v are in conflict in the graph. An apex, or a clique of them, closes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.arguments import checked_whole
from geocolor.errors import InputError
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators.edges import cliques, pairs, require_edges

__all__ = ["full_insertions", "insertions", "mycielski"]


def mycielski(k: int) -> ConflictGraph:
    """Mycielski graph, DIMACS ``mycielK``: no triangle, yet k + 1 colors.

    Parameters
    ----------
    k : int
        At least 1: 1 is an edge, 2 the pentagon, 3 the Grötzsch graph of 11 nodes.

    Returns
    -------
    ConflictGraph
        Of ``3 * 2**(k - 1) - 1`` nodes; its chromatic number is k + 1.

    Raises
    ------
    InputError
        `k` is not positive.
    LimitError
        The graph would be too large.

    Examples
    --------
    >>> mycielski(3)
    ConflictGraph(num_nodes=11, conflicts=20, weights=0)
    """
    k = checked_whole("k", k)
    if k < 1:
        raise InputError(f"a Mycielski graph needs k of at least 1, not {k}")
    return _iterated_cone(k - 1, levels=1, full=False)


def insertions(k: int, m: int) -> ConflictGraph:
    """Mycielski graph with k insertions, DIMACS ``k-Insertions_m``: longer odd cycles.

    The generalized Mycielski graphs with k + 1 copied levels in each step from an edge (Caramia
    and Dell'Olmo 2008, "Coloring graphs by iterated local search traversing feasible and
    infeasible solutions"); without insertions it is :func:`mycielski` of m.

    Parameters
    ----------
    k : int
        Insertions, not negative.
    m : int
        At least 1: 1 is an edge, 2 the cycle of ``2 * k + 5`` nodes.

    Returns
    -------
    ConflictGraph
        Its chromatic number is m + 1: the topological bound of Stiebitz (1985) rises by one with
        each step, and one color more, for the last level, is enough.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        The graph would be too large.

    Examples
    --------
    >>> insertions(2, 3)
    ConflictGraph(num_nodes=37, conflicts=72, weights=0)
    """
    k, m = _checked_step(k, m)
    return _iterated_cone(m - 1, levels=k + 1, full=False)


def full_insertions(k: int, m: int) -> ConflictGraph:
    """Mycielski graph with k full insertions, DIMACS ``k-FullIns_m``: each level has its apex.

    As :func:`insertions`, but in each step a clique of k + 2 apexes: the last level is in conflict
    with the first and the last of them, each level before it with one (Caramia and Dell'Olmo 2008).

    Parameters
    ----------
    k : int
        Insertions, at least 1.
    m : int
        At least 1; 1 is an edge.

    Returns
    -------
    ConflictGraph
        Its chromatic number is k + m from m = 2 on: the apexes of the first step are a clique of
        k + 2, the topological bound of Stiebitz (1985) rises by one with each further step, and
        that many are enough, as the copies of a level may all have one color.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        The graph would be too large.

    Examples
    --------
    >>> full_insertions(1, 3)
    ConflictGraph(num_nodes=30, conflicts=100, weights=0)
    """
    k, m = _checked_step(k, m)
    if k < 1:
        raise InputError(f"full insertions need k of at least 1, not {k}")
    return _iterated_cone(m - 1, levels=k + 1, full=True)


def _checked_step(k: int, m: int) -> tuple[int, int]:
    k, m = checked_whole("k", k), checked_whole("m", m)
    if k < 0 or m < 1:
        raise InputError(f"insertions need k of at least 0 and m of at least 1: k={k}, m={m}")
    return k, m


def _iterated_cone(steps: int, levels: int, *, full: bool) -> ConflictGraph:
    """Start from an edge; each step copies `levels` levels."""
    apexes = levels + 1 if full else 1
    nodes, size = 2, 1
    for _ in range(steps):  # sizes first: a graph that is too large costs nothing
        size = size * (2 * levels + 1) + nodes * apexes + apexes * (apexes - 1) // 2
        nodes = nodes * (levels + 1) + apexes
        require_edges(size, f"the graph after {steps} steps of Mycielski's construction")
    count, edges = 2, pairs([0], [1])
    for _ in range(steps):
        count, edges = _cone(count, edges, levels, full=full)
    return ConflictGraph.from_edges(count, edges)


def _cone(
    count: int, edges: NDArray[np.int64], levels: int, *, full: bool
) -> tuple[int, NDArray[np.int64]]:
    # In the order of the DIMACS files: level after level, then the apexes.
    u, v = edges.T
    shift = np.arange(levels)[:, None] * count
    copies = [pairs(u + shift, v + shift + count), pairs(v + shift, u + shift + count)]
    level = np.arange(count, (levels + 1) * count).reshape(levels, count)
    apex = (levels + 1) * count
    closing = [pairs(level[-1], np.full(count, apex))]
    last = apex + 1
    if full:
        last = apex + levels + 1
        own = np.arange(apex + 1, last)
        closing.append(pairs(level, np.repeat(own, count)))
        closing.append(cliques(np.arange(apex, last)[None, :]))
    return last, np.concatenate([edges, *copies, *closing])
