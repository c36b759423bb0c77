"""Budgeted sharing, held to all choices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.errors import CheckError, InputError, SolverError
from geocolor.graph import SharingOptions
from geocolor.problem import BudgetedSharingProblem, check_sharing
from geocolor.solvers import Status
from geocolor.solvers.budgeted import PricedBound, SharingResult, frontier, solve_budgeted
from geocolor.solvers.budgeted.bound import Steps
from geocolor.solvers.budgeted.master import Master
from geocolor.solvers.budgeted.point import Halt, solve_point


def some_options(seed: int) -> SharingOptions:
    """Up to six units, two forms each, and some groups; costs of either sign in odd seeds."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 7))
    alone = [[unit] for unit in range(count) for _ in range(2)]
    together = [
        rng.choice(count, size=int(rng.integers(1, min(count, 3) + 1)), replace=False).tolist()
        for _ in range(8)
    ]
    groups = [*alone, *together]
    costs = rng.normal(size=len(groups)) if seed % 2 else rng.random(len(groups))
    return SharingOptions(
        map(str, range(count)), groups, costs, 3 * rng.integers(1, 30, len(groups))
    )


def least_cost(options: SharingOptions, budget: int) -> float | None:
    """Try every choice."""
    best: float | None = None

    def extend(held: int, cost: float, size: int) -> None:
        nonlocal best
        if size > budget:
            return
        unit = next((u for u in range(len(options.units)) if not held >> u & 1), None)
        if unit is None:
            best = cost if best is None else min(best, cost)
            return
        for group, more, larger in zip(options.groups, options.costs, options.sizes, strict=True):
            members = sum(1 << u for u in group)
            if unit in group and not members & held:
                extend(held | members, cost + float(more), size + int(larger))

    extend(0, 0.0, 0)
    return best


@pytest.mark.parametrize("seed", range(30))
def test_the_optimum_at_every_budget(seed: int) -> None:
    options = some_options(seed)
    budgets = [0, 9, 40, 90, 150, 1000]
    steps = Steps.of(options)
    for budget, result in zip(budgets, frontier(options, budgets), strict=True):
        best = least_cost(options, budget)
        if best is None:
            assert result.status is Status.INFEASIBLE
            assert result.chosen is None
            continue
        assert result.status is Status.OPTIMAL
        assert result.cost == pytest.approx(best)
        assert result.lower_bound <= best + 1e-12
        report = check_sharing(result.problem, result.chosen)
        assert (report.cost, report.size) == (result.cost, result.size)
        result.bound.verify(steps, options)
        assert result.bound.value(steps, budget) * steps.unit <= best + 1e-12


def curves(count: int, seed: int) -> SharingOptions:
    """Private forms by rank, and pairs over a basis: costs fall over many orders of magnitude."""
    rng = np.random.default_rng(seed)
    tails = [rng.random() * np.exp(-np.arange(64) / rng.uniform(3, 20)) for _ in range(count)]
    rows: list[tuple[list[int], float, int]] = []
    for unit, tail in enumerate(tails):
        left = np.append(np.cumsum(tail[::-1])[::-1], 0.0)
        rows += [([unit], float(left[rank]), 128 * rank) for rank in range(0, 33, 4)]
        rows.append(([unit], 0.0, 4096))
    for _ in range(2 * count):
        pair = rng.choice(count, 2, replace=False).tolist()
        both = np.sort(np.concatenate([tails[pair[0]], tails[pair[1]]]))[::-1]
        left = np.append(np.cumsum(both[::-1])[::-1], 0.0) * rng.uniform(0.6, 1.0)
        rows += [(pair, float(left[rank]), 192 * rank) for rank in range(0, 65, 8)]
    groups, costs, sizes = zip(*rows, strict=True)
    return SharingOptions([f"layer{unit}" for unit in range(count)], groups, costs, sizes)


SIZES = st.one_of(
    st.integers(0, 20),
    st.integers(10**9, 10**9 + 5),
    st.sampled_from([1 << 20, (1 << 20) + 1, 1 << 40, (1 << 40) + 1]),
    st.floats(0, 13).map(lambda digits: int(10**digits)),
)
COSTS = st.one_of(
    st.floats(-1, 1),
    st.floats(-9, 9).map(lambda digits: float(10**digits)),
    st.integers(-4, 4).map(float),
)


