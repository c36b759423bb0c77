"""Several models compressed together."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from geocolor.compression import analyze, compress, conflict_graph, load
from geocolor.compression.several import batches_by_model
from geocolor.errors import ModelError
from geocolor.sharing.equal import tie_equal

BATCHES = [torch.randn(32, 6, generator=torch.Generator().manual_seed(i)) for i in range(2)]


def perturbed(model: nn.Module, seed: int, size: float = 0.03) -> nn.Module:
    """A fine-tune: the blocks a little off, the rest as it was."""
    generator = torch.Generator().manual_seed(seed)
    tuned = copy.deepcopy(model)
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "weight" in name:
                noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.add_((size * parameter.std() * noise).to(parameter.dtype))
    return tuned


@pytest.fixture
def family(mlp: Callable[..., nn.Sequential]) -> list[nn.Module]:
    base = mlp(6, 24, 24, 6)
    return [perturbed(base, seed) for seed in range(3)]


def unique(models: nn.Module) -> int:
    return sum({p.untyped_storage().data_ptr(): p.numel() for p in models.parameters()}.values())


def test_fine_tunes_keep_one_copy_and_differences(family):
    compressed = compress(family, BATCHES, keep=0.5)
    assert isinstance(compressed.model, nn.ModuleList)
    report = compressed.report
    assert report.kept <= 0.5
    assert report.after.parameters == unique(compressed.model)
    assert report.before.parameters == unique(nn.ModuleList(family))
    matrices = 6 * 24 + 24 * 24 + 24 * 6
    assert report.before.unit_parameters == 3 * matrices
    assert compressed.plan.shared_groups
    for group in compressed.plan.shared_groups:
        assert {name.partition(".")[2] for name in group.members} == {group.members[0][2:]}
    # Biases were never changed, so there is one of each.
    for first, second in zip(compressed.model[0], compressed.model[1], strict=True):
        if isinstance(first, nn.Linear):
            assert first.bias is second.bias
    alone = sum(compress(model, BATCHES, keep=0.5).report.measured_increase for model in family)
    assert report.measured_increase < 0.2 * alone
    assert report.measured_increase == sum(model.measured_increase for model in report.models)
    assert [model.before.unit_parameters for model in report.models] == [matrices] * 3
    assert "3 models in" in str(report)


def test_originals_are_left_alone_and_the_result_is_the_same_again(family):
    before = copy.deepcopy(family)
    first, second = (compress(family, BATCHES, keep=0.45) for _ in range(2))
    for model, was in zip(family, before, strict=True):
        kept = zip(model.parameters(), was.parameters(), strict=True)
        assert all(torch.equal(parameter, value) for parameter, value in kept)
    assert first.plan == second.plan
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True)
    )


def test_reports_on_each_model_are_the_same_in_place(family):
    first = compress(family, BATCHES, keep=0.45).report
    inside = compress(copy.deepcopy(family), BATCHES, keep=0.45, inplace=True).report
    assert inside.models == first.models
    assert all(model.before.parameters != model.after.parameters for model in inside.models)
    assert [model.before.parameters for model in inside.models] == [unique(m) for m in family]


def test_each_model_is_measured_on_its_own_batches(family):
    own = [[batch * (1 + at)] for at, batch in enumerate((*BATCHES, BATCHES[0] - 1))]
    together = analyze(family, own)
    for at, model in enumerate(family):
        alone = analyze(model, own[at])
        for name, factors in alone.curvature.factors.items():
            joint = together.curvature.factors[f"{at}.{name}"]
            assert torch.equal(joint.inputs, factors.inputs)
            assert torch.equal(joint.gradients, factors.gradients)


def test_a_list_of_iterables_is_one_for_each_model():
    a, b = torch.zeros(1, 2), torch.ones(1, 2)
    assert batches_by_model([a, b], 2) == [[a, b], [a, b]]
    assert batches_by_model([[a], iter([b])], 2) == [[a], [b]]
    assert batches_by_model([(a,), (b,)], 2) == [[(a,), (b,)]] * 2
    assert batches_by_model(iter([a]), 2) == [[a], [a]]
    with pytest.raises(ModelError, match="no calibration batch"):
        batches_by_model([[a], []], 2)


def test_the_graph_joins_what_stands_at_one_place(family):
    graph = conflict_graph(family, BATCHES, keep=0.5)
    assert graph.num_nodes == 9
    labels = [graph.label(node) for node in range(9)]
    assert labels[:3] == ["0.0", "1.0", "2.0"]
    first, same_place, elsewhere = (labels.index(name) for name in ("0.0", "1.0", "1.2"))
    assert same_place not in graph.conflicts.neighbors(first)
    assert {elsewhere, labels.index("0.2")} <= set(graph.conflicts.neighbors(first).tolist())


def test_unrelated_models_are_not_tied(mlp):
    models = [mlp(6, 24, 24, 6, seed=seed) for seed in range(2)]
    compressed = compress(models, BATCHES, keep=0.7)
    assert not {group.form for group in compressed.plan.groups} & {"tied", "residual"}
    assert compressed.report.kept <= 0.7


@pytest.mark.parametrize("preset", ["svd-llm", "basis-sharing", "uniform-tie"])
def test_published_rules_take_several(family, preset):
    compressed = compress(family, BATCHES, keep=0.6, preset=preset)
    assert compressed.report.kept <= 0.6
    assert len(compressed.model) == 3


def test_saved_together_and_loaded_together(family, tmp_path):
    compressed = compress(family, BATCHES, keep=0.5)
    compressed.save(tmp_path / "all")
    fresh = [perturbed(model, 9) for model in family]
    loaded = load(tmp_path / "all", model=fresh)
    assert unique(loaded) == unique(compressed.model)
    for own, saved in zip(loaded, compressed.model, strict=True):
        assert torch.equal(own(BATCHES[0]), saved(BATCHES[0]))


def test_copies_and_moves_keep_what_is_shared(family):
    models = compress(family, BATCHES, keep=0.5).model
    size = unique(models)
    for moved in (copy.deepcopy(models), copy.deepcopy(models).double()):
        assert unique(moved) == size


def test_models_of_transformers_are_rebuilt_and_left_alone_on_damage(tiny_llama, tokens, tmp_path):
    base = tiny_llama()
    family = [perturbed(base, seed, 0.01) for seed in range(2)]
    compressed = compress(family, tokens, keep=0.6)
    compressed.save(tmp_path / "all")
    loaded = load(tmp_path / "all")
    assert unique(loaded) == unique(compressed.model)
    for own, saved in zip(loaded, compressed.model, strict=True):
        assert torch.equal(own(**tokens[0]).logits, saved(**tokens[0]).logits)
    (tmp_path / "all" / "1" / "config.json").write_text("{}")
    with pytest.raises(ModelError.__mro__[1], match="not the file that was saved"):
        load(tmp_path / "all")


def test_what_cannot_be_compressed_together_is_refused(mlp):
    with pytest.raises(ModelError, match="not int"):
        compress([mlp(4, 4), 3], BATCHES)
    with pytest.raises(ModelError, match="no model was given"):
        compress([], BATCHES)
    model = mlp(6, 8, 6)
    with pytest.raises(ModelError, match="given twice"):
        compress([model, model], BATCHES)


def test_equal_bits_are_one_parameter_wherever_they_are_held():
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(5, 3)
            self.head = nn.Linear(3, 5, bias=False)
            self.head.weight = self.embedding.weight

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.embedding(x))

    first = Tied()
    models = nn.ModuleList([first, copy.deepcopy(first), Tied()])
    tie_equal(models)
    assert models[0].head.weight is models[1].embedding.weight is models[1].head.weight
    assert models[2].head.weight is models[2].embedding.weight
    assert len(list(models.parameters())) == 2
    frozen = nn.ModuleList([first, copy.deepcopy(first).requires_grad_(False)])
    tie_equal(frozen)
    assert len(list(frozen.parameters())) == 2


def test_the_units_of_one_model_are_those_without_the_others(family):
    together = analyze(family, BATCHES)
    alone = analyze(family[1], BATCHES)
    own = [unit for unit in together.units if unit.model == 1]
    assert [replace(unit, name=unit.place, model=None) for unit in own] == list(alone.units)
