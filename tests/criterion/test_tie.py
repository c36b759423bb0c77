"""Ties against the dense Kronecker system, and the bounds that prune them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.criterion import GroupCosts, View
from geocolor.criterion.curves import Form
from geocolor.criterion.tie import alignment, merge, pair_tie_bound, tie_cost
from geocolor.units import Side, Unit

SIDES = pytest.mark.parametrize("side", list(Side))
SEEDS = st.integers(0, 10**6)


def kron(view: View) -> np.ndarray:
    """The metric on the oriented matrix flattened row by row."""
    return np.kron(view.outer.numpy(), view.inner.numpy())


def flat(view: View) -> np.ndarray:
    return view.weight.numpy().ravel()


def dense_tie(group: Sequence[View]) -> tuple[np.ndarray, float]:
    """Merged matrix and cost, by one big linear system."""
    merged = np.linalg.solve(
        sum(kron(view) for view in group), sum(kron(view) @ flat(view) for view in group)
    )
    errors = [merged - flat(view) for view in group]
    cost = 0.5 * sum(e @ kron(view) @ e for e, view in zip(errors, group, strict=True))
    return merged, float(cost)


def cost_of_tie(group: Sequence[View]) -> float:
    return tie_cost(group, merge(group))


@SIDES
@pytest.mark.parametrize("members", [1, 2, 4])
def test_the_merged_matrix_solves_the_kronecker_system(family, side, members):
    group = list(family(0, side, outers=(4,) * members, width=5).values())
    merged, cost = dense_tie(group)
    got = merge(group)
    assert np.linalg.norm(got.numpy().ravel() - merged) < 1e-4 * np.linalg.norm(merged)
    assert tie_cost(group, got) == pytest.approx(cost, rel=1e-6, abs=1e-9)


def test_the_cost_of_any_matrix_is_the_sum_of_traces(family, cost_of):
    group = list(family(1, outers=(4, 4), width=5).values())
    other = torch.ones(4, 5, dtype=torch.float64)
    assert tie_cost(group, other) == pytest.approx(sum(cost_of(view, other) for view in group))


@given(SEEDS)
def test_a_pair_costs_the_parallel_sum(family, seed):
    first, second = family(seed, outers=(3, 3), width=4).values()
    difference = flat(first) - flat(second)
    resistance = np.linalg.inv(kron(first)) + np.linalg.inv(kron(second))
    expected = 0.5 * difference @ np.linalg.solve(resistance, difference)
    assert cost_of_tie([first, second]) == pytest.approx(expected, rel=1e-5)


@given(SEEDS, st.sampled_from([0.01, 0.3, None]))
def test_the_pair_bound_never_exceeds_the_cost(family, seed, spread):
    for side in Side:
        first, second = family(seed, side, outers=(3, 3), width=4, spread=spread).values()
        bound = pair_tie_bound(first, second)
        assert 0 < bound <= cost_of_tie([first, second])


def test_the_pair_bound_is_exact_for_a_flat_outer_metric(family):
    from geocolor.criterion import Metric

    first, second = family(2, outers=(3, 3), width=4, metric=Metric.ACTIVATIONS).values()
    assert pair_tie_bound(first, second) == pytest.approx(cost_of_tie([first, second]), rel=1e-6)


@settings(max_examples=25)
@given(SEEDS, st.integers(3, 5))
def test_group_costs_lie_between_their_pairs_and_their_best_member(family, seed, members):
    group = list(family(seed, outers=(3,) * members, width=4).values())
    cost = cost_of_tie(group)
    pairs = sum(cost_of_tie(pair) for pair in combinations(group, 2))
    assert pairs / (members - 1) <= cost * (1 + 1e-6)
    assert cost <= min(tie_cost(group, view.weight) for view in group) * (1 + 1e-9)


@settings(max_examples=25)
@given(SEEDS)
def test_cost_is_superadditive_over_disjoint_groups(family, seed):
    group = list(family(seed, outers=(3,) * 4, width=4).values())
    parts = cost_of_tie(group[:2]) + cost_of_tie(group[2:])
    assert parts <= cost_of_tie(group) * (1 + 1e-6)


def test_with_equal_curvature_a_group_costs_the_mean_of_its_pairs(family):
    template, *_ = family(3, outers=(3,) * 4, width=4).values()
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(4, 3, 4, generator=generator, dtype=torch.float64)
    group = [view_of(f"u{i}", w, template.inner, template.outer) for i, w in enumerate(weights)]
    pairs = sum(cost_of_tie(pair) for pair in combinations(group, 2))
    assert cost_of_tie(group) == pytest.approx(2 / 4 * pairs, rel=1e-6)


def view_of(name: str, weight: torch.Tensor, inner: torch.Tensor, outer: torch.Tensor) -> View:
    unit = Unit(name, "role", 0, tuple(weight.shape), Side.READ, "space")
    floor = float(torch.linalg.eigvalsh(outer)[0])
    return View(unit, weight, inner, outer, floor, weight.T @ outer @ weight)


def test_three_lines_in_the_plane_meet_in_pairs_but_not_all_three():
    # Each matrix is a point of the plane that may move freely along its own line. Two lines
    # meet, so pairs cost nothing; the lines x = 0, y = 0, x + y = sqrt 3 have no common point.
    tiny = 1e-7
    group = []
    for name, normal, offset in (("x", (1, 0), 0), ("y", (0, 1), 0), ("xy", (1, 1), 3**0.5)):
        n = torch.tensor(normal, dtype=torch.float64)
        inner = torch.outer(n, n) + tiny * torch.eye(2, dtype=torch.float64)
        point = (offset * n / (n @ n))[None]
        group.append(view_of(name, point, inner, torch.eye(1, dtype=torch.float64)))
    for pair in combinations(group, 2):
        assert cost_of_tie(pair) < 1e-6
    # min over (a, b) of (a^2 + b^2 + (a + b - sqrt 3)^2) / 2, at a = b = 1 / sqrt 3.
    assert cost_of_tie(group) == pytest.approx(1 / 2, rel=1e-4)


def test_equal_matrices_tie_for_nothing(family):
    views = list(family(4, outers=(3, 3), width=4).values())
    same = [view_of(v.unit.name, views[0].weight, v.inner, v.outer) for v in views]
    assert cost_of_tie(same) == 0.0
    assert torch.equal(merge(same), views[0].weight)
    assert pair_tie_bound(*same) == 0.0


def test_alignment_is_the_cosine(family):
    plane, line = torch.eye(2, dtype=torch.float64), torch.eye(1, dtype=torch.float64)
    a, b, zero = (
        view_of("u", torch.tensor([point], dtype=torch.float64), plane, line)
        for point in ([3.0, 4.0], [4.0, 3.0], [0.0, 0.0])
    )
    assert alignment(a, b) == pytest.approx(24 / 25)
    assert alignment(a, zero) == 1.0


def test_group_costs_merge_what_they_price(family):
    views = family(5, outers=(4, 4), width=5, spread=0.2)
    costs = GroupCosts(views, tuple(Form))
    names = tuple(views)
    curve = costs.curve(Form.TIED, names)
    assert curve.costs.tolist() == [pytest.approx(dense_tie(list(views.values()))[1], rel=1e-6)]
    assert list(curve.sizes) == [20]
    assert tie_cost(list(views.values()), costs.fit_tie(names)) == pytest.approx(curve.costs[0])
