"""Hidden layers are found by trying, whatever the model calls its parts."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from geocolor.units import find_chains, find_units

X = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))


def run(model: nn.Module) -> Tensor:
    return model(X)


def chains(model: nn.Module) -> list[tuple[tuple[str, ...], str, int]]:
    before = copy.deepcopy(model.state_dict())
    modules = list(model.modules())
    found = find_chains(model.eval(), find_units(model), run)
    # The model is as it was, its very modules in place.
    assert all(a is b for a, b in zip(modules, model.modules(), strict=True))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    return [(chain.writers, chain.reader, chain.width) for chain in found]


def sequential(*between: nn.Module, width: int = 8) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, width), *between, nn.Linear(width, 6))


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.ReLU(), nn.GELU(), nn.Identity()])
def test_an_elementwise_function_between_two_matrices_makes_a_hidden_layer(activation):
    assert chains(sequential(activation)) == [(("0",), "2", 8)]


@pytest.mark.parametrize(
    "between",
    [
        nn.LayerNorm(8),
        nn.LayerNorm(8, elementwise_affine=False),
        nn.RMSNorm(8, elementwise_affine=False),
        nn.Softmax(dim=-1),
        nn.Unflatten(1, (2, 4)),
    ],
    ids=lambda module: type(module).__name__,
)
def test_what_ties_hidden_units_to_each_other_makes_none(between):
    back = [nn.Flatten()] if isinstance(between, nn.Unflatten) else []
    assert chains(sequential(between, *back)) == []


class Gated(nn.Module):
    """Two writers and a reader, called in another order than they are defined in."""

    def __init__(self, *, reader_first: bool = False, leak: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        if reader_first:
            self.down = nn.Linear(8, 6)
        self.up = nn.Linear(6, 8, bias=False)
        self.gate = nn.Linear(6, 8)
        if not reader_first:
            self.down = nn.Linear(8, 6)
        self.leak = leak

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.sigmoid(self.gate(x)) * self.up(x)
        out = self.down(hidden)
        return out + hidden.mean() if self.leak else out


def test_a_gated_layer_has_two_writers_in_the_order_of_the_units():
    assert chains(Gated()) == [(("up", "gate"), "down", 8)]


def test_hidden_units_that_something_else_reads_are_left_alone():
    assert chains(Gated(leak=True)) == []


def test_a_reader_that_is_listed_before_its_writers_is_left_alone():
    # The last member of a group is its reader, and groups keep the order of the units.
    assert chains(Gated(reader_first=True)) == []


class Residual(nn.Module):
    """Blocks around a stream: no matrix of one block writes hidden units of the next."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(sequential(nn.ReLU(), width=6) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = x + block(x)
        return x


def test_a_residual_stream_is_no_hidden_layer():
    found = chains(Residual())
    assert found == [((f"blocks.{i}.0",), f"blocks.{i}.2", 6) for i in range(3)]


def test_in_a_plain_chain_no_matrix_is_in_two_hidden_layers():
    torch.manual_seed(0)
    widths = [nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 8), nn.Tanh(), nn.Linear(8, 6)]
    found = chains(nn.Sequential(*widths))
    assert found == [(("0",), "2", 7)]


def test_llama_and_bert(tiny_llama):
    transformers = pytest.importorskip("transformers")
    tokens = torch.arange(12).reshape(1, 12)
    llama = tiny_llama()
    found = find_chains(llama, find_units(llama), lambda model: model(tokens).logits)
    assert [chain.members for chain in found] == [
        tuple(f"model.layers.{i}.mlp.{part}_proj" for part in ("gate", "up", "down"))
        for i in range(4)
    ]
    # As wide inside as outside, so that widths alone tell nothing.
    config = transformers.BertConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16
    )
    torch.manual_seed(0)
    bert = transformers.BertModel(config).eval()
    found = find_chains(bert, find_units(bert), lambda model: model(tokens).last_hidden_state)
    assert [chain.members for chain in found] == [
        (f"encoder.layer.{i}.intermediate.dense", f"encoder.layer.{i}.output.dense")
        for i in range(2)
    ]


