"""Groups partition the units, and coloring never costs more than sharing nothing."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.compression.grouping import (
    adjacent_groups,
    colored_groups,
    consecutive_groups,
    private_groups,
)
from geocolor.criterion import (
    Form,
    GroupCosts,
    PricedPairs,
    candidate_pairs,
    oriented_views,
    price_pairs,
)
from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.errors import InputError
from geocolor.units import Side, Unit


def unit(layer: int, part: str, side: Side = Side.READ) -> Unit:
    return Unit(f"{layer}.{part}", f"*.{part}", layer, (3, 3), side, "s")


UNITS = [
    unit(layer, part, side)
    for layer in range(3)
    for part, side in (("q", Side.READ), ("o", Side.WRITE))
]


def test_private_groups_are_the_units():
    assert private_groups(UNITS) == [(u.name,) for u in UNITS]


def test_adjacent_groups_are_pairs_of_neighbouring_layers_on_the_read_side():
    assert sorted(adjacent_groups(UNITS)) == [
        ("0.o",), ("0.q", "1.q"), ("1.o",), ("2.o",), ("2.q",)
    ]  # fmt: skip


def test_one_role_of_two_families_is_not_paired_across_them():
    units = [
        Unit("0", "*", 0, (8, 4), Side.READ, "* 4"),
        Unit("1", "*", 1, (4, 8), Side.WRITE, "* 4"),
        Unit("2", "*", 2, (8, 4), Side.READ, "* 4"),
    ]
    assert sorted(adjacent_groups(units)) == [("0", "2"), ("1",)]


def test_as_few_neighbouring_layers_are_tied_as_the_budget_takes():
    units = [unit(layer, part) for layer in range(5) for part in ("q", "k")]
    sizes = {}
    for budget in range(18, 91):
        groups = consecutive_groups(units, budget)
        assert sorted(name for group in groups for name in group) == sorted(u.name for u in units)
        assert 9 * len(groups) <= budget
        sizes[budget] = sorted(len(group) for group in groups)
    # Five layers in groups of 1, 2, 3 (and 4 would store no less) and 5.
    assert sizes[90] == [1] * 10
    assert sizes[89] == sizes[54] == [1, 1, 2, 2, 2, 2]
    assert sizes[53] == sizes[36] == [2, 2, 3, 3]
    assert sizes[35] == sizes[18] == [5, 5]
    assert ("0.q", "1.q") in consecutive_groups(units, 54)
    with pytest.raises(InputError, match=r"is 18 parameters, over 17: keep more, at least 0\.2000"):
        consecutive_groups(units, 17)


def test_matrices_of_other_shapes_are_not_tied():
    units = [Unit(str(i), "*", i, (2 + i % 2, 3), Side.READ, "s") for i in range(4)]
    assert sorted(consecutive_groups(units, 15)) == [("0", "2"), ("1", "3")]


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10**4),
    spread=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    power=st.floats(-4, 0),
    reach=st.integers(1, 4),
)
def test_colored_groups_partition_the_units_and_never_lose(seed, spread, power, reach):
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    units = [unit(layer, part) for layer in range(3) for part in ("q", "k")]
    base, factors, weights = random(3, 3), {}, {}
    for u in units:
        a, g = random(3, 6), random(3, 6)
        factors[u.name] = KroneckerFactors(a @ a.T, g @ g.T)
        weights[u.name] = base + spread * random(3, 3)
    costs = GroupCosts(oriented_views(units, weights, Curvature(factors, 1, 1)), tuple(Form))
    price = 10**power
    priced = price_pairs(units, candidate_pairs(units, reach), costs, price)
    colored = colored_groups(priced, costs, seed=0, time_limit=5.0)
    names = [u.name for u in units]
    assert sorted(name for group in colored.groups for name in group) == sorted(names)
    value = sum(costs.best(group, price).value for group in colored.groups)
    alone = sum(costs.best((name,), price).value for name in names)
    assert value <= alone + 1e-9 * abs(alone)
    # Only candidates may meet.
    allowed = {frozenset((names[i], names[j])) for i, j in priced.pairs}
    for group in colored.groups:
        assert all(
            frozenset((a, b)) in allowed for i, a in enumerate(group) for b in group[i + 1 :]
        )
    if spread == 0:
        assert len(colored.groups) < len(units)


class Table:
    """Group values given by hand."""

    def __init__(self, values: dict[str, float]) -> None:
        self.values = values

    def best(self, names: tuple[str, ...], price: float) -> Any:
        assert price == 1.0
        return SimpleNamespace(value=self.values["".join(sorted(names))])


def color(values: dict[str, float]) -> list[str]:
    letters = sorted(name for name in values if len(name) == 1)
    units = [Unit(x, "*", i, (1, 1), Side.READ, "s") for i, x in enumerate(letters)]
    pairs = [(i, j) for i in range(len(letters)) for j in range(i + 1, len(letters))]
    weights = [
        values[letters[i] + letters[j]] - values[letters[i]] - values[letters[j]] for i, j in pairs
    ]
    priced = PricedPairs(tuple(units), tuple(pairs), tuple(weights), 1.0)
    table: Any = Table(values)
    colored = colored_groups(priced, table, seed=0, time_limit=5.0)
    return sorted("".join(sorted(group)) for group in colored.groups)


SINGLES = {"a": 10.0, "b": 10.0, "c": 10.0}


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        ({"ab": 19, "ac": 19, "bc": 19, "abc": 25}, ["abc"]),
        # All pairs gain, yet the three together lose: the best pair is kept.
        ({"ab": 19, "ac": 17, "bc": 19, "abc": 40}, ["ac", "b"]),
        ({"ab": 21, "ac": 22, "bc": 23, "abc": 40}, ["a", "b", "c"]),
        ({"ab": 15, "ac": 25, "bc": 25, "abc": 33}, ["ab", "c"]),
    ],
    ids=["triple pays", "pairs mislead", "nothing pays", "one pair pays"],
)
def test_larger_classes_are_judged_by_their_exact_value(shared, expected):
    assert color(SINGLES | shared) == expected


def test_a_class_that_pays_is_kept_even_if_no_single_step_of_it_does():
    # The solver sees pair gains only; what decides is the class's own value.
    values = dict.fromkeys("abcd", 10.0)
    values |= {a + b: 19.9 for a, b in pairwise("abcd")} | {"ac": 19.9, "ad": 19.9, "bd": 19.9}
    values |= dict.fromkeys(("abc", "abd", "acd", "bcd"), 31.0)
    assert color(values | {"abcd": 20.0}) == ["abcd"]
    assert color(values | {"abcd": 39.9}) == ["ab", "cd"]


def test_an_interrupt_while_coloring_ends_the_compression(monkeypatch):
    def interrupted(_problem: object, _search: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("geocolor.solvers.auto.solve_subset_dp", interrupted)
    priced = PricedPairs(tuple(UNITS), ((0, 2),), (-1.0,), 1.0)
    unused: Any = SimpleNamespace()
    with pytest.raises(KeyboardInterrupt):
        colored_groups(priced, unused, seed=0, time_limit=5.0)
