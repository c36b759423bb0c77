"""DSATUR as a branch and bound: proofs for small graphs, by trying everything."""

from __future__ import annotations

import numpy as np

from geocolor.bounds import Clique
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.fixed_k import table_fits
from geocolor.solvers.kernels.branching import branching_chunk, branching_start
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin
from geocolor.wording import counted

__all__ = ["prove_by_dsatur", "solve_dsatur_exact"]

# Bitset words for the clique search: it is the root of the tree, and worth a second.
_CLIQUE_WORK = 1_000_000_000
# Entries that the kernel may read in one call: some 30 ms.
_CHUNK = 10_000_000
# One choice of a node may look at all pairs: some 20 ms.
_MOST_NODES = 2048


def solve_dsatur_exact(problem: Problem, search: Search) -> Outcome:
    """Color by DSATUR, then go through all colorings that may be better.

    Parameters
    ----------
    problem : ColoringProblem
        With `k`, the first coloring with at most k classes answers it.
    search : Search
        Where incumbents and the proof go. A branch is one of its iterations.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled, or the graph is too large.
    """
    assert isinstance(problem, ColoringProblem)  # noqa: S101  the registry sees to it
    clique, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    greedy = dsatur(problem.graph.conflicts, search)
    if greedy is None:
        return Outcome(StopReason.TIME, message="the time ended before every node had a color")
    if int(greedy[0].max()) < problem.max_colors:
        search.offer(greedy[0])
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    return prove_by_dsatur(problem, search, clique, Budget(search))


def prove_by_dsatur(
    problem: ColoringProblem, search: Search, clique: Clique, budget: Budget
) -> Outcome:
    """Look for fewer classes by branch and bound; the end of the search is the proof.

    Each node of the search tree gives one graph node the colors in use around it that are free,
    and one new color. The node is the one that sees most colors; of several, the one that shares
    most free colors with the others. Others may report to the search meanwhile: what they find
    cuts the tree as well. Exponential time, O(n (n + k)) memory.

    Brélaz, "New methods to color the vertices of a graph", Communications of the ACM 22 (1979);
    San Segundo, "A new DSATUR-based algorithm for exact vertex coloring", Computers & OR 39 (2012).

    Parameters
    ----------
    problem : ColoringProblem
        The question; at least one node.
    search : Search
        Gets every better coloring, and the bound once everything was tried.
    clique : Clique
        Nodes whose colors are given beforehand.
    budget : Budget
        What may be spent; a branch is an iteration.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled, or the graph is too large.
    """
    adjacency = problem.graph.conflicts
    count = adjacency.num_nodes
    limit = problem.max_colors + 1 if search.objective is None else int(search.objective)
    if count > _MOST_NODES or not table_fits(count, limit):
        return Outcome(
            StopReason.COMPLETED, message="the graph is too large for DSATUR branch and bound"
        )
    rows = np.zeros((count, (count + 63) // 64), dtype=np.uint64)
    colors = np.full(count, -1, dtype=np.int32)
    beside = np.zeros((count, limit), dtype=np.int16)
    free = np.full((count, limit // 64 + 1), ~np.uint64(0))
    saturation = np.zeros(count, dtype=np.int32)
    path = np.empty(count, dtype=np.int32)
    opened = np.empty(count + 1, dtype=np.int32)
    best_colors = np.empty(count, dtype=np.int32)
    # One node at least is left to branch on, and no more colors are given than may be used.
    given = clique.nodes[: min(count, limit) - 1]
    root = len(given)
    branching_start(
        adjacency.indptr,
        adjacency.indices,
        rows,
        given,
        colors,
        beside,
        free,
        saturation,
        path,
        opened,
        limit,
    )
    depth = root
    while depth >= root:
        if budget.over():
            return Outcome(budget.reason())
        if search.objective is not None:
            limit = min(limit, int(search.objective))
        before = limit
        depth, limit, visited = branching_chunk(
            adjacency.indptr,
            adjacency.indices,
            rows,
            colors,
            beside,
            free,
            saturation,
            path,
            opened,
            best_colors,
            root,
            depth,
            limit,
            budget.iterations_left,
            _CHUNK,
        )
        budget.spend(visited)
        if limit < before:
            search.offer(best_colors)
    if limit > problem.max_colors:
        return Outcome(
            StopReason.COMPLETED,
            infeasible=True,
            message=f"{counted(problem.max_colors, 'class')} cannot do: "
            "DSATUR branch and bound tried all",
        )
    search.raise_lower_bound(float(limit))
    return Outcome(StopReason.COMPLETED)
