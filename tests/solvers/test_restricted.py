"""Precoloring and list coloring, by every solver, against all assignments of colors."""

from __future__ import annotations

from itertools import combinations, product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.errors import InputError, LimitError, WrongAnswerError
from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem, Problem, check
from geocolor.solvers import SOLVERS, Outcome, Search, Status, StopReason, solve
from geocolor.solvers.restricted import reduce_to_plain, run_restricted

NAMES = [name for name, info in SOLVERS.items() if "coloring" in info.kinds]


@st.composite
def problems(draw: st.DrawFn) -> ColoringProblem:
    """Small graphs with fixed colors, lists, both, and with or without k."""
    count = draw(st.integers(1, 6))
    pairs = list(combinations(range(count), 2))
    graph = ConflictGraph.from_edges(count, [pair for pair in pairs if draw(st.booleans())])
    k = draw(st.sampled_from([None, 2, 3, 4]))
    colors = st.integers(0, 4 if k is None else k - 1)
    nodes = st.integers(0, count - 1)
    allowed = draw(st.dictionaries(nodes, st.sets(colors, min_size=1, max_size=3), max_size=count))
    fixed: dict[int, int] = {}
    for node, color in draw(st.dictionaries(nodes, colors, max_size=3)).items():
        near = {fixed.get(int(other)) for other in graph.conflicts.neighbors(node)}
        if color not in near and color in allowed.get(node, {color}):
            fixed[node] = color
    return ColoringProblem(graph, k, fixed, allowed)


def fewest(problem: ColoringProblem) -> int | None:
    """Fewest colors of all assignments that keep to the question; None if none does."""
    graph, fixed, allowed = problem.graph, problem.fixed or {}, problem.allowed or {}
    named = {*fixed.values(), *(color for colors in allowed.values() for color in colors)}
    if problem.k is not None:
        palette = set(range(problem.k))
    elif allowed:
        palette = named
    else:
        palette = named | set(range(5, 5 + graph.num_nodes))
    edges = graph.conflicts.edges().tolist()
    choices = [
        [fixed[node]] if node in fixed else sorted(allowed.get(node, palette))
        for node in range(graph.num_nodes)
    ]
    found = [
        len(set(colors))
        for colors in product(*choices)
        if all(colors[u] != colors[v] for u, v in edges)
    ]
    return min(found, default=None)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, derandomize=True)
@given(problem=problems())
def test_holds_against_brute_force(name: str, problem: ColoringProblem) -> None:
    best = fewest(problem)
    result = solve(problem, name, time_limit=20, workers=1, max_iterations=1000)
    if best is None:
        assert result.status in (Status.INFEASIBLE, Status.UNKNOWN)
        assert not SOLVERS[name].exact or result.status is Status.INFEASIBLE
        return
    assert result.status is not Status.INFEASIBLE
    assert result.lower_bound is None or result.lower_bound <= best
    if result.coloring is not None:
        assert check(problem, result.coloring).objective == result.objective
        assert result.status is not Status.OPTIMAL or result.objective == best
    if SOLVERS[name].exact:
        assert result.coloring is not None
        assert problem.any_answers or result.status is Status.OPTIMAL


@settings(max_examples=60, derandomize=True)
@given(problem=problems(), seed=st.integers(0, 99))
def test_lift_undoes_lower(problem: ColoringProblem, seed: int) -> None:
    if not problem.is_restricted or fewest(problem) is None:
        return
    colors = solve(problem, "cpsat", workers=1, seed=seed).coloring
    assert colors is not None
    reduction = reduce_to_plain(problem)
    lowered = reduction.lower(colors.colors)
    check(reduction.plain, lowered)
    classes = np.unique(lowered, return_inverse=True)[1].astype(np.int32)
    check(problem, reduction.lift(classes))


def sudoku(box: int) -> ConflictGraph:
    """Cells of a board, in conflict if they share a row, a column or a box."""
    size = box * box
    row, column = np.divmod(np.arange(size * size), size)
    block = row // box * box + column // box
    same = np.logical_or.reduce([part[:, None] == part for part in (row, column, block)])
    return ConflictGraph.from_edges(size * size, np.argwhere(np.triu(same, 1)))


def clues(text: str) -> dict[int, int]:
    return {cell: int(digit) - 1 for cell, digit in enumerate(text) if digit != "."}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1..4.........32.", "1234341221434321"),
        (  # A puzzle of Arto Inkala's.
            "8..........36......7..9.2...5...7.......457.....1...3...1....68..85...1..9....4..",
            "812753649943682175675491283154237896369845721287169534521974368438526917796318452",
        ),
    ],
)
@pytest.mark.parametrize("name", ["auto", "cpsat"])
def test_sudoku(name: str, text: str, answer: str) -> None:
    size = round(len(text) ** 0.5)
    graph, given_ = sudoku(round(size**0.5)), clues(text)
    lists = {cell: [given_[cell]] if cell in given_ else range(size) for cell in range(len(text))}
    for problem in (
        ColoringProblem(graph, size, given_),
        ColoringProblem(graph, fixed=given_),
        ColoringProblem(graph, size, allowed=lists),
    ):
        result = solve(problem, name, workers=1, time_limit=60, max_iterations=2000)
        assert result.coloring is not None
        assert "".join(str(color + 1) for color in result.coloring.colors) == answer


