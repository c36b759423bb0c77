"""What a budget counts, and ranks that hardware likes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import nn

from geocolor.compression import Configuration, analyze, compress, sharing_options
from geocolor.compression.configuration import RankRule, preset
from geocolor.criterion import Budget, Form
from geocolor.errors import InputError
from geocolor.sharing import Factored, Residual
from geocolor.units import count_uses, find_units

COUNTED = {"params": "unit_parameters", "bytes": "unit_bytes", "macs": "unit_macs"}


def test_the_plan_is_as_large_as_was_counted_and_within_the_budget(tiny_llama, tokens):
    analysis = analyze(tiny_llama(), tokens)
    for budget, rank_multiple, keep in product(COUNTED, (1, 4), (0.3, 0.7)):
        method = replace(preset("default"), rank_multiple=rank_multiple, budget=Budget(budget))
        found = analysis.compress(keep, method)
        before, after = (
            getattr(size, COUNTED[budget]) for size in (found.report.before, found.report.after)
        )
        assert after == found.planned.allocation.size
        assert keep - 0.03 < found.report.kept == after / before <= keep
        assert found.report.budget == budget
        for group in found.plan.groups:
            assert group.rank % rank_multiple == 0


def test_multiples_are_planned_for_and_cost_little_more_than_any_ranks(tiny_llama, tokens):
    analysis = analyze(tiny_llama(), tokens)
    costs = [
        analysis.compress(0.6, replace(preset("default"), rank_multiple=multiple)).planned
        for multiple in (1, 2, 4, 16)
    ]
    found = [planned.allocation.cost for planned in costs]
    assert found == sorted(found)
    assert all(planned.allocation.lower_bound <= planned.allocation.cost for planned in costs)


def test_a_tie_saves_storage_and_no_arithmetic(mlp):
    torch.manual_seed(0)
    model, x = mlp(*[12] * 5), torch.randn(64, 12)
    with torch.no_grad():
        for layer in model[::2]:
            layer.weight.copy_(model[0].weight + 0.01 * torch.randn(12, 12))
    method = Configuration("ties", forms=(Form.DENSE, Form.BASIS, Form.TIED), reach=3)
    analysis = analyze(model, [x])
    stored, done = (
        analysis.compress(0.5, replace(method, budget=budget))
        for budget in (Budget.PARAMS, Budget.MACS)
    )
    assert "tied" in {group.form for group in stored.plan.groups}
    assert stored.report.after.unit_macs > 0.5 * stored.report.before.unit_macs
    assert "tied" not in {group.form for group in done.plan.groups}
    assert done.report.after.unit_macs <= 0.5 * done.report.before.unit_macs


class Attention(nn.Module):
    """Projections of one input, or of two, and one of what comes of them."""

    def __init__(self, width: int, *, crossed: bool) -> None:
        super().__init__()
        self.crossed = crossed
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (
            nn.Linear(width, width, bias=False) for _ in range(4)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        other = x.flip(-1) if self.crossed else x
        return self.o_proj(torch.tanh(self.q_proj(x) * self.k_proj(other)) + self.v_proj(other))


@pytest.mark.parametrize(("crossed", "tensors"), [(False, 1), (True, 2)])
def test_a_basis_is_counted_once_for_each_tensor_it_is_applied_to(crossed, tensors):
    torch.manual_seed(0)
    model = nn.Sequential(Attention(10, crossed=crossed))
    low = torch.randn(10, 2) @ torch.randn(2, 10)
    with torch.no_grad():
        for name in "qkv":
            getattr(model[0], f"{name}_proj").weight.copy_(torch.randn(10, 10) @ low / 10)
    forms = Configuration("bases", forms=(Form.BASIS,), across_roles=True)
    found = compress(model, [torch.randn(64, 10)], 0.5, preset=forms, budget="macs")
    shared = [group for group in found.plan.groups if len(group.members) > 1]
    assert found.report.after.unit_macs == found.planned.allocation.size
    for group in shared:
        reading = 1 if tensors == 1 else len({name == "0.q_proj" for name in group.members})
        macs = group.rank * 10 * (reading + len(group.members))
        of_group = [each.macs for each in found.matrices if each.name in group.members]
        assert sum(of_group) == macs
    assert crossed or shared


class Heads(nn.Module):
    """A list of layers that read one tensor in nearly one space."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        low = torch.randn(3, 16)
        self.heads = nn.ModuleList([nn.Linear(16, 16, bias=False) for _ in range(4)])
        with torch.no_grad():
            for head in self.heads:
                head.weight.copy_(torch.randn(16, 3) @ low / 5 + torch.randn(16, 16) / 200)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([head(x) for head in self.heads], -1)


