"""Correlation clustering by attracting components: same optimum, sound bound."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor import ConflictGraph, CorrelationClusteringProblem, Status, solve
from geocolor.solvers.components import attracting_components, solve_by_components
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search


@st.composite
def graphs(draw: st.DrawFn) -> ConflictGraph:
    count = draw(st.integers(1, 7))
    pairs = list(combinations(range(count), 2))
    weights = [draw(st.integers(-3, 5)) for _ in pairs]
    hard = [pair for pair in pairs if draw(st.integers(0, 5)) == 0]
    return ConflictGraph.from_edges(count, pairs, weights, conflicts=hard)


def optimum(graph: ConflictGraph) -> float:
    """Best objective over all partitions, by growing them node by node."""
    dense, hard = graph.weights.to_dense(), graph.conflicts.to_dense()

    def extend(node: int, classes: list[list[int]], cost: float) -> float:
        if node == graph.num_nodes:
            return cost
        best = extend(node + 1, [*classes, [node]], cost)
        for i, members in enumerate(classes):
            if not hard[node, members].any():
                grown = [*classes[:i], [*members, node], *classes[i + 1 :]]
                best = min(best, extend(node + 1, grown, cost + dense[node, members].sum()))
        return best

    return extend(0, [], 0.0)


@given(graphs())
def test_the_optimum_is_the_same(graph: ConflictGraph) -> None:
    result = solve(CorrelationClusteringProblem(graph), time_limit=20.0, workers=1)
    assert result.status is Status.OPTIMAL
    assert result.objective == optimum(graph)


@given(graphs())
def test_components_are_a_partition_that_no_gain_crosses(graph: ConflictGraph) -> None:
    parts = attracting_components(graph)
    assert sorted(np.concatenate(parts).tolist()) == list(range(graph.num_nodes))
    home = {int(node): i for i, part in enumerate(parts) for node in part}
    forbidden = {tuple(pair) for pair in graph.conflicts.edges().tolist()}
    for pair, weight in zip(
        graph.weights.edges().tolist(), graph.weights.edge_values(), strict=True
    ):
        if weight < 0 and tuple(pair) not in forbidden:
            assert home[pair[0]] == home[pair[1]]


def two_pairs() -> ConflictGraph:
    """Two pairs that gain 2 and 3, and cost each other 1."""
    return ConflictGraph.from_edges(4, [(0, 1), (2, 3), (1, 2)], [-2.0, -3.0, 1.0])


def search_of(graph: ConflictGraph) -> Search:
    import time

    return Search(
        CorrelationClusteringProblem(graph),
        started=time.monotonic(),
        time_limit=10.0,
        seed=0,
        workers=1,
    )


def test_bounds_add_up_and_a_part_out_of_time_is_said_so() -> None:
    search = search_of(two_pairs())

    def merge(_problem: object, part: Search) -> Outcome:
        part.offer([0, 0])
        part.raise_lower_bound(-4.0)
        return Outcome(StopReason.TIME)

    outcome = solve_by_components(attracting_components(two_pairs()), search, merge)
    assert outcome.stop_reason is StopReason.TIME
    assert (search.objective, search.lower_bound) == (-5.0, -8.0)
    assert not search.proven()


def test_an_interrupt_keeps_what_is_done() -> None:
    search = search_of(two_pairs())
    calls = []

    def merge_once(_problem: object, part: Search) -> Outcome:
        part.offer([0, 0])
        calls.append(part)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return Outcome(StopReason.COMPLETED)

    with pytest.raises(KeyboardInterrupt):
        solve_by_components(attracting_components(two_pairs()), search, merge_once)
    assert search.objective == -5.0


def test_a_part_without_a_bound_gives_none() -> None:
    search = search_of(two_pairs())
    solve_by_components(
        attracting_components(two_pairs()), search, lambda _p, _s: Outcome(StopReason.TIME)
    )
    assert (search.objective, search.lower_bound) == (0.0, None)


def test_one_part_that_ends_leaves_the_others_their_time() -> None:
    rng = np.random.default_rng(0)
    weights = np.triu(rng.normal(size=(20, 20)), 1)
    both = np.zeros((40, 40))
    both[:20, :20] = both[20:, 20:] = weights + weights.T
    problem = CorrelationClusteringProblem(ConflictGraph.from_dense(both))
    result = solve(problem, "auto", workers=2, time_limit=60)
    one = solve(
        CorrelationClusteringProblem(ConflictGraph.from_dense(both[:20, :20])),
        "auto",
        workers=2,
        time_limit=60,
    )
    assert result.status is one.status is Status.OPTIMAL
    assert result.objective == pytest.approx(2 * one.objective)


def test_the_last_component_is_reported_as_it_comes() -> None:
    # Nodes 3 and 4 gain nothing anywhere; the triangle gives one gain up.
    pairs = [(0, 1), (1, 2), (0, 2), (2, 3)]
    graph = ConflictGraph.from_edges(5, pairs, [-2.0, -3.0, 4.0, 1.0], conflicts=[(0, 4)])
    search = search_of(graph)
    seen = []

    def solve_part(problem: CorrelationClusteringProblem, part: Search) -> Outcome:
        part.offer([0, 1, 1])
        part.raise_lower_bound(-3.5)
        seen.append((search.objective, search.lower_bound))
        part.raise_lower_bound(-3.0)
        assert part.answered()
        return Outcome(StopReason.COMPLETED, message="both")

    outcome = solve_by_components(attracting_components(graph), search, solve_part)
    assert seen == [(-3.0, -3.5)]
    assert search.proven()
    assert search.coloring.colors.tolist() == [0, 1, 1, 2, 3]
    assert "1 component with something to gain, each alone: both" in outcome.message


def test_what_is_left_is_left_when_the_time_is_up() -> None:
    search = search_of(two_pairs())
    asked: list[object] = []

    def slow(problem: object, part: Search) -> Outcome:
        asked.append(problem)
        search.call_off()
        return Outcome(StopReason.TIME)

    outcome = solve_by_components(attracting_components(two_pairs()), search, slow)
    assert (outcome.stop_reason, len(asked), search.lower_bound) == (StopReason.TIME, 1, None)