def test_a_sudoku_without_an_answer_is_proven_so() -> None:
    # The first cell of the second row sees all four digits.
    result = solve(ColoringProblem(sudoku(2), 4, clues("12...34.........")), "auto", workers=1)
    assert result.status is Status.INFEASIBLE
    assert result.message.startswith("no coloring keeps to the fixed colors; ")


@pytest.mark.parametrize("name", NAMES)
def test_the_even_theta_graph_is_two_choosable_and_k24_with_bad_lists_is_not(name: str) -> None:
    graph = ConflictGraph.from_edges(6, [(u, v) for u in (0, 1) for v in (2, 3, 4, 5)])
    # The four other nodes forbid the four pairs of colors that 0 and 1 may have.
    pairs = list(product((0, 1), (2, 3)))
    lists = {0: (0, 1), 1: (2, 3)} | {2 + at: pair for at, pair in enumerate(pairs)}
    result = solve(ColoringProblem(graph, allowed=lists), name, workers=1, max_iterations=2000)
    assert result.status in (Status.INFEASIBLE, Status.UNKNOWN)
    assert result.status is Status.INFEASIBLE or not SOLVERS[name].exact
    if result.status is Status.INFEASIBLE:
        assert result.message.startswith("no coloring keeps to the lists")


def test_k23_is_two_choosable() -> None:
    graph = ConflictGraph.from_edges(5, [(u, v) for u in (0, 1) for v in (2, 3, 4)])
    pairs = list(combinations(range(4), 2))
    rng = np.random.default_rng(0)
    for _ in range(15):
        lists = {node: pairs[rng.integers(len(pairs))] for node in range(5)}
        result = solve(ColoringProblem(graph, allowed=lists), "cpsat", workers=1)
        assert result.coloring is not None, lists


def test_numbers_reach_the_result_and_free_nodes_take_the_lowest_left() -> None:
    path = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], labels="abc")
    result = solve(ColoringProblem(path, fixed={"a": 5, "b": 0}), "dsatur")
    assert (result.status, result.num_colors) == (Status.OPTIMAL, 2)
    assert result.coloring is not None
    assert result.coloring.colors.tolist() == [5, 0, 5]
    result = solve(ColoringProblem(path, fixed={"a": 0, "c": 2}), "dsatur")
    assert result.coloring is not None
    assert result.coloring.colors.tolist() == [0, 1, 2]
    assert result.options["restricted"]


def test_an_initial_coloring_is_checked_and_used() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)])
    problem = ColoringProblem(graph, allowed={0: [4], 1: [2, 9]})
    with pytest.raises(InputError, match="node 0 has color 2, but is allowed only 4"):
        solve(problem, initial=[2, 9, 4])
    result = solve(problem, "tabucol", initial=[4, 9, 2], max_iterations=10)
    assert result.coloring is not None
    assert result.coloring.colors.tolist() == [4, 9, 2]


def test_colors_nobody_names_cost_nothing() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2), (0, 2)])
    problem = ColoringProblem(graph, 1_000_000, allowed={0: [999_999], 1: [999_999, 3]})
    assert len(reduce_to_plain(problem).palette) == 3
    assert solve(problem, "cpsat", workers=1).coloring is not None


def test_too_many_colors_are_refused() -> None:
    graph = ConflictGraph.from_edges(1)
    with pytest.raises(LimitError, match="10,000 colors and 1 lists"):
        solve(ColoringProblem(graph, allowed={0: range(10_000)}), "dsatur")


def test_a_clique_is_told_in_the_terms_of_the_question() -> None:
    star = ConflictGraph.from_edges(3, [(0, 1), (0, 2)], labels=["hub", "color 1", "leaf"])
    result = solve(ColoringProblem(star, 2, fixed={"color 1": 0, "leaf": 1}), "dsatur")
    assert result.status is Status.INFEASIBLE
    assert "fixed colors; with the colors as nodes: 2 classes cannot do" in result.message
    assert "hub" in result.message
    assert "color 0" in result.message


def test_a_wrong_answer_that_a_solver_hides_is_still_refused() -> None:
    def hides(problem: Problem, search: Search) -> Outcome:
        with pytest.raises(WrongAnswerError):
            search.offer(np.zeros(problem.graph.num_nodes, dtype=np.int64))
        return Outcome(StopReason.COMPLETED)

    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)])
    problem = ColoringProblem(graph, fixed={0: 1})
    search = Search(problem, started=0.0, time_limit=None, seed=0, workers=1)
    run_restricted(hides, problem, search)
    assert search.refusal is not None


@pytest.mark.parametrize("fixed", [{}, {0: 3}])
def test_networkx_agrees_that_the_lists_of_a_cycle_hold(fixed: dict[int, int]) -> None:
    cycle = nx.cycle_graph(7)
    graph = ConflictGraph.from_networkx(cycle)
    lists = {node: [node % 3, 3] for node in cycle}
    result = solve(ColoringProblem(graph, fixed=fixed, allowed=lists), "auto", workers=1)
    assert result.coloring is not None
    colors = result.coloring.colors
    assert all(colors[u] != colors[v] for u, v in cycle.edges())
    assert all(colors[node] in lists[node] for node in cycle)
