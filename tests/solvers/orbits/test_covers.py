from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest

from geocolor.bounds import find_clique
from geocolor.graph import ConflictGraph, gnp, queen
from geocolor.problem import ColoringProblem, check
from geocolor.solvers.budget import Budget
from geocolor.solvers.orbits import OrbitSearch, rotations
from geocolor.solvers.orbits.covers import CliqueCovers
from geocolor.solvers.search import Search


def grid(order: int) -> ConflictGraph:
    """Cells of a square, in conflict along rows and columns: any Latin square colors it."""
    cells = [(r, c) for r in range(order) for c in range(order)]
    edges = [
        (i, j)
        for (i, a), (j, b) in combinations(enumerate(cells), 2)
        if a[0] == b[0] or a[1] == b[1]
    ]
    return ConflictGraph.from_edges(len(cells), conflicts=edges)


def searched(problem: ColoringProblem) -> Search:
    search = Search(problem, started=time.monotonic(), time_limit=60, seed=0, workers=1)
    if problem.k is None:
        search.offer(np.arange(problem.graph.num_nodes, dtype=np.int32))
    return search


def covered(problem: ColoringProblem, search: Search, until: float = 60) -> str:
    clique = find_clique(problem.graph.conflicts)
    search.raise_lower_bound(len(clique))
    return OrbitSearch(problem, search).cover(clique, time.monotonic() + until)


@pytest.mark.parametrize("graph", [queen(12, 12), grid(4), grid(6)], ids=["board", "4", "6"])
def test_as_many_colors_as_the_largest_clique(graph: ConflictGraph) -> None:
    problem = ColoringProblem(graph)
    search = searched(problem)
    assert "every node once" in covered(problem, search)
    assert search.objective == search.lower_bound
    assert search.coloring is not None
    assert check(problem, search.coloring.colors).num_colors == search.objective


def test_the_number_of_classes_asked_for() -> None:
    problem = ColoringProblem(grid(6), 6)
    search = searched(problem)
    assert covered(problem, search)
    assert search.answered()


def test_a_symmetry_takes_each_class_to_another() -> None:
    graph = queen(12, 12)
    rotation = rotations(graph.conflicts)[0]
    clique = find_clique(graph.conflicts)
    budget = Budget(searched(ColoringProblem(graph)))
    colors = CliqueCovers(graph.conflicts, clique).find([rotation], budget)
    assert colors is not None
    image = np.empty(144, dtype=int)
    image[rotation.nodes] = np.roll(rotation.nodes, -1, axis=1)
    goes = {(int(colors[v]), int(colors[image[v]])) for v in range(144)}
    assert len(goes) == 12
    assert all(here != there for here, there in goes)


@pytest.mark.parametrize(
    "graph",
    [
        queen(5, 5),  # a middle square: no symmetry moves every node
        queen(10, 10),  # ten stable sets that hold every square do not exist
        gnp(40, 0.5, seed=3),  # no symmetry
        ConflictGraph.from_edges(8, conflicts=[(i, (i + 1) % 8) for i in range(8)] + [(0, 4)]),
        ConflictGraph.from_edges(0, conflicts=[]),
        ConflictGraph.from_edges(4, conflicts=[]),
    ],
    ids=["odd", "ten", "random", "ring", "empty", "no edges"],
)
def test_where_there_is_nothing_to_find_it_ends(graph: ConflictGraph) -> None:
    problem = ColoringProblem(graph)
    search = searched(problem)
    before = search.objective
    told = covered(problem, search)
    assert search.objective == (search.lower_bound if told else before)


def test_a_deadline_ends_it() -> None:
    problem = ColoringProblem(queen(14, 14))
    search = searched(problem)
    started = time.monotonic()
    covered(problem, search, 0.2)
    assert time.monotonic() - started < 5


def test_more_sets_than_fit_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geocolor.solvers.orbits.covers._SETS", 50)
    problem = ColoringProblem(queen(12, 12))
    assert covered(problem, searched(problem)) == ""


def test_an_unlucky_order_is_left_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geocolor.solvers.orbits.covers._ATTEMPT", 100)
    problem = ColoringProblem(queen(12, 12))
    assert covered(problem, searched(problem))
