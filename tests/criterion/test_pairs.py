"""The weighted conflict graph: which pairs are priced, and at what."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from geocolor.criterion import GroupCosts, PricedPairs, candidate_pairs, pairs, price_pairs
from geocolor.criterion.curves import Form
from geocolor.units import Side, Unit


def unit(name: str, role: str, layer: int, side: Side = Side.READ) -> Unit:
    return Unit(name, role, layer, (4, 5), side, "s")


def names(units: list[Unit], reach: int) -> set[tuple[str, str]]:
    return {(units[i].name, units[j].name) for i, j in candidate_pairs(units, reach)}


def test_one_role_pairs_within_reach_and_siblings_pair_within_their_block():
    units = [
        unit(f"{layer}.{block}.{part}", f"*.{block}.{part}", layer)
        for layer in range(3)
        for block, part in (("attn", "q"), ("attn", "k"), ("mlp", "up"))
    ]
    parts = ("attn.q", "attn.k", "mlp.up")
    near = {(f"{i}.{part}", f"{i + 1}.{part}") for i in (0, 1) for part in parts}
    siblings = {(f"{i}.attn.q", f"{i}.attn.k") for i in range(3)}
    far = {(f"0.{part}", f"2.{part}") for part in parts}
    assert names(units, 1) == near | siblings
    assert names(units, 2) == near | siblings | far
    assert names(units, 0) == siblings


def test_across_roles_all_of_a_family_pair_within_reach():
    units = [
        unit(f"{layer}.{part}", f"*.{part}", layer) for layer in range(3) for part in ("q", "up")
    ]
    found = candidate_pairs(units, 1, across_roles=True)
    assert found == [
        (i, j)
        for i in range(6)
        for j in range(i + 1, 6)
        if abs(units[i].layer - units[j].layer) <= 1
    ]


def test_units_of_different_families_never_pair():
    units = [unit("0.a", "*.a", 0), unit("1.a", "*.a", 1, Side.WRITE), unit("0.b", "*.b", 0)]
    assert names(units, 5) == {("0.a", "0.b")}


def test_blocks_without_the_role_do_not_count_as_distance():
    # Activations stand between the layers of a Sequential.
    units = [unit(str(number), "*", number) for number in (0, 2, 5)]
    assert names(units, 1) == {("0", "2"), ("2", "5")}


def test_experts_of_one_layer_are_at_no_distance():
    units = [
        unit(f"{layer}.experts.{e}", "*.experts.*", layer) for layer in (0, 1, 2) for e in (0, 1)
    ]
    pairs = names(units, 1)
    assert ("0.experts.0", "0.experts.1") in pairs
    assert ("0.experts.0", "1.experts.1") in pairs
    assert ("0.experts.0", "2.experts.0") not in pairs


def test_weights_are_what_sharing_adds_and_absent_pairs_are_hard_conflicts(family):
    views = family(0, outers=(4, 4, 4), width=5, spread=0.05)
    units = [view.unit for view in views.values()]
    costs, told = GroupCosts(views, tuple(Form)), []
    priced = price_pairs(units, [(0, 1), (1, 2)], costs, 1e-3, lambda *step: told.append(step))
    assert told == [("pricing pairs", 1, 2), ("pricing pairs", 2, 2)]
    assert not priced.estimated
    for (i, j), weight in zip(priced.pairs, priced.weights, strict=True):
        alone = sum(costs.best((f"u{k}",), 1e-3).value for k in (i, j))
        together = costs.best((f"u{i}", f"u{j}"), 1e-3).value
        assert weight == pytest.approx(together - alone)
        assert weight < 0
    graph = priced.graph()
    assert list(graph.labels) == ["u0", "u1", "u2"]
    assert list(graph.sizes) == [20, 20, 20]
    assert graph.conflicts.edges().tolist() == [[0, 2]]
    assert graph.weights.edges().tolist() == [[0, 1], [1, 2]]
    assert graph.weights.edge_values() == pytest.approx(priced.weights)


MANY = list(combinations(range(8), 2))


@pytest.fixture
def estimating(monkeypatch):
    """Estimate pairs of models this small too."""
    monkeypatch.setattr(pairs, "_FEW", 0)


def priced_alike(views, forms, price, **options) -> tuple[PricedPairs, list[float], list[float]]:
    """Price all pairs; and give the weights of each priced by itself, and what both cost alone."""
    costs = GroupCosts(views, forms, **options)
    names = list(views)
    priced = price_pairs([view.unit for view in views.values()], MANY, costs, price)
    alone = [costs.best((name,), price).value for name in names]
    apart = [alone[i] + alone[j] for i, j in MANY]
    together = [costs.best((names[i], names[j]), price).value for i, j in MANY]
    return priced, [own - both for own, both in zip(together, apart, strict=True)], apart


@pytest.mark.usefixtures("estimating")
@pytest.mark.parametrize("patience", [1, 3])
def test_pairs_are_priced_by_their_estimates_until_some_in_a_row_gain_nothing(
    family, monkeypatch, patience
):
    monkeypatch.setattr(pairs, "_PATIENCE", patience)
    monkeypatch.setattr(pairs, "_AT_ONCE", 2)
    alike, other = (
        family(seed, outers=(4, 6) * 4, width=9, common=True, spread=spread)
        for seed, spread in ((3, 0.3), (4, None))
    )
    views = {name: (alike if name < "u4" else other)[name] for name in alike}
    priced, weights, apart = priced_alike(views, (Form.DENSE, Form.BASIS), 1e-2)
    found = [pair not in priced.estimated for pair in MANY]
    assert [own for own, exact in zip(priced.weights, found, strict=True) if exact] == [
        weight for weight, exact in zip(weights, found, strict=True) if exact
    ]
    gaining = [weight < 0 for weight in weights]
    assert sum(exact and not gain for exact, gain in zip(found, gaining, strict=True)) >= patience
    assert patience < sum(found) < len(MANY) / 2
    assert sum(map(min, found, gaining)) > sum(gaining) / 2
    assert np.array(priced.weights) / apart == pytest.approx(np.array(weights) / apart, abs=0.25)


@pytest.mark.usefixtures("estimating")
def test_threads_change_nothing_and_are_given_back(family):
    views = family(8, outers=(4, 6) * 4, width=9)
    threads = torch.get_num_threads()
    found = []
    for count in (1, 3):
        torch.set_num_threads(count)
        found.append(priced_alike(views, (Form.DENSE, Form.BASIS), 1e-2)[0])
        assert torch.get_num_threads() == count
    torch.set_num_threads(threads)
    assert found[0].weights == found[1].weights
    assert found[0].estimated == found[1].estimated


@pytest.mark.usefixtures("estimating")
@pytest.mark.parametrize("price", [1e-4, 1e-3, 1e-2, 1e-1])
def test_in_one_metric_all_weights_are_exact(family, price):
    views = family(4, outers=(4, 6) * 4, width=9, common=True)
    priced, weights, apart = priced_alike(views, (Form.DENSE, Form.BASIS), price)
    assert np.array(priced.weights) / apart == pytest.approx(np.array(weights) / apart, abs=1e-9)


@pytest.mark.usefixtures("estimating")
def test_what_may_be_tied_is_priced_whatever_a_basis_costs(family):
    views = family(5, outers=(4,) * 8, width=9, spread=0.4)
    priced, weights, _ = priced_alike(views, tuple(Form), 1e-2)
    tied = GroupCosts(views, tuple(Form))
    aligned = [pair for pair in MANY if tied.may_tie(tuple(f"u{at}" for at in pair))]
    assert aligned
    assert priced.estimated.isdisjoint(aligned)
    assert priced.weights == pytest.approx(weights)


@pytest.mark.usefixtures("estimating")
@pytest.mark.parametrize(
    ("forms", "refit"), [((Form.BASIS,), False), ((Form.DENSE, Form.TIED), True)]
)
def test_other_criteria_have_no_estimates(family, forms, refit):
    views = family(6, outers=(4,) * 8, width=9)
    priced, weights, _ = priced_alike(views, forms, 1e-2, refit=refit)
    assert not priced.estimated
    assert list(priced.weights) == weights


@pytest.mark.usefixtures("estimating")
def test_where_no_basis_can_pay_none_is_estimated(family, monkeypatch):
    views = family(7, outers=(6,) * 8, width=6)
    asked: list[tuple[int, int]] = []

    def estimate(views, some, rank_prices, workers, on_progress):
        asked.extend(some)
        return np.zeros(len(some))

    monkeypatch.setattr(pairs, "estimate_pairs", estimate)
    priced, weights, _ = priced_alike(views, (Form.DENSE, Form.BASIS), 1e-7)
    assert not asked
    assert priced.estimated == frozenset(MANY)
    assert priced.weights == pytest.approx(weights, abs=1e-12)
