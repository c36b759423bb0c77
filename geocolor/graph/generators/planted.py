"""Random graphs around a hidden coloring, whose number of colors is known or bounded by it.

The nodes are dealt at random to classes as equal as can be; no conflict joins two of one class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.arguments import checked_number, checked_whole
from geocolor.errors import InputError
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators.edges import cliques, pairs, require_edges
from geocolor.graph.generators.stream import below, permutations, stream_of, uniform

__all__ = ["flat", "hidden_classes", "leighton", "timetable"]


def hidden_classes(stream: np.random.PCG64, n: int, k: int) -> NDArray[np.int64]:
    """Deal n nodes at random to k classes; the first draw of every graph of this module.

    Returns
    -------
    ndarray of int64, shape (k, ceil(n / k))
        The nodes of each class; -1 at the end of a class that has one less than others.
    """
    width = -(-n // k)
    dealt = np.full(width * k, -1)
    dealt[:n] = permutations(stream, 1, n)[0]
    return dealt.reshape(width, k).T


def flat(n: int, k: int, p: float, seed: int = 0) -> ConflictGraph:
    """Flat graph: k hidden classes, and conflicts spread evenly over them.

    Each node has as many conflicts, within one or two, in each other class, so that no degree
    tells where a node belongs. As DIMACS ``flat300_28_0``: 300 nodes, 28 classes, p = 0.5
    (Culberson and Luo 1996, "Exploring the k-colorable landscape with iterated greedy").

    Parameters
    ----------
    n : int
        Nodes.
    k : int
        Hidden classes, 1 to n.
    p : float
        Share of the pairs of different classes that are in conflict, 0 to 1.
    seed : int
        The same seed gives the same graph, everywhere and always.

    Returns
    -------
    ConflictGraph
        Its chromatic number is at most k; less only by chance, where classes are large and p small.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many pairs.

    Notes
    -----
    Between two classes the conflicts are random diagonals of a square whose rows and columns are
    the nodes of the classes, shuffled: as each diagonal meets each row and column once, any
    number of whole ones gives all nodes the same degree. It takes O(n^2).

    Examples
    --------
    >>> flat(100, 10, 0.5, seed=1)
    ConflictGraph(num_nodes=100, conflicts=2250, weights=0)
    """
    n = checked_whole("number of nodes", n)
    k = checked_whole("k", k)
    p = checked_number("probability", p)
    if not 1 <= k <= n or not 0.0 <= p <= 1.0:
        raise InputError(f"a flat graph needs 1 <= k <= n and 0 <= p <= 1: n={n}, k={k}, p={p}")
    require_edges(n * (n - 1) // 2, f"a flat graph of n = {n}")
    stream = stream_of(seed)
    classes = hidden_classes(stream, n, k)
    width = classes.shape[1]
    found = [pairs([], [])]
    for one in range(k - 1):
        others = classes[one + 1 :]
        count = len(others)
        rank, row, column = (permutations(stream, count, width) for _ in range(3))
        wanted = np.floor(p * (width * width) + uniform(stream, count, 1, 1))
        diagonal = (row[:, :, None] + column[:, None, :]) % width
        place = rank[np.arange(count)[:, None, None], diagonal] * width + row[:, :, None]
        other, u, v = np.nonzero(place < wanted)
        found.append(pairs(classes[one, u], others[other, v]))
    edges = np.concatenate(found)
    return ConflictGraph.from_edges(n, edges[(edges >= 0).all(axis=1)])


def leighton(n: int, k: int, num_cliques: int, seed: int = 0) -> ConflictGraph:
    """Leighton graph: random cliques over k hidden classes, one of them of k nodes.

    As DIMACS ``le450_15c`` (Leighton 1979, "A graph coloring algorithm for large scheduling
    problems"): a clique takes at most one node of each class.

    Parameters
    ----------
    n : int
        Nodes.
    k : int
        Hidden classes, 2 to n.
    num_cliques : int
        Cliques, at least 1. The first has k nodes, the others 2 to k at random.
    seed : int
        The same seed gives the same graph, everywhere and always.

    Returns
    -------
    ConflictGraph
        Its chromatic number is k.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        The cliques would have too many nodes and edges.

    Examples
    --------
    >>> leighton(100, 5, 100, seed=1)
    ConflictGraph(num_nodes=100, conflicts=475, weights=0)
    """
    n, k = checked_whole("number of nodes", n), checked_whole("k", k)
    num_cliques = checked_whole("number of cliques", num_cliques)
    if not 2 <= k <= n or num_cliques < 1:
        raise InputError(
            "a Leighton graph needs 2 <= k <= n and a clique: "
            f"n={n}, k={k}, num_cliques={num_cliques}"
        )
    require_edges(
        n + num_cliques * k * k, f"a Leighton graph of {num_cliques} cliques in {k} classes"
    )
    stream = stream_of(seed)
    classes = hidden_classes(stream, n, k)
    sizes = 2 + below(uniform(stream, num_cliques), k - 1)
    sizes[0] = k
    nodes = _across(classes, permutations(stream, num_cliques, k), uniform(stream, num_cliques, k))
    nodes[np.arange(k) >= sizes[:, None]] = -1
    edges = cliques(nodes)
    return ConflictGraph.from_edges(n, edges[(edges >= 0).all(axis=1)])


def timetable(exams: int, students: int, periods: int, load: int, seed: int = 0) -> ConflictGraph:
    """Timetabling graph: exams, in conflict if a student sits both.

    As DIMACS ``school1`` and the examination graphs of Carter, Laporte and Lee (1996, "Examination
    timetabling: algorithmic strategies and applications"): each student is a clique, and few exams
    are popular. A hidden timetable is free of conflicts.

    Parameters
    ----------
    exams : int
        Nodes.
    students : int
        Cliques, not negative.
    periods : int
        Periods of the hidden timetable, 1 to `exams`.
    load : int
        Exams of each student, all in different periods: 1 to `periods`.
    seed : int
        The same seed gives the same graph, everywhere and always.

    Returns
    -------
    ConflictGraph
        Its chromatic number is `load` (if there are students) to `periods`, so known where they
        are the same.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        The students would have too many exams.

    Examples
    --------
    >>> timetable(80, 200, 10, 5, seed=1)
    ConflictGraph(num_nodes=80, conflicts=1194, weights=0)
    """
    exams = checked_whole("number of exams", exams)
    students = checked_whole("number of students", students)
    periods, load = checked_whole("number of periods", periods), checked_whole("load", load)
    if not 1 <= load <= periods <= exams or students < 0:
        raise InputError(
            "a timetable needs 1 <= load <= periods <= exams and no negative number of students: "
            f"exams={exams}, students={students}, periods={periods}, load={load}"
        )
    require_edges(exams + students * periods * load, f"a timetable of {students} students")
    stream = stream_of(seed)
    classes = hidden_classes(stream, exams, periods)
    order = permutations(stream, students, periods)[:, :load]
    drawn = uniform(stream, students, load)
    # Squared, draws gather at the front of a class: those exams are popular.
    return ConflictGraph.from_edges(exams, cliques(_across(classes, order, drawn * drawn)))


def _across(
    classes: NDArray[np.int64], order: NDArray[np.int64], drawn: NDArray[np.float64]
) -> NDArray[np.int64]:
    """One node of each class in `order`, chosen by a draw from [0, 1); all shapes alike."""
    sizes = np.count_nonzero(classes >= 0, axis=1)
    return classes[order, below(drawn, sizes[order])]
