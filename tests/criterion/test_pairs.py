"""The weighted conflict graph: which pairs are priced, and at what."""

from __future__ import annotations

import pytest

from geocolor.criterion import GroupCosts, candidate_pairs, price_pairs
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
    costs, done = GroupCosts(views, tuple(Form)), []
    priced = price_pairs(units, [(0, 1), (1, 2)], costs, 1e-3, done.append)
    assert done == [1, 2]
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
