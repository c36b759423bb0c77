"""Layers in classes by what a class's basis means to them."""

from __future__ import annotations

import torch
from torch import Tensor

from geocolor.compression import PRESETS, analyze
from geocolor.compression.assignment import assigned_groups
from geocolor.criterion import Damping, Form, GroupCosts, Metric, dominant_pairs, oriented_views
from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.units import Side, Unit

WIDTH = 12


def planted(kinds: list[int], seed: int = 0) -> tuple[list[Unit], GroupCosts]:
    """Layers whose matrices live in one of some small spaces, by kind, and a little beyond it."""
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    spaces = [torch.linalg.qr(random(WIDTH, 3))[0] for _ in range(max(kinds) + 1)]
    units, weights, factors = [], {}, {}
    for layer, kind in enumerate(kinds):
        name = f"layers.{layer}.up"
        weights[name] = random(8, 3) @ spaces[kind].T + 0.01 * random(8, WIDTH)
        inputs, gradients = random(WIDTH, 40), random(8, 40)
        factors[name] = KroneckerFactors(inputs @ inputs.T, gradients @ gradients.T)
        units.append(Unit(name, "layers.*.up", layer, (8, WIDTH), Side.READ, "stream"))
    views = oriented_views(
        units, weights, Curvature(factors, 1, 1), Metric.DOMINANT, Damping(0.0, 0.0)
    )
    dominant = {name: dominant_pairs(pair, Side.READ, 16) for name, pair in factors.items()}
    return units, GroupCosts(views, (Form.BASIS,), dominant=dominant)


def test_layers_of_one_kind_come_together_however_far_apart():
    # The first two pairs are pure, so that each kind has a basis to go to.
    units, costs = planted([0, 0, 1, 1, 0, 1, 0, 1])
    budget = int(0.4 * sum(unit.parameters for unit in units))
    groups = assigned_groups(units, costs, budget)
    assert sorted(name for group in groups for name in group) == [unit.name for unit in units]
    kinds = {
        name: {int(member.split(".")[1]) in (0, 1, 4, 6) for member in group}
        for group in groups
        for name in group
    }
    assert all(len(kind) == 1 for kind in kinds.values())
    assert any(len(group) > 2 for group in groups)


def test_one_layer_is_a_class():
    units, costs = planted([0])
    assert assigned_groups(units, costs, units[0].parameters // 2) == [(units[0].name,)]


def test_the_preset_meets_its_budget_and_keeps_roles_apart(tiny_llama, tokens):
    analysis = analyze(tiny_llama(), tokens)
    roles = {unit.name: unit.role for unit in analysis.units}
    compressed = analysis.compress(0.5, "geo-sharing")
    assert compressed.report.kept <= 0.5
    assert compressed.report.shared_groups > 0
    for group in compressed.plan.groups:
        assert len({roles[name] for name in group.members}) == 1
    assert PRESETS["geo-sharing"].metric is Metric.DOMINANT
