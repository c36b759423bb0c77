"""Shared parameters stay shared, or something is said."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

import geocolor
from geocolor.errors import ModelError
from geocolor.sharing import (
    GroupPlan,
    GroupWeights,
    SharingPlan,
    apply_plan,
    keep_ties,
    load,
    save,
)
from geocolor.sharing.checkpoint import structure_of

X = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
PLAN = SharingPlan(
    (
        GroupPlan(("layers.0", "layers.1"), "basis", "read", 2),
        GroupPlan(("layers.2", "layers.3"), "basis", "write", 3),
        GroupPlan(("layers.4", "layers.5"), "tied", "read"),
        GroupPlan(("layers.6", "layers.7"), "residual", "read", 1),
    )
)


class Network(nn.Module):
    """Eight layers, and an output that is also its input's embedding."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.enter = nn.Linear(6, 6, bias=False)
            self.layers = nn.Sequential(*(nn.Linear(6, 6) for _ in range(8)))
            self.leave = nn.Linear(6, 6, bias=False)
        self.leave.weight = self.enter.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.leave(torch.tanh(self.layers(self.enter(x))))


def shared() -> Network:
    model = Network()
    generator = torch.Generator().manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    weights = {}
    for group in PLAN.groups:
        read = group.side == "read"
        sizes = {"basis": (group.rank, 6) if read else (6, group.rank)}
        own = {"basis": (6, group.rank) if read else (group.rank, 6)}.get(group.form)
        weights[group.members] = GroupWeights(
            random(*sizes.get(group.form, (6, 6))),
            {name: random(*own) for name in group.members} if own else {},
            differences={name: (random(6, 1), random(1, 6)) for name in group.members},
        )
    apply_plan(model, PLAN, weights)
    keep_ties(model)
    return model


def stepped(model: nn.Module) -> nn.Module:
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        model(X).square().sum().backward()
        optimizer.step()
    return model


def reloaded(model: nn.Module, **options: bool) -> nn.Module:
    fresh = shared()
    fresh.load_state_dict(copy.deepcopy(model.state_dict()), **options)
    return fresh


def through_meta(model: nn.Module) -> nn.Module:
    state = model.state_dict()
    model = model.to("meta")
    geocolor.assert_shared(model)
    model = model.to_empty(device="cpu")
    geocolor.assert_shared(model)
    model.load_state_dict(state)
    return model


WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),  # noqa: S301
    "half and back": lambda model: model.half().float(),
    "double": nn.Module.double,
    "state dict": reloaded,
    "state dict assigned": lambda model: reloaded(model, assign=True),
    "meta and back": through_meta,
    "swapped": lambda model: swapped(model),
    "shared memory": nn.Module.share_memory,
    "optimiser": stepped,
    "wrapped": lambda model: nn.Sequential(model),
    "deepcopy, then meta": lambda model: through_meta(copy.deepcopy(model)),
}


def swapped(model: nn.Module) -> nn.Module:
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        return model.to(torch.bfloat16)
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_ties_survive(way):
    model = shared()
    expected, count = model(X).detach(), sum(p.numel() for p in model.parameters())
    changed = way(model)
    geocolor.assert_shared(changed)
    assert sum(parameter.numel() for parameter in changed.parameters()) == count
    inner = changed[0] if isinstance(changed, nn.Sequential) else changed
    assert inner.layers[0].first is inner.layers[1].first
    assert inner.layers[2].second is inner.layers[3].second
    assert inner.layers[4].weight is inner.layers[5].weight
    assert inner.layers[6].base.weight is inner.layers[7].base.weight
    assert inner.enter.weight is inner.leave.weight
    if way is not stepped:
        dtype = next(changed.parameters()).dtype
        output = changed(X.to(dtype)).float()
        loose = (
            {"atol": 0.5, "rtol": 0.1} if way in (WAYS["swapped"], WAYS["half and back"]) else {}
        )
        torch.testing.assert_close(output, expected, **loose)


