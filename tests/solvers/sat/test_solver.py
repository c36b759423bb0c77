from __future__ import annotations

import threading
import time

import networkx as nx
import numpy as np
import pytest

from geocolor.bounds import find_clique
from geocolor.errors import SolverError
from geocolor.graph import ConflictGraph, gnp, mycielski
from geocolor.problem import ColoringProblem
from geocolor.solvers import Status, StopReason, solve
from geocolor.solvers.sat.requests import too_large
from geocolor.solvers.sat.solver import Strategy, pool, prove_by_sat
from geocolor.solvers.search import Search


def open_search(problem: ColoringProblem, seconds: float = 30.0) -> Search:
    started = time.monotonic()
    return Search(problem, started=started, time_limit=seconds, seed=0, workers=1)


@pytest.mark.parametrize("strategy", ["both", "ascend", "descend"])
def test_each_strategy_equals_brute_force(oracle, strategy: Strategy) -> None:
    rng = np.random.default_rng(0)
    for seed in range(40):
        graph = oracle.plain(nx.gnp_random_graph(int(rng.integers(1, 9)), rng.random(), seed=seed))
        chromatic = oracle.optimum(ColoringProblem(graph))
        problem = ColoringProblem(graph)
        search = open_search(problem)
        # With nothing but a clique known, and with the worst coloring known.
        clique = find_clique(graph.conflicts)
        if seed % 2:
            search.offer(np.arange(graph.num_nodes))
        outcome = prove_by_sat(problem, search, clique, strategy)
        assert outcome.stop_reason is StopReason.COMPLETED
        assert search.objective == chromatic == search.lower_bound


def test_k_given_is_answered_either_way(oracle) -> None:
    grotzsch = oracle.plain(nx.mycielski_graph(4))
    no = solve(ColoringProblem(grotzsch, 3), "sat", time_limit=30)
    assert no.status is Status.INFEASIBLE
    assert "3 classes proven impossible by CaDiCaL" in no.message
    yes = solve(ColoringProblem(grotzsch, 4), "sat", time_limit=30)
    assert yes.num_colors == 4


@pytest.mark.parametrize(
    ("graph", "chromatic"),
    [(nx.petersen_graph(), 3), (nx.cycle_graph(9), 3), (nx.mycielski_graph(5), 5)],
    ids=["Petersen", "odd cycle", "Mycielski"],
)
def test_known_graphs(oracle, graph: nx.Graph, chromatic: int) -> None:
    result = solve(ColoringProblem(oracle.plain(graph)), "sat", time_limit=60)
    assert result.status is Status.OPTIMAL
    assert result.objective == chromatic


def test_what_others_find_is_told_to_the_worker() -> None:
    # The proof takes CaDiCaL far longer than this test; somebody else has it.
    graph = mycielski(7)
    problem = ColoringProblem(graph)
    search = open_search(problem)
    search.offer(solve(problem, "dsatur").coloring.colors)
    other = threading.Timer(0.5, search.raise_lower_bound, [search.objective])
    other.start()
    outcome = prove_by_sat(problem, search, find_clique(graph.conflicts), "ascend")
    other.join()
    assert outcome.stop_reason is StopReason.COMPLETED
    assert search.proven()


def test_the_same_seed_gives_the_same_answer() -> None:
    problem = ColoringProblem(gnp(60, 0.5, seed=4))
    results = [solve(problem, "sat", time_limit=60, seed=7, workers=1) for _ in range(2)]
    assert results[0].status is results[1].status is Status.OPTIMAL
    assert np.array_equal(results[0].coloring.colors, results[1].coloring.colors)


def test_a_formula_too_large_is_refused_before_it_is_built() -> None:
    graph = gnp(3000, 0.5, seed=0)
    assert "literals; the limit is" in str(too_large(graph.conflicts, 300))
    result = solve(ColoringProblem(graph), "sat", time_limit=20)
    assert result.status is Status.FEASIBLE
    assert result.stop_reason is StopReason.MEMORY
    assert "literals" in result.message


def test_a_killed_worker_leaves_the_incumbent() -> None:
    pool.close()
    problem = ColoringProblem(gnp(250, 0.5, seed=1))

    def assassin() -> None:
        while worker in pool._idle:
            time.sleep(0.02)
        time.sleep(0.3)
        worker.process.kill()

    worker = pool.acquire()
    pool.release(worker)
    thread = threading.Thread(target=assassin)
    thread.start()
    result = solve(problem, "sat", time_limit=30)
    thread.join()
    assert result.stop_reason is StopReason.MEMORY
    assert result.status is Status.FEASIBLE
    assert "killed" in result.message
    assert solve(ColoringProblem(mycielski(4)), "sat", time_limit=30).status is Status.OPTIMAL


def test_a_failing_worker_is_a_solver_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pool.close()
    monkeypatch.setattr(pool, "module", "geocolor.no_such_module")
    with pytest.raises(SolverError, match="ended with code 1"):
        solve(ColoringProblem(mycielski(4)), "sat", time_limit=5)


def test_the_empty_graph_needs_no_worker() -> None:
    result = solve(ColoringProblem(ConflictGraph.from_edges(0, [])), "sat")
    assert result.status is Status.OPTIMAL
