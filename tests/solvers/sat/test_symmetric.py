from __future__ import annotations

import time

import networkx as nx
import numpy as np
import pytest
from pysat.solvers import Cadical195

from geocolor.bounds import find_clique
from geocolor.graph import gnp, queen
from geocolor.problem import ColoringProblem, check
from geocolor.solvers import Status, solve
from geocolor.solvers.sat.encodings import Graph, symmetric
from geocolor.solvers.sat.symmetric import SymmetricSearch, symmetries
from geocolor.solvers.search import Search

NOBODY = np.empty(0, dtype=np.int32)


@pytest.mark.parametrize("size", [5, 7])
def test_what_the_formula_says(size: int) -> None:
    adjacency = queen(size, size).conflicts
    full = NOBODY.reshape(0, size)
    graph = Graph(adjacency.num_nodes, adjacency.edges(), NOBODY, NOBODY, full)
    answers = 0
    for group in symmetries(adjacency):
        for palettes in group.palettes(size):
            images = [image.astype(np.int32) for image in group.images]
            formula = symmetric(graph, size, images, [p.astype(np.int32) for p in palettes])
            with Cadical195() as solver:
                for block in formula.blocks:
                    for clause in block.tolist():
                        solver.add_clause(clause)
                if not solver.solve():
                    continue
                colors = formula.colors(solver.get_model())
            answers += 1
            edges = adjacency.edges()
            assert (colors[edges[:, 0]] != colors[edges[:, 1]]).all()
            for image, palette in zip(images, palettes, strict=True):
                # A node may have several colors by the formula, of which the first counts.
                chosen = np.asarray(formula.x)[image][:, palette]
                assert np.array_equal(chosen, formula.x)
    assert answers


def test_groups_are_groups_and_palettes_fit_them() -> None:
    adjacency = queen(8, 8).conflicts
    found = symmetries(adjacency)
    assert [group.order for group in found] == sorted(
        (group.order for group in found), reverse=True
    )
    for group in found:
        for palettes in group.palettes(9):
            for image, palette in zip(group.images, palettes, strict=True):
                assert sorted(palette.tolist()) == list(range(9))
                # Doing both as often as the image needs to come back brings the colors back.
                nodes, colors = image, palette
                while not np.array_equal(nodes, np.arange(64)):
                    nodes, colors = image[nodes], palette[colors]
                assert np.array_equal(colors, np.arange(9))


def test_queen12_has_twelve_colors_in_a_moment() -> None:
    problem = ColoringProblem(queen(12, 12))
    search = Search(problem, started=time.monotonic(), time_limit=60, seed=0, workers=1)
    clique = find_clique(problem.graph.conflicts)
    search.raise_lower_bound(len(clique))
    SymmetricSearch(problem, search, clique).run()
    assert search.objective == 12
    assert check(problem, search.coloring).num_colors == 12


def test_without_symmetries_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("no worker is needed")

    monkeypatch.setattr("geocolor.solvers.sat.symmetric._refuted", refuse)
    problem = ColoringProblem(gnp(60, 0.4, seed=1))
    search = Search(problem, started=time.monotonic(), time_limit=20, seed=0, workers=1)
    SymmetricSearch(problem, search, find_clique(problem.graph.conflicts)).run()
    assert search.coloring is None


def test_a_search_goes_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, object]] = []

    def note(request: dict[str, object], _: Search, until: float) -> bool:
        asked.append((request["seed"], request["conflicts"]))
        # The first is refuted; the second takes what is left of its turn.
        while len(asked) == 2 and time.monotonic() < until:
            time.sleep(0.001)
        return len(asked) == 1

    monkeypatch.setattr("geocolor.solvers.sat.symmetric._refuted", note)
    problem = ColoringProblem(queen(5, 5))
    search = Search(problem, started=time.monotonic(), time_limit=60, seed=0, workers=1)
    symmetric_search = SymmetricSearch(problem, search, find_clique(problem.graph.conflicts))
    symmetric_search.run(time.monotonic() + 3)
    assert len(asked) == 2
    groups = symmetries(problem.graph.conflicts)
    questions = sum(len(list(group.palettes(5))) for group in groups) - 1
    symmetric_search.run()
    # Two of the first round were asked before, one of them for good; groups of two wait their turn.
    assert {seed for seed, _ in asked} == set(range(32))
    assert [conflicts for _, conflicts in asked] == sorted(conflicts for _, conflicts in asked)
    assert asked.count((2, 60_000)) == questions


def test_that_no_symmetric_coloring_exists_proves_nothing(oracle) -> None:
    # Odd cycles: two colors are impossible, and the bound stays where it was.
    problem = ColoringProblem(oracle.plain(nx.cycle_graph(9)))
    search = Search(problem, started=time.monotonic(), time_limit=20, seed=0, workers=1)
    search.raise_lower_bound(2)
    SymmetricSearch(problem, search, find_clique(problem.graph.conflicts)).run()
    assert (search.lower_bound, search.coloring) == (2, None)
    # The first solve of a machine compiles kernels.
    assert solve(problem, time_limit=120).status is Status.OPTIMAL