@st.composite
def wide_options(draw: st.DrawFn) -> tuple[SharingOptions, int]:
    """Sizes from 0 to 10^13, and a budget that is just enough for a choice, or just not."""
    count = draw(st.integers(1, 4))
    alone = [[unit] for unit in range(count) for _ in range(draw(st.integers(1, 3)))]
    pairs = st.lists(st.integers(0, count - 1), min_size=1, max_size=3, unique=True)
    groups = [*alone, *draw(st.lists(pairs, max_size=3))]
    costs = [draw(COSTS) for _ in groups]
    sizes = [draw(SIZES) for _ in groups]
    options = SharingOptions(map(str, range(count)), groups, costs, sizes)
    held = [
        draw(st.sampled_from([at for at, g in enumerate(groups) if g == [u]])) for u in range(count)
    ]
    return options, max(0, sum(sizes[at] for at in held) + draw(st.integers(-2, 2)))


@given(wide_options())
@settings(max_examples=100)
def test_sizes_of_many_digits(question: tuple[SharingOptions, int]) -> None:
    options, budget = question
    result, best = solve_budgeted(BudgetedSharingProblem(options, budget)), least_cost(*question)
    if best is None:
        assert result.status is Status.INFEASIBLE
        return
    # Costs of many magnitudes and both signs may be too coarse in steps for an OPTIMAL.
    assert result.status in (Status.OPTIMAL, Status.FEASIBLE)
    assert result.status is Status.FEASIBLE or result.cost == pytest.approx(best, rel=2e-6)
    assert result.lower_bound <= best + 1e-9 * abs(best) <= result.cost + 2e-9 * abs(best)
    result.bound.verify(Steps.of(options), options)


def test_a_price_too_large_for_whole_numbers() -> None:
    groups = [["a"], ["a"], ["a"], ["b"], ["b"], ["b"], ["a", "b"], ["a", "b"]]
    costs, sizes = [0, 3, 0, 3, 3, -1, -2, 3], [2, 0, 2, 100001, 1, 2, 100001, 2]
    options = SharingOptions("ab", groups, costs, sizes)
    result = solve_budgeted(BudgetedSharingProblem(options, 2))
    assert (result.status, result.cost, result.chosen) == (Status.OPTIMAL, 2.0, (1, 5))
    result.bound.verify(Steps.of(options), options)


@pytest.mark.parametrize(
    ("groups", "costs", "sizes", "budget", "cost"),
    [
        ([[0], [0]], [0.0, 1.0], [2000000003, 2000000002], 2000000002, 1.0),
        ([[0], [0], [1], [1], [1]], [-1, 1, -1, -3, 3], [5, 200000001, 0, 17, 5], 175361737, -4.0),
    ],
)
def test_tolerances_of_highs_hide_no_step(
    groups: list[list[int]], costs: list[float], sizes: list[int], budget: int, cost: float
) -> None:
    names = "ab"[: max(map(max, groups)) + 1]
    result = solve_budgeted(
        BudgetedSharingProblem(SharingOptions(names, groups, costs, sizes), budget)
    )
    assert (result.status, result.cost) == (Status.OPTIMAL, cost)


def test_more_room_than_anything_needs() -> None:
    options = some_options(2)
    plain, ample = frontier(options, [int(options.sizes.sum()), 10**400])
    assert (ample.status, ample.cost) == (plain.status, plain.cost)


def test_costs_too_small_to_divide() -> None:
    options = SharingOptions("a", [["a"], ["a"]], [1e-320, 0.0], [1, 1])
    assert solve_budgeted(BudgetedSharingProblem(options, 1)).lower_bound == 0.0


def test_a_frontier_falls_and_every_point_is_proven() -> None:
    options = curves(40, 1)
    told = []
    results = frontier(options, points=12, time_limit=60, on_progress=told.append)
    assert sorted(told, key=results.index) == list(results)
    assert len(results) == 12
    assert all(result.status is Status.OPTIMAL for result in results)
    costs = [result.cost for result in results]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == 0.0
    # The first budget is the least that can be kept, the last the least that costs nothing.
    less = solve_budgeted(BudgetedSharingProblem(options, max(results[0].problem.budget - 1, 0)))
    assert less.status is Status.INFEASIBLE or results[0].problem.budget == 0
    assert results[0].size <= results[0].problem.budget
    assert any(len(options.groups[at]) > 1 for at in results[3].chosen)