def test_a_loaded_model_keeps_its_ties(tmp_path):
    save(shared(), PLAN, tmp_path / "saved", original_structure=structure_of(Network()))
    loaded = load(tmp_path / "saved", Network(1))
    geocolor.assert_shared(loaded)
    geocolor.assert_shared(through_meta(loaded))


@pytest.mark.parametrize("assign", [False, True])
def test_a_state_dict_with_two_values_for_one_parameter_is_refused(assign):
    model = shared()
    state = copy.deepcopy(model.state_dict())
    state["layers.5.weight"] = state["layers.5.weight"] + 1
    with pytest.raises(RuntimeError, match=r"layers\.4\.weight and layers\.5\.weight are one"):
        model.load_state_dict(state, assign=assign)
    around = nn.ModuleDict({"inner": shared()})
    inner = {f"inner.{name}": value for name, value in state.items()}
    with pytest.raises(RuntimeError, match="have two values"):
        around.load_state_dict(inner, assign=assign)


def test_a_state_dict_on_the_meta_device_is_held_to_shapes_alone():
    model = shared().to("meta")
    state = {name: torch.empty_like(value) for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    state["layers.5.weight"] = state["layers.5.weight"][:1]
    with pytest.raises(RuntimeError, match="have two values"):
        model.load_state_dict(state)


def test_a_state_dict_without_some_names_of_a_parameter_loads():
    model, state = shared(), shared().state_dict()
    del state["layers.5.weight"]
    missing = model.load_state_dict(state, strict=False)
    assert missing.missing_keys == ["layers.5.weight"]


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize("number", [0, 1])
def test_what_is_loaded_into_one_of_several_models_is_what_all_share(number, assign):
    several = nn.ModuleList([Network(0), Network(1)])
    for name in ("enter", "layers.1", "layers.6"):
        several[1].get_submodule(name).weight = several[0].get_submodule(name).weight
    several[1].leave.weight = several[1].enter.weight
    keep_ties(several)
    before = copy.deepcopy(several.state_dict())
    state = {name: value + 1 for name, value in several[number].state_dict().items()}
    several[number].load_state_dict(state, assign=assign)
    geocolor.assert_shared(several)
    for name, value in state.items():
        torch.testing.assert_close(several[number].state_dict()[name], value, rtol=0, atol=0)
        sibling = f"{1 - number}.{name}"
        shares = several[0].get_parameter(name) is several[1].get_parameter(name)
        expected = value if shares else before[sibling]
        torch.testing.assert_close(several.state_dict()[sibling], expected, rtol=0, atol=0)
    assert several[0].leave.weight is several[1].enter.weight
    geocolor.assert_shared(through_meta(several))


def test_two_values_for_one_parameter_of_one_of_several_models_are_refused():
    several = nn.ModuleList([Network(0), Network(1)])
    keep_ties(several)
    state = copy.deepcopy(several[1].state_dict())
    state["leave.weight"] = state["leave.weight"] + 1
    with pytest.raises(RuntimeError, match=r"enter\.weight and leave\.weight are one"):
        several[1].load_state_dict(state)


def test_one_of_several_models_is_not_asked_alone_what_it_shares_with_others():
    several = nn.ModuleList([Network(0), Network(1)])
    several[1].enter.weight = several[0].enter.weight
    keep_ties(several)
    with pytest.raises(ModelError, match="ask about all of them together"):
        geocolor.assert_shared(several[1])


def test_one_name_alone_of_a_parameter_is_loaded_for_all():
    model = shared()
    value = torch.rand(6, 6)
    model.load_state_dict({"layers.5.weight": value}, strict=False, assign=True)
    geocolor.assert_shared(model)
    torch.testing.assert_close(model.layers[4].weight.detach(), value, rtol=0, atol=0)


def test_a_parametrized_layer_shares_no_longer_and_breaks_nothing():
    model = shared()
    torch.nn.utils.parametrizations.weight_norm(model.layers[5])
    torch.nn.utils.parametrizations.weight_norm(model.enter)
    expected = model(X).detach()
    torch.testing.assert_close(model.double().float()(X).detach(), expected)
    with pytest.raises(ModelError, match="share no longer"):
        geocolor.assert_shared(model)


class Shortcut(nn.Module):
    """A layer beside containers of nothing, as where a shortcut has nothing to do."""

    def __init__(self, nothing: nn.Module) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)
        self.nothing = nothing

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if isinstance(self.nothing, nn.Sequential):
            return self.nothing(x) + self.layer(x)
        assert not self.nothing
        return self.layer(x)


