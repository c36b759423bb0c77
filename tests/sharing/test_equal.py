"""Parameters that are equal in several models are one, and are so again when they are loaded."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from geocolor.errors import CheckpointError
from geocolor.sharing import GroupPlan, GroupWeights, SharingPlan, apply_plan, load, save
from geocolor.sharing.checkpoint import structure_of
from geocolor.sharing.equal import part_named, tie_equal, tie_named

X = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))


def model(seed: int) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.BatchNorm1d(4)).eval()


def fine_tunes() -> nn.ModuleList:
    """Three models, of which the second and the third changed one layer of the first each."""
    base = model(0)
    models = nn.ModuleList([base, copy.deepcopy(base), copy.deepcopy(base)])
    models[1][0].weight.data.add_(1)
    models[2][1].bias.data.add_(1)
    return models


def test_what_has_the_same_bits_at_one_place_is_one_parameter() -> None:
    models = fine_tunes()
    before = [one(X) for one in models]
    tie_equal(models)
    first, second, third = models
    assert first[0].weight is third[0].weight
    assert first[0].weight is not second[0].weight
    assert first[1].bias is second[1].bias
    assert first[1].bias is not third[1].bias
    assert first[2].weight is second[2].weight is third[2].weight
    # Equal, but at another place.
    assert first[2].bias is not first[1].bias
    assert len(list(models.parameters())) == 6 + 2
    assert all(torch.equal(one(X), then) for one, then in zip(models, before, strict=True))
    tie_equal(models)
    assert len(list(models.parameters())) == 6 + 2


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: layer.weight.requires_grad_(False),
        lambda layer: layer.to(torch.float64),
        lambda layer: setattr(layer, "weight", nn.Parameter(layer.weight[:, :3].detach())),
    ],
)
def test_what_differs_in_more_than_its_bits_stays_apart(change) -> None:
    models = nn.ModuleList([model(0), model(0)])
    change(models[1][0])
    tie_equal(models)
    assert models[0][0].weight is not models[1][0].weight
    assert models[0][1].weight is models[1][1].weight


def test_named_parameters_are_tied_where_they_fit() -> None:
    models = nn.ModuleList([model(0), model(1)])
    models[1][1].weight = nn.Parameter(torch.zeros(2, 2))
    names = {
        "1.0.weight": "0.0.weight",
        "1.0.bias": "0.1.bias",  # another place
        "1.1.weight": "0.1.weight",  # another shape
        "1.2.weight": "0.9.weight",  # nothing of that name
        "1.2.running_mean": "0.2.running_mean",  # no parameter
    }
    tie_named(models, names, across=True)
    assert models[1][0].weight is models[0][0].weight
    tied = {id(parameter) for parameter in models[0].parameters()}
    assert sum(id(parameter) in tied for parameter in models[1].parameters()) == 1


def test_named_parameters_of_one_model_are_tied_wherever_they_are() -> None:
    one = model(0)
    tie_named(one, {"1.weight": "0.weight", "1.bias": "0.weight"}, across=False)
    assert one[1].weight is one[0].weight
    assert one[1].bias is not one[0].bias


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    models = fine_tunes()
    structure = structure_of(models)
    plan = SharingPlan((GroupPlan(("0.0", "1.0"), "tied", "read"),))
    apply_plan(models, plan, {("0.0", "1.0"): GroupWeights(torch.eye(4), {})})
    tie_equal(models)
    save(models, plan, tmp_path / "saved", original_structure=structure)
    return tmp_path / "saved"


def test_several_models_are_saved_and_loaded_as_one(folder: Path) -> None:
    description = json.loads((folder / "geocolor.json").read_text())
    assert description["model"] == [None, None, None]
    loaded = load(folder, [model(seed) for seed in (5, 6, 7)])
    assert isinstance(loaded, nn.ModuleList)
    assert loaded[0][0].weight is loaded[1][0].weight
    assert torch.equal(loaded[1][0].weight, torch.eye(4))
    assert loaded[0][1].bias is loaded[1][1].bias
    assert loaded[0][1].bias is not loaded[2][1].bias
    assert torch.equal(loaded[2](X), fine_tunes()[2](X))


def test_a_place_that_is_not_shared_any_more_is_refused(folder: Path) -> None:
    path = folder / "geocolor.json"
    description = json.loads(path.read_text())
    description["aliases"]["2.1.bias"] = "0.0.bias"
    path.write_text(json.dumps(description))
    with pytest.raises(CheckpointError, match="must be one parameter"):
        load(folder, [model(seed) for seed in (5, 6, 7)])


def test_several_models_of_transformers_are_rebuilt(tmp_path: Path, tiny_llama) -> None:
    models = nn.ModuleList([tiny_llama(num_hidden_layers=1), tiny_llama(1, num_hidden_layers=2)])
    save(models, SharingPlan(()), tmp_path / "two", original_structure=structure_of(models))
    loaded = load(tmp_path / "two")
    tokens = torch.arange(20).reshape(2, 10)
    with torch.no_grad():
        for one, then in zip(loaded, models, strict=True):
            assert torch.equal(one(tokens).logits, then(tokens).logits)


def test_one_parameter_becomes_as_many_as_names_say() -> None:
    layers = nn.ModuleDict({name: nn.Linear(2, 2) for name in "abcde"})
    shared = layers["a"].weight
    for layer in layers.values():
        layer.weight = shared
    shared.requires_grad_(False)
    meant = {"a": "a", "b": "b", "c": "b", "d": "a"}
    names = {f"{name}.weight": f"{other}.weight" for name, other in meant.items()}
    for _ in range(2):  # the second time there is nothing to do
        part_named(layers, names)
        now = {name: layer.weight for name, layer in layers.items()}
        assert now["a"] is now["d"] is now["e"] is shared
        assert now["b"] is now["c"] is not shared
        assert torch.equal(now["b"], shared)
        assert not now["b"].requires_grad


def test_what_names_do_not_know_or_has_no_elements_is_left_alone() -> None:
    layers = nn.ModuleList([nn.Linear(2, 0), nn.Linear(2, 0)])
    layers[1].weight = layers[0].weight
    part_named(layers, {"0.weight": "0.weight", "1.weight": "1.weight", "nowhere": "at all"})
    assert layers[1].weight is layers[0].weight