def test_the_transposed_layers_of_gpt2_make_hidden_layers():
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(n_embd=12, n_layer=2, n_head=2, vocab_size=9, n_positions=8)
    model = transformers.GPT2LMHeadModel(config).eval()
    found = find_chains(
        model, find_units(model), lambda model: model(torch.arange(8)[None]).logits.detach()
    )
    names = [f"transformer.h.{layer}.mlp" for layer in range(2)]
    assert [(chain.writers, chain.reader) for chain in found] == [
        ((f"{name}.c_fc",), f"{name}.c_proj") for name in names
    ]


@pytest.mark.parametrize(
    ("between", "kernel", "count"),
    [([nn.ReLU()], 1, 1), ([nn.BatchNorm2d(8), nn.ReLU()], 1, 0), ([nn.ReLU()], 2, 0)],
    ids=["pointwise", "a norm of that width", "a kernel of several taps"],
)
def test_channels_read_by_a_pointwise_convolution_are_hidden_units(between, kernel, count):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), *between, nn.Conv2d(8, 4, kernel)).eval()
    images = torch.randn(2, 3, 6, 6)
    found = find_chains(model, find_units(model), lambda model: model(images).detach())
    assert [chain.width for chain in found] == [8] * count


class Written(nn.Module):
    """Two matrices, and a forward pass as it is given."""

    def __init__(self, forward: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = nn.Linear(6, 64), nn.Linear(64, 6)
        self.held = {"a": self.a, "b": self.b}
        self.attend = nn.MultiheadAttention(64, 2, batch_first=True)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def insisting(m: Any, x: Tensor) -> Tensor:
    hidden = m.a(x)
    assert hidden.shape[-1] == 64, "wrong width"
    return m.b(hidden)


def attending(m: Any, x: Tensor) -> Tensor:
    hidden = m.a(x)
    return m.b(m.attend(hidden, hidden, hidden)[0])


def with_hidden(m: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    hidden = m.a(x)
    return m.b(hidden), hidden


def with_its_norm(m: Any, x: Tensor) -> tuple[Tensor, dict[str, list[Tensor]]]:
    hidden = m.a(x)
    return m.b(hidden), {"norms": [hidden.norm(dim=-1)]}


@dataclass
class Output:
    logits: Tensor
    hidden: Tensor


def with_its_sum(m: Any, x: Tensor) -> Output:
    hidden = m.a(x)
    return Output(m.b(hidden), hidden.sum(-1))


def barely(m: Any, x: Tensor) -> Tensor:
    """Width matters, in a small part of a large output."""
    hidden = torch.relu(m.a(x)).square()
    return 50 * x + 1e-2 * m.b(nn.functional.rms_norm(hidden, (hidden.shape[-1],)))


def through_a_dict(m: Any, x: Tensor) -> Tensor:
    return m.held["b"](torch.relu(m.held["a"](x)))


@pytest.mark.parametrize(
    "forward",
    [insisting, attending, with_hidden, with_its_norm, with_its_sum, barely, through_a_dict],
)
def test_hidden_units_that_anything_else_depends_on_make_no_hidden_layer(forward):
    assert chains(Written(forward)) == []


def test_outputs_that_do_not_depend_on_hidden_units_are_no_matter():
    def forward(m: Any, x: Tensor) -> Any:
        return {"said": m.b(torch.relu(m.a(x))), "given": (x, torch.arange(3), None, "word")}

    assert chains(Written(forward)) == [(("a",), "b", 64)]


def test_a_sample_on_which_hidden_units_say_nothing_shows_nothing():
    model = sequential(nn.ReLU())
    nn.init.zeros_(model[0].bias)
    units = find_units(model)
    for sample, count in ((torch.zeros(5, 6), 0), (X, 1)):
        found = find_chains(model.eval(), units, lambda model, x=sample: model(x))
        assert len(found) == count
