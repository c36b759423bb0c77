"""Random points of a square and ranges of a line, in conflict by where they lie."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geocolor.arguments import checked_number, checked_whole
from geocolor.errors import InputError
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators.edges import pairs, pairs_where, require_edges, require_pairs
from geocolor.graph.generators.stream import stream_of, uniform

__all__ = ["geometric", "intervals"]


def geometric(n: int, radius: float, seed: int = 0, *, complement: bool = False) -> ConflictGraph:
    """Random geometric graph: points of the unit square, in conflict if they are close.

    As the DIMACS graphs ``DSJR500.1`` and ``R250.5``, and with `complement` ``DSJR500.1c``
    (Johnson, Aragon, McGeoch and Schevon 1991, "Optimization by simulated annealing, part II").

    Parameters
    ----------
    n : int
        Points.
    radius : float
        Points at a smaller distance are in conflict.
    seed : int
        The same seed gives the same graph, everywhere and always.
    complement : bool
        All other pairs are in conflict instead.

    Returns
    -------
    ConflictGraph
        Without weights. Its chromatic number is not known beforehand, but often that of its
        largest clique, or close to it.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many pairs to look at or edges to keep.

    Notes
    -----
    All pairs of points are looked at.

    Examples
    --------
    >>> geometric(100, 0.2, seed=1)
    ConflictGraph(num_nodes=100, conflicts=539, weights=0)
    """
    n, radius = checked_whole("number of nodes", n), checked_number("radius", radius)
    if n < 0 or radius < 0.0:
        raise InputError(
            f"n and the radius must be finite and not negative: n={n}, radius={radius}"
        )
    name = f"a geometric graph of n = {n} and radius {radius}"
    require_pairs(n, name)
    # The disc around a point has at most this share of the square.
    share = 1.0 if complement else min(1.0, math.pi * radius * radius)
    require_edges(share * n * (n - 1) / 2, name)
    x, y = uniform(stream_of(seed), 2, n)

    def related(u: NDArray[np.int64], v: NDArray[np.int64]) -> NDArray[np.bool_]:
        close: NDArray[np.bool_] = (x[u] - x[v]) ** 2 + (y[u] - y[v]) ** 2 < radius * radius
        return ~close if complement else close

    return ConflictGraph.from_edges(n, pairs_where(n, related))


def intervals(n: int, length: float, seed: int = 0) -> ConflictGraph:
    """Random interval graph: live ranges of a program, in conflict if they overlap.

    Like the register interference graphs of straight-line code, DIMACS ``fpsol2``, ``inithx``,
    ``mulsol`` and ``zeroin`` (Chaitin 1982, "Register allocation and spilling via graph coloring"):
    a range starts anywhere in a program of length 1; most are short and few long, as the length is
    the cube of a uniform draw.

    Parameters
    ----------
    n : int
        Ranges.
    length : float
        Their mean length. About ``n * length`` of them are live at one time.
    seed : int
        The same seed gives the same graph, everywhere and always.

    Returns
    -------
    ConflictGraph
        Without weights. It is chordal, so its chromatic number is the size of its largest clique:
        the most ranges live at one time (Golumbic 1980, "Algorithmic graph theory and perfect
        graphs").

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many ranges or conflicts.

    Notes
    -----
    O(n log n) and as much as there are conflicts.

    Examples
    --------
    >>> intervals(100, 0.1, seed=1)
    ConflictGraph(num_nodes=100, conflicts=855, weights=0)
    """
    n, length = checked_whole("number of nodes", n), checked_number("length", length)
    if n < 0 or length < 0.0:
        raise InputError(f"n and length must be finite and not negative: n={n}, length={length}")
    name = f"an interval graph of n = {n} and length {length}"
    require_edges(n, name)
    start, drawn = uniform(stream_of(seed), 2, n)
    end = start + 4.0 * length * (drawn * drawn * drawn)  # the mean of a cube is a quarter
    order = np.argsort(start, kind="stable")
    place = np.arange(n)
    # A range is in conflict with those that start after it and before its end.
    later = np.maximum(np.searchsorted(start[order], end[order]) - place - 1, 0)
    total = int(later.sum())
    require_edges(total, name)
    first = np.repeat(place, later)
    second = first + 1 + np.arange(total) - np.repeat(np.cumsum(later) - later, later)
    return ConflictGraph.from_edges(n, pairs(order[first], order[second]))
