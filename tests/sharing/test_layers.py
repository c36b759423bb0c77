"""Factored layers, alone and sharing a factor."""

from __future__ import annotations

import copy
import pickle
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from geocolor.compression import compress
from geocolor.errors import ModelError
from geocolor.sharing import FactoredConvolution, FactoredLinear
from geocolor.sharing.layers import factored, residual
from geocolor.units import find_units, is_layer, rebuilt


def parameter(*shape: int, seed: int) -> nn.Parameter:
    generator = torch.Generator().manual_seed(seed)
    return nn.Parameter(torch.randn(*shape, generator=generator, dtype=torch.float64))


def read_pair() -> nn.ModuleList:
    """Two layers with one read-side basis; the second has no bias."""
    basis = parameter(2, 5, seed=0)
    return nn.ModuleList(
        [
            FactoredLinear(basis, parameter(4, 2, seed=1), parameter(4, seed=2)),
            FactoredLinear(basis, parameter(3, 2, seed=3)),
        ]
    )


@pytest.mark.parametrize(
    "build",
    [
        lambda: nn.Linear(5, 4),
        lambda: nn.Linear(5, 4, bias=False),
        lambda: nn.Conv1d(5, 4, 3, stride=2, padding=1, padding_mode="circular"),
    ],
    ids=["linear", "no bias", "convolution"],
)
def test_a_difference_adds_to_the_shared_matrix_and_each_use_to_its_gradient(build):
    torch.manual_seed(0)
    plain = [build().double() for _ in range(2)]
    plain[1].weight = plain[0].weight
    columns = plain[0].weight[0].numel()
    layers = nn.ModuleList(
        residual(copy.copy(layer), parameter(2, columns, seed=i), parameter(4, 2, seed=i + 5))
        for i, layer in enumerate(plain)
    )
    x = parameter(3, 5, seed=8).detach()
    if isinstance(plain[0], nn.Conv1d):
        x = parameter(2, 5, 7, seed=8).detach()
    outputs = []
    for layer, like in zip(layers, plain, strict=True):
        expected = copy.deepcopy(like)
        with torch.no_grad():
            expected.weight.add_(layer.difference.matrix.reshape(like.weight.shape))
        torch.testing.assert_close(layer(x), expected(x))
        torch.testing.assert_close(layer.weight, expected.weight)
        assert layer.bias is like.bias
        assert layer.rank == 2
        outputs.append(like(x))
    expected = torch.autograd.grad(sum(output.sum() for output in outputs), plain[0].weight)[0]
    sum(layer(x).sum() for layer in layers).backward()
    torch.testing.assert_close(layers[0].base.weight.grad, expected)
    copied = copy.deepcopy(layers)
    assert copied[0].base.weight is copied[1].base.weight


@pytest.mark.parametrize("lead", [(), (7,), (2, 3)])
def test_it_computes_the_product_and_the_bias(lead):
    layer = read_pair()[0]
    x = parameter(*lead, 5, seed=9).detach()
    expected = x @ (layer.second @ layer.first).T + layer.bias
    torch.testing.assert_close(layer(x), expected)
    assert (layer.in_features, layer.out_features, layer.rank) == (5, 4, 2)
    torch.testing.assert_close(layer.weight, layer.second @ layer.first)
    assert set(dict(layer.named_parameters())) == {"first", "second", "bias"}


def test_rank_zero_gives_the_bias_alone():
    layer = FactoredLinear(parameter(0, 5, seed=0), parameter(4, 0, seed=0), parameter(4, seed=1))
    assert torch.equal(layer(torch.ones(3, 5).double()), layer.bias.expand(3, 4))
    silent = FactoredLinear(layer.first, layer.second)
    assert torch.equal(silent(torch.ones(3, 5).double()), torch.zeros(3, 4).double())


def test_a_shared_basis_gets_the_sum_of_its_gradients():
    layers = read_pair()
    x = parameter(6, 5, seed=8).detach()
    layers[0](x).square().sum().backward()
    alone = layers[0].first.grad.clone()
    layers.zero_grad()
    layers[1](x).sin().sum().backward()
    other = layers[1].first.grad.clone()
    layers.zero_grad()
    (layers[0](x).square().sum() + layers[1](x).sin().sum()).backward()
    torch.testing.assert_close(layers[0].first.grad, alone + other)
    assert layers[0].first.grad is layers[1].first.grad


def test_its_text_tells_shape_and_rank():
    assert "in_features=5, out_features=4, rank=2, bias=True" in repr(read_pair()[0])
    assert "bias=False" in repr(read_pair()[1])


def pickled(model: nn.Module) -> nn.Module:
    return pickle.loads(pickle.dumps(model))  # noqa: S301


def saved_whole(model: nn.Module) -> nn.Module:
    with tempfile.TemporaryDirectory() as folder:
        torch.save(model, Path(folder) / "model.pt")
        return torch.load(Path(folder) / "model.pt", weights_only=False)