def test_no_budget_comes_twice() -> None:
    options = SharingOptions("ab", [["a"], ["b"], ["a", "b"]], [0.0, 0.0, 0.5], [4, 4, 4])
    assert [each.problem.budget for each in frontier(options)] == [4, 5, 6, 7, 8]


def test_a_small_cost_beside_large_ones_is_proven() -> None:
    options = SharingOptions(
        "ab", [["a"], ["a"], ["b"], ["b"]], [1e12, 1e-6, 1e12, 3e-6], [1, 5, 1, 5]
    )
    result = solve_budgeted(BudgetedSharingProblem(options, 10))
    assert (result.status, result.cost) == (Status.OPTIMAL, pytest.approx(4e-6))


def test_prices_are_lowered_until_they_hold() -> None:
    options = some_options(4)
    steps = Steps.of(options)
    high = np.full(len(options.units), 1e14)
    bound = PricedBound.lowered(high, 3.7, steps, options)
    bound.verify(steps, options)
    assert bound.size == 3
    for budget in (50, 500):
        best = least_cost(options, budget)
        assert best is None or bound.value(steps, budget) * steps.unit <= best
    with pytest.raises(CheckError, match="costs less than"):
        PricedBound(np.full(len(options.units), 1 << 51), 0).verify(steps, options)
    with pytest.raises(CheckError, match="must not be negative"):
        PricedBound(bound.units, -1).verify(steps, options)


def test_no_units() -> None:
    result = solve_budgeted(BudgetedSharingProblem(SharingOptions([], [], [], []), 5))
    assert (result.status, result.chosen, result.cost, result.size) == (Status.OPTIMAL, (), 0.0, 0)


def test_no_budgets() -> None:
    assert frontier(SharingOptions("a", [[0]], [0.0], [1]), []) == ()


def test_the_time_limit_is_kept() -> None:
    result = solve_budgeted(BudgetedSharingProblem(curves(60, 2), 60_000), time_limit=1e-4)
    assert result.runtime < 2
    assert result.status in (Status.UNKNOWN, Status.FEASIBLE, Status.OPTIMAL)
    with pytest.raises(InputError, match="must be positive"):
        solve_budgeted(BudgetedSharingProblem(curves(3, 2), 60), time_limit=0)


def test_ctrl_c_keeps_the_points_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_result: object) -> None:
        raise KeyboardInterrupt

    def waiting(
        problem: BudgetedSharingProblem, steps: Steps, master: Master, halt: Halt
    ) -> SharingResult:
        if problem.budget > 8_000:
            assert halt.stopped.wait(60)
        return solve_point(problem, steps, master, halt)

    monkeypatch.setattr("geocolor.solvers.budgeted.solver.solve_point", waiting)
    first, *others = frontier(curves(10, 3), [8_000, 12_000, 16_000], on_progress=interrupt)
    assert first.status is Status.OPTIMAL
    assert [each.status for each in others] == [Status.UNKNOWN] * 2
    assert {each.stop_reason.value for each in others} == {"INTERRUPT"}
    assert {each.chosen for each in others} == {None}


def test_an_error_in_a_worker_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise SolverError("HiGHS could not")

    monkeypatch.setattr("geocolor.solvers.budgeted.solver.solve_point", failing)
    with pytest.raises(SolverError, match="could not"):
        frontier(curves(10, 3), [8_000, 12_000], workers=2)


def test_the_number_of_workers_changes_nothing_but_the_time() -> None:
    options, budgets = curves(12, 5), [6_000, 9_000, 12_000, 15_000, 18_000]
    found = [frontier(options, budgets, workers=workers) for workers in (1, 2, 9)]
    for results in found:
        assert [each.problem.budget for each in results] == budgets
        assert [each.cost for each in results] == pytest.approx([each.cost for each in found[0]])
        assert {each.status for each in results} == {Status.OPTIMAL}
    with pytest.raises(InputError, match="at least one worker"):
        frontier(options, budgets, workers=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"time_limit": "5"}, "time limit must be positive, not '5'"),
        ({"time_limit": 10**400}, "time limit is beyond"),
        ({"workers": True}, "number of workers must be a whole number, not True"),
        ({"budgets": [1.5]}, "budget must be a whole number, not 1.5"),
        ({"options": None}, "SharingOptions are needed, not a NoneType"),
    ],
)
def test_arguments_that_are_no_numbers_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        frontier(**{"options": curves(4, 1), "budgets": [9_000], **wrong})
