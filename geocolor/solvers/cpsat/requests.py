"""What the parent computes before CP-SAT: size, formulation, cliques, order, hint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique, least_inside_pairs
from geocolor.graph import Adjacency
from geocolor.problem import ColoringProblem, PartitionProblem, Problem
from geocolor.solvers.cliques import edge_clique_cover, order_around
from geocolor.solvers.memory import too_much
from geocolor.solvers.process.arrays import packed
from geocolor.solvers.scaling import Scaled
from geocolor.solvers.search import Search

__all__ = [
    "MOST_LITERALS",
    "Request",
    "coloring_request",
    "estimate",
    "packing_request",
    "refusal",
    "weighted_request",
]

# Literals a model may have: some 1.5 GB and 20 s of building.
MOST_LITERALS = 6_000_000
# Bytes that a literal takes by the time it is solved, the parent's description included.
_LITERAL_BYTES = 250


@dataclass(frozen=True)
class Request:
    """A model to ask for.

    Attributes
    ----------
    model : dict
        What :func:`geocolor.solvers.cpsat.models.build` takes; empty if it would be too large.
    literals : int
        Estimated size.
    """

    model: dict[str, Any]
    literals: int


def refusal(literals: int) -> str | None:
    """Say why a model of so many literals is not built; None if it may be."""
    if literals > MOST_LITERALS:
        return f"a CP-SAT model would have {literals:,} literals; the limit is {MOST_LITERALS:,}"
    return too_much(_LITERAL_BYTES * literals, "a CP-SAT model", fresh=True)


def estimate(problem: Problem) -> int:
    """Estimate the literals of the smallest model from the graph's size alone, before any work.

    A coloring is estimated with the fewest classes it may need, one more than the average degree
    allows; its request counts again.
    """
    count, edges = problem.graph.num_nodes, problem.graph.conflicts.num_edges
    if isinstance(problem, ColoringProblem):
        classes = min(problem.max_colors, count)
        # No clique cover has fewer literals than nodes, and it seldom has less than a third of
        # the edges.
        return (count + edges // 3) * (classes if problem.k is not None else 2)
    if _capacitated(problem):
        return _assignment_literals(problem)
    return min(_edge_literals(problem), _assignment_literals(problem))


def _capacitated(problem: Problem) -> bool:
    return isinstance(problem, PartitionProblem) and problem.capacity is not None


def _edge_literals(problem: Problem) -> int:
    count = problem.graph.num_nodes
    return 3 * 3 * math.comb(count, 3)


def _assignment_literals(problem: Problem) -> int:
    graph = problem.graph
    if not isinstance(problem, PartitionProblem):
        return MOST_LITERALS + 1 + _edge_literals(problem)
    classes = min(problem.k, graph.num_nodes)
    return classes * (graph.num_nodes + 4 * graph.weights.num_edges + graph.conflicts.num_edges)


def _base(
    problem: Problem, clique: Clique, most: int, hint: NDArray[np.int32] | None
) -> dict[str, Any]:
    conflicts = problem.graph.conflicts
    return {
        "num_nodes": problem.graph.num_nodes,
        "max_colors": most,
        "clique": clique.nodes.tolist(),
        "order": order_around(conflicts, clique.nodes).tolist(),
        "hint": None if hint is None else hint.tolist(),
    }


def coloring_request(
    problem: ColoringProblem,
    search: Search,
    clique: Clique,
    most: int,
    *,
    minimize: bool,
    hint: NDArray[np.int32] | None = None,
) -> Request | None:
    """Ask for at most `most` classes; None if time runs out.

    Parameters
    ----------
    problem : ColoringProblem
        The question.
    search : Search
        The clock.
    clique : Clique
        Its nodes take the first classes.
    most : int
        Classes to model.
    minimize : bool
        Ask for the fewest; otherwise any coloring will do.
    hint : ndarray, optional
        A coloring near a solution.
    """
    cover = edge_clique_cover(problem.graph.conflicts, search)
    if cover is None:
        return None
    literals = most * (problem.graph.num_nodes + len(cover[0]))
    if literals > MOST_LITERALS:
        return Request({}, literals)
    model = _base(problem, clique, most, hint)
    model.update(
        formulation="coloring",
        conflicts=_around(problem.graph.conflicts, clique),
        cover=[packed(part) for part in cover],
        minimize=minimize,
    )
    return Request(model, literals)


def _around(conflicts: Adjacency, clique: Clique) -> list[list[int]]:
    """Edges that touch the clique; the cover says the rest."""
    edges = conflicts.edges()
    inside = np.zeros(conflicts.num_nodes, dtype=np.bool_)
    inside[clique.nodes] = True
    touching: list[list[int]] = edges[inside[edges].any(axis=1)].tolist()
    return touching


def packing_request(problem: PartitionProblem, search: Search, clique: Clique) -> Request | None:
    """Ask for any partition within the capacity, weights aside; None if time runs out."""
    most = min(problem.k, problem.graph.num_nodes)
    plain = ColoringProblem(problem.graph, most)
    request = coloring_request(plain, search, clique, most, minimize=False)
    if request is not None and request.model:
        request.model.update(_loads(problem))
    return request


def _loads(problem: Problem) -> dict[str, Any]:
    """Sizes and capacity, where there is one."""
    if not isinstance(problem, PartitionProblem) or problem.sizes is None:
        return {}
    return {"node_sizes": problem.sizes.tolist(), "capacity": problem.capacity}


def weighted_request(
    problem: Problem,
    search: Search,
    clique: Clique,
    scaled: Scaled,
    hint: NDArray[np.int32] | None,
) -> Request | None:
    """Ask for least weight inside classes; None if time runs out.

    The edge model wherever it fits: measured, its relaxation closes what the assignment model
    leaves open for minutes. With a capacity the assignment model is mostly the faster one.
    """
    graph = problem.graph
    most = min(problem.max_colors, graph.num_nodes)
    hard = set(map(tuple, graph.conflicts.edges().tolist()))
    weights = [
        [*pair, weight]
        for pair, weight in zip(
            graph.weights.edges().tolist(), scaled.integers.tolist(), strict=True
        )
        if weight and tuple(pair) not in hard
    ]
    model = _base(problem, clique, most, hint)
    model.update(_loads(problem))
    if not _capacitated(problem) and _edge_literals(problem) <= MOST_LITERALS:
        model.update(
            formulation="edges",
            conflicts=graph.conflicts.edges().tolist(),
            weights=weights,
            least_pairs=least_inside_pairs(graph.num_nodes, most),
        )
        return Request(model, _edge_literals(problem))
    cover = edge_clique_cover(graph.conflicts, search)
    if cover is None:
        return None
    model.update(
        formulation="assignment",
        conflicts=_around(graph.conflicts, clique),
        weights=weights,
        cover=[packed(part) for part in cover],
    )
    return Request(model, _assignment_literals(problem))
