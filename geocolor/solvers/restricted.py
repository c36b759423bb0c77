r"""Precoloring and list coloring as plain coloring, so that every solver can answer them.

Colors become nodes. Those that matter are joined into a clique, so that in any coloring each has a
class of its own, which is then given its number. A node fixed to a color is merged into the node
of that color; a node with a list is joined to the colors outside it. So the colorings of the
reduced graph are, up to the names of its classes, exactly those that keep to the restrictions:

- with fixed colors alone, only these become nodes, and the classes of the two graphs are the same
  in number: the fewest of the one are the fewest of the other;
- with lists, all colors of the palette become nodes, and as many classes are asked for.

The construction is folklore; see Jensen and Toft, "Graph Coloring Problems" (1995), section 1.9,
and Marx, "Graph colouring problems and their applications in scheduling" (2004).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import LimitError
from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem
from geocolor.solvers.info import Solver
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin

__all__ = ["Reduction", "reduce_to_plain", "run_restricted"]

# Conflicts that the palette may add: beyond, a list excludes too many colors to be written out.
_MOST_CONFLICTS = 30_000_000
_CLIQUE_WORK = 20_000_000


@dataclass(frozen=True, eq=False)
class Reduction:
    """A plain coloring problem whose answers are those of a restricted one.

    Attributes
    ----------
    plain : ColoringProblem
        Its last nodes are the colors.
    palette : ndarray of int64, shape (c,)
        The numbers of these colors.
    place : ndarray of int64, shape (num_nodes,)
        The node of the plain problem that each node has become.
    """

    plain: ColoringProblem
    palette: NDArray[np.int64]
    place: NDArray[np.int64]

    def lift(self, colors: NDArray[np.int32]) -> NDArray[np.int64]:
        """Give the classes of a plain coloring their numbers, and each node its color; O(n)."""
        numbers = np.full(int(colors.max(initial=-1)) + 1, -1, dtype=np.int64)
        numbers[colors[len(colors) - len(self.palette) :]] = self.palette
        free = np.flatnonzero(numbers < 0)
        taken = set(self.palette.tolist())
        unused = (number for number in count() if number not in taken)
        numbers[free] = [next(unused) for _ in free]
        lifted: NDArray[np.int64] = numbers[colors[self.place]]
        return lifted

    def lower(self, colors: NDArray[np.int32]) -> NDArray[np.int64]:
        """Make a plain coloring of one that keeps to the restrictions; inverse of :meth:`lift`."""
        lowered = np.empty(self.plain.graph.num_nodes, dtype=np.int64)
        lowered[self.place] = colors
        lowered[len(lowered) - len(self.palette) :] = self.palette
        return lowered


def reduce_to_plain(problem: ColoringProblem) -> Reduction:
    """Make a plain coloring problem of one with fixed colors or lists; O((n + c) c + m log m).

    Raises
    ------
    LimitError
        There are so many colors that their conflicts would not fit in memory.
    """
    graph, fixed, allowed = problem.graph, problem.fixed or {}, problem.allowed or {}
    palette = np.unique(_colors(problem))
    colors = len(palette)
    conflicts = colors * (colors - 1) // 2 + len(allowed) * colors
    if conflicts > _MOST_CONFLICTS:
        raise LimitError(
            f"{colors:,} colors and {len(allowed):,} lists would make {conflicts:,} conflicts of a "
            f"color with another or with a node; the limit is {_MOST_CONFLICTS:,}"
        )
    fixed_nodes = np.array(list(fixed), dtype=np.int64)
    free = np.ones(graph.num_nodes, dtype=np.bool_)
    free[fixed_nodes] = False
    place = np.cumsum(free) - 1
    first = int(free.sum())
    place[fixed_nodes] = first + np.searchsorted(palette, list(fixed.values()))
    parts = [
        place[graph.conflicts.edges()],
        first + np.stack(np.triu_indices(colors, 1), axis=1),
    ]
    for node, listed in allowed.items():
        if free[node]:
            outside = first + np.flatnonzero(~np.isin(palette, list(listed)))
            parts.append(np.stack([np.full(len(outside), place[node]), outside], axis=1))
    labels = [graph.label(node) for node in np.flatnonzero(free).tolist()]
    reduced = ConflictGraph.from_edges(
        first + colors,
        np.concatenate(parts),
        labels=[*labels, *_color_labels(palette.tolist(), set(labels))],
    )
    k = colors if allowed else problem.k
    return Reduction(ColoringProblem(reduced, k), palette, place)


def _colors(problem: ColoringProblem) -> list[int]:
    """Choose the colors that become nodes."""
    fixed, allowed = problem.fixed or {}, problem.allowed or {}
    named = {*fixed.values(), *(color for colors in allowed.values() for color in colors)}
    if allowed and problem.k is not None:
        # Colors that nothing names are all alike, and no more than the nodes without a list are
        # of any use.
        unlisted = problem.graph.num_nodes - len(allowed.keys() | fixed.keys())
        unnamed = (color for color in range(problem.k) if color not in named)
        named.update(color for color, _ in zip(unnamed, range(unlisted), strict=False))
    return list(named)


def _color_labels(palette: list[int], taken: set[str]) -> list[str]:
    """Names of the colors as nodes, for messages; none that a node has already."""
    prefix = "color "
    while any(f"{prefix}{color}" in taken for color in palette):
        prefix = f"the {prefix}"
    return [f"{prefix}{color}" for color in palette]


def run_restricted(run: Solver, problem: ColoringProblem, search: Search) -> Outcome | None:
    """Let a solver of plain coloring answer a question with fixed colors or lists.

    Parameters
    ----------
    run : Solver
        Takes coloring problems.
    problem : ColoringProblem
        The question.
    search : Search
        Where its answers go.

    Returns
    -------
    Outcome or None
        What the solver returned; a proof that there is no solution says which question it is of.
    """
    if problem.allowed is not None:
        # What the reduced graph tells of its own classes, the palette included, says nothing of
        # how many are needed.
        _, settled = begin(
            ColoringProblem(problem.graph, problem.k), search, clique_work=_CLIQUE_WORK
        )
        if settled is not None:
            return settled
    reduction = reduce_to_plain(problem)
    lift_bound = None if problem.allowed is not None else float
    inner = search.within(reduction.plain, reduction.lift, lift_bound)
    if search.coloring is not None:
        inner.offer(reduction.lower(search.coloring.colors))
    try:
        outcome = run(reduction.plain, inner)
    finally:
        search.refusal = search.refusal or inner.refusal
    if isinstance(outcome, Outcome) and outcome.infeasible:
        kept = "lists" if problem.fixed is None else "fixed colors"
        if problem.fixed is not None and problem.allowed is not None:
            kept = "fixed colors and lists"
        message = f"no coloring keeps to the {kept}"
        told = f"{message}; with the colors as nodes: {outcome.message}"
        return replace(outcome, message=told if outcome.message else message)
    return outcome