class Scaled(nn.Sequential):
    """A container with a parameter of its own."""

    def __init__(self, scale: nn.Parameter) -> None:
        super().__init__(nn.Linear(6, 6), nn.Tanh())
        self.scale = scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * self.scale


class Outer(nn.Module):
    """Holds what a part of it holds, and calls all its children in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 6)
        self.after = nn.Tanh()
        self.bias = self.inner.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for child in self.children():
            x = child(x)
        return x + self.bias


def scaled_twice() -> nn.Module:
    scale = nn.Parameter(torch.rand(6))
    return nn.Sequential(Scaled(scale), Scaled(scale))


def scaled_within() -> nn.Module:
    model = Scaled(nn.Parameter(torch.rand(6)))
    model.insert(0, Scaled(model.scale))
    return model


TAKEN_AS_THEY_ARE = {
    "an empty Sequential": lambda: nn.Sequential(*(Shortcut(nn.Sequential()) for _ in "ab")),
    "an empty ModuleList": lambda: nn.Sequential(*(Shortcut(nn.ModuleList()) for _ in "ab")),
    "containers that hold": scaled_twice,
    "a container within one": scaled_within,
    "an outer holder": Outer,
    "a scripted part": lambda: nn.Sequential(
        Shortcut(nn.Sequential()), torch.jit.script(nn.Tanh()), Outer(), torch.jit.script(nn.Tanh())
    ),
}


@pytest.mark.parametrize("build", TAKEN_AS_THEY_ARE.values(), ids=TAKEN_AS_THEY_ARE)
def test_any_model_computes_what_it_did_and_keeps_its_ties(build):
    model = build()
    expected = model(X).detach()
    count = sum(p.numel() for p in model.parameters())
    keep_ties(model)
    torch.testing.assert_close(model(X), expected, rtol=0, atol=0)
    if not any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        model = through_meta(model)
    geocolor.assert_shared(model)
    assert sum(parameter.numel() for parameter in model.parameters()) == count
    torch.testing.assert_close(model(X), expected, rtol=0, atol=0)


def test_a_model_that_shares_nothing_gets_nothing_and_is_known():
    model = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6))
    keep_ties(model)
    assert [type(module) for module in model.modules()] == [nn.Sequential, nn.Linear, nn.Linear]
    geocolor.assert_shared(nn.ModuleList([pickle.loads(pickle.dumps(model))]))  # noqa: S301


def part(model: Network) -> None:
    model.layers[1].first = nn.Parameter(model.layers[1].first.detach().clone())


def replace(model: Network) -> None:
    model.layers[4] = nn.Linear(6, 6)


def move_a_part(model: Network) -> None:
    model.layers[:4].to("meta")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (part, r"layers\.0\.first and layers\.1\.first share no longer"),
        (replace, r"layers\.4 is not in the model any more"),
        (move_a_part, "share no longer"),
    ],
)
def test_ties_that_are_broken_are_told(harm, message):
    model = shared()
    harm(model)
    with pytest.raises(ModelError, match=message):
        geocolor.assert_shared(model)


def test_a_model_that_knows_of_no_ties_is_told():
    with pytest.raises(ModelError, match="Network does not know what it shares"):
        geocolor.assert_shared(Network())


def test_keeping_ties_again_changes_nothing():
    model = shared()
    names = list(dict(model.named_modules()))
    keep_ties(model)
    assert list(dict(model.named_modules())) == names
    assert len(model._load_state_dict_pre_hooks) == 1
    assert "shared parameters" in repr(model)
