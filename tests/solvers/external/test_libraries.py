"""networkx, igraph, rustworkx and gcol behind our interface."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from geocolor.errors import InputError, SolverError
from geocolor.graph import ConflictGraph, generators
from geocolor.problem import ColoringProblem, check
from geocolor.solvers import Status, StopReason, find_solver, solve
from geocolor.solvers.external import catalogue
from geocolor.solvers.external.peer import import_library, named_failures

INFOS = {
    info.name: info
    for info in (getattr(catalogue, name) for name in catalogue.__all__)
    if info.name != "head" and "coloring" in info.kinds
}
SEARCHES = ["gcol-tabucol", "gcol-partialcol", "gcol-hea"]


@pytest.fixture(autouse=True)
def installed(request: pytest.FixtureRequest) -> None:
    for library in ("igraph", "rustworkx", "gcol"):
        if library in request.node.name:
            pytest.importorskip(library)


def test_every_solver_is_offered_under_its_own_name() -> None:
    for name, info in INFOS.items():
        assert find_solver(name) == info
        assert name.startswith(info.libraries[0])


@pytest.mark.parametrize("name", INFOS)
def test_random_graphs(name: str, oracle: SimpleNamespace) -> None:
    for seed in range(12):
        graph = generators.gnp(8, 0.1 * (seed % 9 + 1), seed=seed)
        problem = ColoringProblem(graph)
        result = solve(problem, name, time_limit=10, max_iterations=300)
        best = oracle.optimum(problem)
        assert check(problem, result.coloring).objective == result.objective >= best
        assert result.lower_bound is None or result.lower_bound <= best
        if INFOS[name].exact:
            assert (result.status, result.objective) == (Status.OPTIMAL, best)


@pytest.mark.parametrize("name", INFOS)
def test_no_nodes_one_node_and_no_edges(name: str) -> None:
    for count, colors in ((0, 0), (1, 1), (5, 1)):
        result = solve(ConflictGraph.from_edges(count), name, max_iterations=10)
        assert result.num_colors == colors


@pytest.mark.parametrize("name", INFOS)
def test_too_few_classes_are_no_answer(name: str) -> None:
    # Mycielski: no triangle, so that no clique tells; four classes cannot do.
    problem = ColoringProblem(generators.mycielski(4), 4)
    result = solve(problem, name, time_limit=10, max_iterations=300)
    assert result.coloring is None
    assert (result.status is Status.INFEASIBLE) == INFOS[name].exact


@pytest.mark.parametrize("name", INFOS)
def test_conflicts_count_and_weights_do_not(name: str) -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [1.0, -1.0], conflicts=[(0, 2)])
    result = solve(ColoringProblem(graph), name, max_iterations=10)
    assert result.num_colors == 2
    with pytest.raises(InputError, match="does not take correlation problems"):
        solve(graph, name)


@pytest.mark.parametrize("name", SEARCHES)
def test_local_search_betters_its_start_and_obeys_the_seed(name: str) -> None:
    problem = ColoringProblem(generators.gnp(90, 0.5, seed=3))
    start = solve(problem, "gcol-dsatur").num_colors
    runs = [
        solve(problem, name, seed=seed, time_limit=60, max_iterations=1500) for seed in (1, 1, 2)
    ]
    assert all(run.stop_reason is StopReason.ITERATIONS for run in runs)
    assert runs[0].num_colors < start
    assert np.array_equal(runs[0].coloring.colors, runs[1].coloring.colors)
    assert not np.array_equal(runs[0].coloring.colors, runs[2].coloring.colors)


def test_gcol_leaves_the_global_generator_as_it_was() -> None:
    random.seed(7)
    before = random.getstate()
    solve(generators.gnp(40, 0.5, seed=1), "gcol-tabucol", max_iterations=100)
    assert random.getstate() == before


def test_gcol_ends_by_the_clock_with_what_it_has() -> None:
    problem = ColoringProblem(generators.gnp(90, 0.5, seed=3))
    result = solve(problem, "gcol-tabucol", time_limit=0.7)
    assert result.stop_reason is StopReason.TIME
    assert result.coloring is not None


def test_gcol_stops_at_its_clique() -> None:
    result = solve(generators.queen(5, 5), "gcol-tabucol", time_limit=60)
    assert (result.status, result.stop_reason) == (Status.OPTIMAL, StopReason.COMPLETED)
    triangle = ConflictGraph.from_edges(3, [(0, 1), (1, 2), (0, 2)])
    result = solve(ColoringProblem(triangle, 2), "gcol-tabucol")
    assert result.status is Status.INFEASIBLE
    assert "clique of 3" in result.message


def test_gcol_with_k_given() -> None:
    result = solve(ColoringProblem(generators.queen(6, 6), 8), "gcol-tabucol", time_limit=20)
    assert result.stop_reason is StopReason.COMPLETED
    assert result.num_colors <= 8


def test_a_failure_of_a_library_is_one_line() -> None:
    with pytest.raises(SolverError, match=r"^other failed: RecursionError: too deep$"):  # noqa: SIM117
        with named_failures("other"):
            raise RecursionError("too deep")


def test_prepare_converts_once_for_one_problem() -> None:
    problem = ColoringProblem(generators.queen(5, 5))
    solver = find_solver("igraph-dsatur").load()
    prepared = solver.prepare(problem)  # type: ignore[attr-defined]
    offered: list[object] = []
    prepared(problem, SimpleNamespace(offer=offered.append))
    assert check(problem, np.asarray(offered[0])).num_colors >= 5


def test_what_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    with pytest.raises(InputError, match="pip install igraph"):
        find_solver("igraph-dsatur").load()


@pytest.fixture
def broken(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "broken_library.py").write_text("import no_such_part")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("broken_library", None)


@pytest.mark.usefixtures("broken")
def test_what_is_installed_and_broken_says_so() -> None:
    with pytest.raises(SolverError, match=r"broken_library cannot be imported: .*no_such_part"):
        import_library("broken_library")


def test_memory_errors_and_our_own_pass_through() -> None:
    for error in (MemoryError(), InputError("x")):
        with pytest.raises(type(error)), named_failures("other"):
            raise error


def test_the_list_imports_none_of_them() -> None:
    script = """
import sys
from geocolor.solvers import installed_solvers
assert "gcol-tabucol" in installed_solvers()
print({"gcol", "igraph", "rustworkx", "networkx", "torch", "ortools"} & sys.modules.keys())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
