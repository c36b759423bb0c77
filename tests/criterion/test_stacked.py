"""Values of many small units on shared bases, held to the criterion's own."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from geocolor.criterion import Form, GroupCosts, View, oriented_views
from geocolor.criterion.slices import Slices, row_slices
from geocolor.criterion.stacked import StackedValues
from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.errors import InputError
from geocolor.units import Side, Unit

WIDTH, ROWS = 10, 3


def sliced(seed: int, metric: Callable[..., torch.Tensor], layers: int = 3) -> Slices:
    """Two matrices of two and three heads in each layer, which read one tensor."""
    generator = torch.Generator().manual_seed(seed)
    units, weights, factors = [], {}, {}
    base = torch.randn(3 * ROWS, WIDTH, generator=generator, dtype=torch.float64)
    for layer, (role, heads) in itertools.product(range(layers), (("q", 3), ("k", 2))):
        if role == "q":
            inputs = metric(generator, WIDTH)
        name, shape = f"{layer}.{role}", (heads * ROWS, WIDTH)
        units.append(Unit(name, f"*.{role}", layer, shape, Side.READ, "residual"))
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        weights[name] = base[: heads * ROWS] + 0.3 * noise
        factors[name] = KroneckerFactors(inputs, metric(generator, heads * ROWS))
    return row_slices(units, weights, Curvature(factors, 1, 1), ROWS)


def views_of(slices: Slices) -> dict[str, View]:
    return oriented_views(slices.units, slices.weights, slices.curvature)


def test_slices_are_blocks_of_rows(metric: Callable[..., torch.Tensor]) -> None:
    slices = sliced(0, metric)
    assert [unit.name for unit in slices.units[:5]] == [
        *("0.q[0]", "0.q[1]", "0.q[2]"),
        *("0.k[0]", "0.k[1]"),
    ]
    assert {unit.shape for unit in slices.units} == {(ROWS, WIDTH)}
    factors = slices.curvature.factors
    assert factors["0.q[0]"].inputs is factors["0.k[1]"].inputs
    assert factors["0.q[0]"].gradients.shape == (ROWS, ROWS)
    whole = Unit("o", "o", 0, (4, 6), Side.WRITE, "residual")
    for unit, rows in ((whole, 2), (slices.units[0], 2)):
        with pytest.raises(InputError, match="blocks of 2 rows"):
            row_slices([unit], {}, slices.curvature, rows)


@pytest.mark.parametrize("price", [1e-3, 1e-2, 5e-2])
def test_values_are_those_of_the_criterion(
    price: float, metric: Callable[..., torch.Tensor]
) -> None:
    slices = sliced(1, metric)
    views = views_of(slices)
    names = [unit.name for unit in slices.units]
    costs = GroupCosts(views, (Form.DENSE, Form.BASIS))
    values = StackedValues([views[name] for name in names], price)
    rng = np.random.default_rng(0)
    # From one unit to all: fewer rows than dimensions, and more.
    groups = [rng.permutation(len(names))[:size] for size in range(1, 16) for _ in range(4)]
    groups += [np.arange(5), np.arange(3)]
    for group in groups:
        row = np.zeros((1, len(names)), dtype=bool)
        row[0, group] = True
        expected = costs.best(tuple(names[at] for at in sorted(group.tolist())), price).value
        assert values(row)[0] == pytest.approx(expected, rel=1e-8)
        assert values.estimate(row)[0] >= values.floors[group].sum() * (1 - 1e-9)
        assert values.floors[group].sum() <= expected * (1 + 1e-9)


def test_estimates_are_near(metric: Callable[..., torch.Tensor]) -> None:
    slices = sliced(2, metric)
    views = views_of(slices)
    values = StackedValues([views[unit.name] for unit in slices.units], 1e-2)
    pairs = np.zeros((14, 15), dtype=bool)
    pairs[np.arange(14), np.arange(14)] = pairs[np.arange(14), np.arange(1, 15)] = True
    np.testing.assert_allclose(values.estimate(pairs), values(pairs), rtol=0.05)


def test_units_of_two_families_are_refused(family: Callable[..., dict[str, View]]) -> None:
    read, write = family(0, Side.READ), family(0, Side.WRITE)
    with pytest.raises(InputError, match="do not share"):
        StackedValues([*read.values(), *write.values()], 1e-3)


def test_units_of_nothing_cost_nothing(family: Callable[..., dict[str, View]]) -> None:
    views = [
        dataclasses.replace(view, weight=view.weight * 0, moment=view.moment * 0)
        for view in family(0).values()
    ]
    values = StackedValues(views, 1e-3)
    assert values(np.ones((1, 2), dtype=bool))[0] == 0.0
    assert values.estimate(np.ones((1, 2), dtype=bool))[0] == 0.0
