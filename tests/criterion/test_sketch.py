"""Estimates of pairs: exact in one metric, near in like ones, never below what no basis beats."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.criterion import Form, GroupCosts, View
from geocolor.criterion.sketch import estimate_pairs
from geocolor.units import Side

SEEDS = st.integers(0, 2**16)
PRICES = st.floats(-4, 0).map(lambda power: 10**power)
ALL = [(0, 1), (0, 2), (1, 2)]


def estimates(
    views: dict[str, View],
    pairs: list[tuple[int, int]],
    price: float,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[float]:
    members = list(views.values())
    width = [len(members[i].inner) for i, _ in pairs]
    rows = [len(members[i].weight) + len(members[j].weight) for i, j in pairs]
    with ThreadPoolExecutor(2) as workers:
        found = estimate_pairs(members, pairs, price * np.add(width, rows), workers, on_progress)
    return found.tolist()


def exact(views: dict[str, View], pairs: list[tuple[int, int]], price: float) -> list[float]:
    costs, names = GroupCosts(views, (Form.BASIS,)), list(views)
    return [costs.best((names[i], names[j]), price).value for i, j in pairs]


@given(seed=SEEDS, side=st.sampled_from(Side), price=PRICES)
def test_units_of_one_metric_are_valued_exactly(family, seed, side, price):
    views = family(seed, side, outers=(5, 2, 4), common=True)
    assert estimates(views, ALL, price) == pytest.approx(exact(views, ALL, price))


@given(seed=SEEDS, price=PRICES)
def test_no_estimate_is_below_the_best_bases_of_both(family, seed, price):
    views = family(seed, outers=(5, 2, 4))
    costs = GroupCosts(views, (Form.BASIS,))
    for (i, j), found in zip(ALL, estimates(views, ALL, price), strict=True):
        curves = [costs.curve(Form.BASIS, (f"u{at}",)) for at in (i, j)]
        size = costs.rank_size((f"u{i}", f"u{j}"))
        tails = [np.pad(curve.costs, (0, 7 - len(curve.costs))) for curve in curves]
        least = (sum(tails) + price * size * np.arange(7)).min()
        assert found >= least * (1 - 1e-9)


@given(seed=SEEDS)
def test_as_metrics_grow_alike_estimates_grow_exact(family, seed):
    views = family(seed, outers=(5, 4), common=True)
    other = family(seed + 1, outers=(5, 4))
    errors = []
    for share in (1e-1, 1e-2, 1e-3):
        inner = views["u1"].inner + share * other["u1"].inner
        near = {**views, "u1": dataclasses.replace(views["u1"], inner=inner)}
        price = 1e-2
        (found,), (true,) = estimates(near, [(0, 1)], price), exact(near, [(0, 1)], price)
        errors.append(abs(found / true - 1))
    assert errors[2] <= 3e-3
    assert errors[1] <= 3e-2


def test_families_of_other_widths_keep_their_places(family):
    wide, narrow = family(0, outers=(5, 4, 3), width=7), family(1, Side.WRITE, outers=(3, 4))
    renamed = {
        f"w{name}": dataclasses.replace(view, unit=dataclasses.replace(view.unit, name=f"w{name}"))
        for name, view in narrow.items()
    }
    views = {**wide, **renamed}
    pairs, done = [(0, 2), (3, 4), (0, 1), (1, 2)], []
    found = estimates(views, pairs, 1e-2, done.append)
    alone = [estimates(wide, [pair], 1e-2)[0] for pair in (pairs[0], *pairs[2:])]
    assert found == [alone[0], *estimates(narrow, [(0, 1)], 1e-2), *alone[1:]]
    assert done == [3, 4]
