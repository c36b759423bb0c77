"""Every coloring solver on odd and random graphs: checked answers, true bounds, no exception."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem, check
from geocolor.solvers import Status, solve
from geocolor.solvers.registry import SOLVERS

COLORING = [info for info in SOLVERS.values() if "coloring" in info.kinds]


def shape(number: int) -> tuple[int, list[tuple[int, int]]]:
    """One of the odd shapes, or a random graph; nodes and edges."""
    rng = np.random.default_rng(number)
    count = int(rng.integers(0, 13))
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    match number % 9:
        case 0:
            return count, []
        case 1:
            return count, pairs
        case 2:  # bipartite
            half = count // 2
            return count, [(i, j) for i, j in pairs if i < half <= j and rng.random() < 0.6]
        case 3:  # two components that do not know of each other
            half = count // 2
            return count, [(i, j) for i, j in pairs if (i < half) == (j < half)]
        case 4:  # edges given twice, and in both directions
            some = [pair for pair in pairs if rng.random() < 0.5]
            return count, [*some, *some, *((j, i) for i, j in some)]
        case 5:
            return 1, []
        case 6:  # a star and what is left alone
            return count, [(0, j) for j in range(1, count - 1)]
        case _:
            density = rng.random()
            return count, [pair for pair in pairs if rng.random() < density]


def chromatic_number(count: int, edges: list[tuple[int, int]]) -> int:
    near = nx.Graph(edges)
    near.add_nodes_from(range(count))

    def colorable(k: int) -> bool:
        colors: dict[int, int] = {}

        def extend(node: int) -> bool:
            if node == count:
                return True
            taken = {colors.get(other) for other in near[node]}
            for color in range(min(k, max(colors.values(), default=-1) + 2)):
                if color not in taken:
                    colors[node] = color
                    if extend(node + 1):
                        return True
                    del colors[node]
            return False

        return extend(0)

    return next(k for k in range(count + 1) if colorable(k))


def hold(name: str, exact: bool, numbers: range) -> None:
    for number in numbers:
        count, edges = shape(number)
        chromatic = chromatic_number(count, edges)
        problem = ColoringProblem(ConflictGraph.from_edges(count, conflicts=edges))
        result = solve(problem, name, time_limit=20, workers=1, seed=number, max_iterations=500)
        assert result.coloring is not None, number
        assert check(problem, result.coloring).objective == result.objective >= chromatic, number
        if result.lower_bound is not None:
            assert result.lower_bound <= chromatic, number
        if exact:
            assert result.status is Status.OPTIMAL, number
            assert result.objective == chromatic, number
        if number % 10 == 0:
            # Other names for the nodes, and the same question again.
            names = np.random.default_rng(number).permutation(count)
            renamed = ConflictGraph.from_edges(
                count, conflicts=names[np.array(edges, dtype=int).reshape(-1, 2)]
            )
            other = solve(ColoringProblem(renamed), name, time_limit=20, max_iterations=500)
            assert other.coloring is not None
            assert not exact or other.objective == chromatic
            again = solve(problem, name, time_limit=20, workers=1, seed=number, max_iterations=500)
            assert np.array_equal(again.coloring.colors, result.coloring.colors), number


@pytest.mark.parametrize("info", COLORING, ids=lambda info: info.name)
def test_a_few_random_graphs(info) -> None:
    # Columns count linear programs as iterations, and may need more than the budget has.
    hold(info.name, info.exact and info.name != "columns", range(54))


@pytest.mark.slow
@pytest.mark.parametrize("info", COLORING, ids=lambda info: info.name)
def test_two_thousand_random_graphs(info) -> None:
    hold(info.name, info.exact and info.name != "columns", range(2000))