@pytest.mark.parametrize(
    "way",
    [copy.deepcopy, pickled, saved_whole, nn.Module.float, lambda m: m.to("cpu").bfloat16()],
    ids=["deepcopy", "pickle", "torch.save", "dtype", "device and dtype"],
)
def test_ties_survive(way):
    layers = way(read_pair())
    assert layers[0].first is layers[1].first
    assert len(list(layers.parameters())) == 4
    with torch.no_grad():
        layers[0].first.fill_(1)
    assert bool((layers[1].first == 1).all())


def test_a_state_dict_round_trip_keeps_ties():
    layers, fresh = read_pair(), read_pair()
    with torch.no_grad():
        for value in layers.parameters():
            value.add_(1)
    fresh.load_state_dict(layers.state_dict())
    assert fresh[0].first is fresh[1].first
    for name, value in layers.named_parameters():
        assert torch.equal(fresh.get_parameter(name), value)


CONVOLUTIONS = [
    (nn.Conv1d(3, 4, 3, stride=2, padding=1), (2, 3, 9)),
    (nn.Conv1d(3, 4, 3, padding="same", dilation=2, bias=False), (2, 3, 9)),
    (nn.Conv2d(3, 4, (3, 2), stride=(1, 2), padding=(1, 0)), (2, 3, 6, 7)),
    (nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), (3, 6, 7)),
]


@pytest.mark.parametrize(("like", "shape"), CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("rank", [0, 1, 3])
def test_a_factored_convolution_computes_what_its_product_would(like, shape, rank):
    like = copy.deepcopy(like).double()
    columns = like.weight[0].numel()
    first, second = parameter(rank, columns, seed=0), parameter(4, rank, seed=1)
    layer = FactoredConvolution(first, second, like.bias, like)
    with torch.no_grad():
        like.weight.copy_(layer.weight)
    x = parameter(*shape, seed=2).detach()
    torch.testing.assert_close(layer(x), like(x))
    assert f"rank={rank}" in repr(layer)


def hooked_layer() -> nn.Linear:
    """Make a layer that triples what it gives and doubles what it reads."""
    layer = nn.Linear(5, 4).double()
    layer.register_forward_pre_hook(twice, with_kwargs=True)
    layer.register_forward_hook(thrice, with_kwargs=True, always_call=True)
    return layer


def twice(_module: nn.Module, args: Any, kwargs: Any) -> Any:
    return (2 * args[0],), kwargs


def thrice(_module: nn.Module, _args: Any, _kwargs: Any, output: torch.Tensor) -> torch.Tensor:
    return 3 * output


@pytest.mark.parametrize("make", [factored, residual])
def test_a_layer_in_the_place_of_another_has_its_hooks(make):
    layer, x = hooked_layer(), parameter(3, 5, seed=8).detach()
    seen: list[Any] = []
    layer.register_full_backward_hook(lambda _module, _inputs, outputs: seen.append(outputs))
    handle = layer.register_forward_hook(lambda *_: seen.append("called"))
    made = make(layer, parameter(2, 5, seed=0), parameter(4, 2, seed=1))
    matrix = made.matrix if make is factored else made.weight
    output = made(x)
    torch.testing.assert_close(output, 3 * (2 * x @ matrix.T + layer.bias))
    assert seen == ["called"]
    output.sum().backward()
    assert len(seen) == 2
    handle.remove()
    made(x)
    assert len(seen) == 2
    again = copy.deepcopy(made)
    torch.testing.assert_close(again(x), output)


def test_a_layer_with_a_forward_of_its_own_is_none():
    layer = nn.Linear(5, 4)
    layer.forward = lambda x: 2 * x

    class Adapted(nn.Linear):
        pass

    assert not is_layer(layer)
    assert not is_layer(Adapted(5, 4))
    with pytest.raises(ModelError, match="forward of a Linear was replaced"):
        factored(layer, parameter(2, 5, seed=0), parameter(4, 2, seed=1))
    model = nn.Sequential(nn.Linear(5, 4), layer, Adapted(4, 4))
    assert [unit.name for unit in find_units(model)] == ["0"]


def test_a_forward_that_was_put_back_is_that_of_the_layer_alone():
    layer, x = nn.Linear(5, 4), torch.ones(5)
    layer.forward = layer.forward
    made = rebuilt(layer, nn.Parameter(layer.weight[:2].detach()), nn.Parameter(torch.zeros(2)))
    torch.testing.assert_close(made(x), layer.weight[:2] @ x)
    torch.testing.assert_close(copy.deepcopy(layer)(x), layer(x))


def test_an_output_that_a_hook_changes_counts_as_it_is_used():
    torch.manual_seed(0)
    widths = ((8, 24), (24, 24), (24, 8))
    model = nn.Sequential(*(part for pair in widths for part in (nn.Linear(*pair), nn.Tanh())))
    model[2].register_forward_hook(lambda _module, _inputs, output: 3 * output)
    report = compress(model, [torch.randn(256, 8)], keep=0.8, preset="svd-llm").report
    assert 0.5 < report.measured_increase / report.predicted_increase < 2
