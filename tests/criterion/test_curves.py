"""The best point of a curve at a price."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.criterion import CostCurve, Form


@given(
    costs=st.lists(st.floats(0, 100), min_size=1, max_size=20),
    base=st.integers(0, 50),
    step=st.integers(0, 50),
    price=st.floats(0, 10),
)
def test_best_is_the_least_cost_plus_price_times_size(costs, base, step, price):
    curve = CostCurve.straight(Form.BASIS, np.array(costs), base, step)
    choice = curve.best(price)
    values = [cost + price * (base + rank * step) for rank, cost in enumerate(costs)]
    assert choice.value == pytest.approx(min(values))
    assert choice.value == pytest.approx(choice.cost + price * choice.size)
    assert choice.cost == costs[choice.rank]
    assert choice.size == base + choice.rank * step


def test_among_equals_the_smallest_rank_wins():
    assert CostCurve.straight(Form.BASIS, np.zeros(4), 0, 5).best(0.0).rank == 0
    assert CostCurve.straight(Form.BASIS, np.array([2.0, 0.0]), 0, 2).best(1.0).rank == 0
