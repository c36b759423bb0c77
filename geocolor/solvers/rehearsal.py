"""Small problems that call every kernel of a solver, so that it is compiled, or loaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from geocolor.bounds import cycle_lower_bounds, find_clique, share_lower_bound
from geocolor.graph import ConflictGraph, generators
from geocolor.graph.jit import compile_seconds
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    Problem,
)
from geocolor.solvers.budget import Budget
from geocolor.solvers.cliques import edge_clique_cover
from geocolor.solvers.orbits import OrbitSearch
from geocolor.solvers.registry import SOLVERS
from geocolor.solvers.removal import removal
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Search
from geocolor.solvers.set_partition.closing import cheapest_cover
from geocolor.solvers.solve import solve

__all__ = ["rehearse"]

# Of each problem: none needs as many, and compiling may take longer, but then it comes again.
_SECONDS, _ITERATIONS = 5.0, 5_000
# Those that choose among groups, if they have to.
_BY_GROUPS = ("auto", "set-partition")


def rehearse(solver: str, kind: str) -> None:
    """Solve small problems until no kernel has to be compiled for them any more.

    Parameters
    ----------
    solver : str
        A built-in solver.
    kind : str
        A kind of problem that it takes.

    Raises
    ------
    KeyboardInterrupt
        As a solve keeps its incumbent on Ctrl-C, but here nobody wants it.
    """
    for problem in _PROBLEMS[kind]():
        _until_compiled(partial(_solve, problem, solver))
    if solver in _BY_GROUPS and kind in SOLVERS["set-partition"].kinds:
        _until_compiled(_disjoint_groups)
    if solver == "auto":
        for act in _seldom(kind):
            _until_compiled(act)


def _until_compiled(act: Callable[[], None]) -> None:
    while True:
        before = compile_seconds()
        act()
        # What compiled may have been cut short by the clock, before the next kernel's turn.
        if compile_seconds() == before:
            return


def _solve(problem: Problem, solver: str) -> None:
    result = solve(problem, solver, time_limit=_SECONDS, workers=1, max_iterations=_ITERATIONS)
    if result.stop_reason is StopReason.INTERRUPT:
        raise KeyboardInterrupt


# None is settled by a clique or a greedy coloring: all parts of a solver have work. There are
# some with triangles and without, dense ones and sparse ones, and some too large for a table of
# all subsets.


def _colorings() -> list[Problem]:
    return [
        ColoringProblem(generators.mycielski(4)),
        ColoringProblem(generators.gnp(40, 0.5, seed=0)),
    ]


def _equitable() -> list[Problem]:
    return [EquitableColoringProblem(generators.gnp(40, 0.5, seed=0), 9)]


def _partitions() -> list[Problem]:
    return [
        PartitionProblem(generators.layers(8, seed=0), 4),
        PartitionProblem(generators.layers(24, seed=0, clusters=6), 6),
    ]


def _capacitated() -> list[Problem]:
    graph = generators.layers(24, seed=0, clusters=6)
    return [PartitionProblem(graph, 6, sizes=[1] * 24, capacity=5)]


def _group_partitions() -> list[Problem]:
    return [
        GroupPartitionProblem(graph, 4, NormalizedPairSum())
        for graph in (generators.layers(8, seed=0), generators.layers(24, seed=0, clusters=6))
    ]


def _clusterings() -> list[Problem]:
    return [CorrelationClusteringProblem(_signed(8)), CorrelationClusteringProblem(_signed(30))]


_PROBLEMS: dict[str, Callable[[], list[Problem]]] = {
    "coloring": _colorings,
    "equitable": _equitable,
    "partition": _partitions,
    "capacitated-partition": _capacitated,
    "group-partition": _group_partitions,
    "correlation": _clusterings,
}


def _signed(nodes: int) -> ConflictGraph:
    """All pairs weighted, some of them attracting."""
    weights = np.random.default_rng(0).integers(-5, 6, size=(nodes, nodes)).astype(float)
    upper = np.triu(weights, 1)
    return ConflictGraph.from_dense(upper + upper.T)


def _ring(nodes: int) -> ConflictGraph:
    ends = np.arange(nodes)
    pairs = np.stack([ends, (ends + 1) % nodes], axis=1)
    return ConflictGraph.from_edges(nodes, pairs, np.ones(nodes))


# What only larger problems make `auto` call.


def _large_coloring() -> None:
    # Fewer classes cannot do, so that it gets as far as emptying one.
    ends = [(node, (node + 1) % 5) for node in range(5)]
    graph = ConflictGraph.from_edges(5, conflicts=ends)
    colors = np.array([0, 1, 0, 1, 2], dtype=np.int32)
    removal(graph.conflicts, colors, Budget(_search(ColoringProblem(graph))))


def _symmetric_coloring() -> None:
    problem = ColoringProblem(generators.rook(4, 4))
    search = _search(problem)
    search.offer(np.arange(16, dtype=np.int32))
    OrbitSearch(problem, search).cover(find_clique(problem.graph.conflicts), search.deadline)


def _search(problem: Problem) -> Search:
    return Search(
        problem,
        started=time.monotonic(),
        time_limit=_SECONDS,
        seed=0,
        workers=1,
        max_iterations=_ITERATIONS,
    )


def _sparse(nodes: int, degree: int = 4) -> ConflictGraph:
    """Few weights a node, half of them attracting."""
    random = np.random.default_rng(0)
    ends = random.integers(nodes, size=(nodes * degree // 2, 2))
    pairs = np.unique(np.sort(ends, axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return ConflictGraph.from_edges(nodes, pairs, random.choice([-2.0, 3.0], size=len(pairs)))


def _covered_conflicts() -> None:
    problem = ColoringProblem(generators.mycielski(4))
    edge_clique_cover(problem.graph.conflicts, _search(problem))


def _disjoint_groups() -> None:
    # Where the linear program leaves no gap, there is nothing to choose from.
    groups = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=np.bool_)
    cheapest_cover(groups, np.ones(3, dtype=np.int64), 3, 0, 5, lambda: False)


def _packed_cycles() -> None:
    for _ in cycle_lower_bounds(_sparse(60)):
        pass


def _shared_classes() -> None:
    share_lower_bound(_signed(12), 3, lambda: False)


def _seldom(kind: str) -> list[Callable[[], None]]:
    """Parts of `auto` for a kind of problem, on their own."""
    sparse = ColoringProblem(generators.gnp(60, 0.1, seed=0))
    if kind == "coloring":
        return [
            _large_coloring,
            _symmetric_coloring,
            *(partial(_solve, sparse, name) for name in ("tabucol", "partialcol")),
            # Alone: `auto` may have settled these before a method has its turn.
            *(
                partial(_solve, problem, name)
                for name in ("columns", "memetic")
                for problem in _colorings()
            ),
            _covered_conflicts,
        ]
    if kind == "partition":
        # More clusters than a matrix holds; dense enough for a matrix of pairs, a table of prices,
        # or neither.
        graphs = (_signed(60), _sparse(240, 60), _sparse(60))
        return [
            partial(_solve, PartitionProblem(_ring(6_000), 2), "gaec"),
            *(partial(_solve, PartitionProblem(graph, 4), "spectral") for graph in graphs),
            # What repairs conflicts where there are too few classes.
            *(partial(_solve, problem, "tabucol") for problem in (*_colorings(), sparse)),
            _packed_cycles,
            _shared_classes,
            _covered_conflicts,
        ]
    if kind == "correlation":
        graphs = (_signed(60), _sparse(240, 60), _sparse(60))
        dense, middling, thin = map(CorrelationClusteringProblem, graphs)
        return [
            *(partial(_solve, problem, "spectral") for problem in (dense, middling)),
            *(partial(_solve, thin, name) for name in ("spectral", "gaec")),
            _packed_cycles,
            _covered_conflicts,
        ]
    # CP-SAT has the last word on all others.
    return [_covered_conflicts]