class Direct(nn.Module):
    """Calls the parts of a module without calling it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Heads()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([head(x) for head in self.inner.heads], -1)


@pytest.mark.parametrize("model", [Heads(), nn.Sequential(Heads(), nn.Tanh()), Direct()])
@pytest.mark.parametrize("budget", ["params", "macs"])
def test_multiply_adds_are_those_done(model, budget, monkeypatch):
    torch.manual_seed(1)
    forms = Configuration("bases", forms=(Form.BASIS,))
    found = compress(model, [torch.randn(64, 16)], 0.35, preset=forms, budget=budget)
    assert budget == "macs" or found.plan.shared_groups
    done, linear = [], nn.functional.linear

    def counting(x: torch.Tensor, weight: torch.Tensor, bias: object = None) -> torch.Tensor:
        done.append(weight.numel())
        return linear(x, weight, bias)

    monkeypatch.setattr(nn.functional, "linear", counting)
    with torch.no_grad():
        found.model(torch.randn(1, 16))
    assert found.report.after.unit_macs == sum(done)
    if budget == "macs":
        assert found.planned.allocation.size == sum(done)


def test_convolutions_count_every_place_they_are_applied_at():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), nn.Flatten(),
        nn.Linear(8 * 9, 5),
    )  # fmt: skip
    images = torch.randn(16, 3, 8, 8)
    units = find_units(model)
    uses = count_uses(model, units, lambda each: each(images[:1]))
    assert [uses[unit.name].places for unit in units] == [64, 9, 1]
    found = compress(model, [images], 0.6, budget="macs", loss="squared-error")
    report = found.report
    assert report.before.unit_macs == 64 * 8 * 27 + 9 * 8 * 72 + 5 * 72
    assert report.after.unit_macs == found.planned.allocation.size <= 0.6 * report.before.unit_macs
    assert "multiply-adds a sample" in str(report)
    assert sum(each.macs for each in found.matrices) == report.after.unit_macs


def test_bytes_are_those_of_the_dtype_of_each_matrix(mlp):
    torch.manual_seed(0)
    model = mlp(8, 8, 8)
    x = torch.randn(64, 8)

    class Cast(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.double()

    model = nn.Sequential(model[0], model[1], Cast(), model[2].double())
    analysis = analyze(model, [x])
    report = analysis.compress(0.9, replace(preset("private"), budget=Budget.BYTES)).report
    assert report.before.unit_bytes == 64 * 4 + 64 * 8
    assert report.after.unit_bytes <= 0.9 * report.before.unit_bytes


def test_options_are_sized_in_what_the_budget_counts(tiny_llama, tokens):
    params, macs = (
        sharing_options(tiny_llama(), tokens, 0.6, budget=budget) for budget in ("params", "macs")
    )
    assert "tied" not in macs.forms
    assert params.fingerprint != macs.fingerprint


def test_what_reads_one_tensor_side_by_side_is_found(tiny_llama, tokens):
    model = tiny_llama().eval()
    units = find_units(model)
    uses = count_uses(model, units, lambda each: each(**tokens[0]))
    block = "model.layers.1"
    for name in "kv":
        assert uses[f"{block}.self_attn.{name}_proj"].reads == f"{block}.self_attn.q_proj"
    assert uses[f"{block}.mlp.up_proj"].reads == f"{block}.mlp.gate_proj"
    assert uses[f"{block}.mlp.down_proj"].reads == f"{block}.mlp.down_proj"
    assert {use.places for use in uses.values()} == {tokens[0]["input_ids"].numel()}


def test_a_matrix_narrower_than_the_multiple_may_keep_its_width(mlp):
    torch.manual_seed(0)
    model, x = mlp(5, 5, 5), torch.randn(64, 5)
    wide = Configuration("wide", forms=(Form.BASIS,), rank_multiple=8)
    found = compress(model, [x], 1.0, preset=wide)
    assert {group.rank for group in found.plan.groups} <= {0, 5}
    assert not any(isinstance(m, Residual) for m in found.model.modules())
    assert all(isinstance(found.model[at], Factored) for at in (0, 2))


def test_uniform_ranks_take_no_multiple():
    with pytest.raises(InputError, match="set rank_multiple to 1"):
        replace(preset("svd-llm"), rank_multiple=8)
    assert preset("svd-llm").ranks is RankRule.UNIFORM
