"""Curvature measured block by block is that of one pass over the whole model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from geocolor.curvature import Batch, Curvature, collect_by_block, collect_curvature
from geocolor.errors import InputError, ModelError
from geocolor.units import find_blocks, find_units

Built = tuple[nn.Module, list[Batch]]


class Whole:
    """A model whose parts are in memory all the time."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model.eval().requires_grad_(requires_grad=False)
        self.units = find_units(model)
        self.blocks = find_blocks(model, self.units)

    @contextmanager
    def block(self, number: int) -> Iterator[nn.Module]:
        yield self.model.get_submodule(self.blocks[number])

    @contextmanager
    def rest(self) -> Iterator[nn.Module]:
        yield self.model


def by_block(model: nn.Module, batches: list[Batch], work: Path, **options: Any) -> Curvature:
    parts, found = Whole(model), {}
    numbers: list[int] = []

    def take(number: int, curvature: Curvature) -> None:
        numbers.append(number)
        found[number] = curvature

    units = [[u for u in parts.units if u.name.startswith(f"{path}.")] for path in parts.blocks]
    collect_by_block(parts, batches, units, take, work=work, **options)
    assert numbers == list(reversed(range(len(parts.blocks))))
    assert list(work.iterdir()) == []
    factors = {name: form for each in found.values() for name, form in each.factors.items()}
    tokens = max(each.tokens for each in found.values())
    return Curvature(factors, tokens, found[0].outputs)


def llama(build: Callable[..., Any], **changes: Any) -> Built:
    generator = torch.Generator().manual_seed(5)
    batches = [torch.randint(0, 61, (2, 12), generator=generator) for _ in range(3)]
    return build(**changes), batches


def padded(build: Callable[..., Any]) -> Built:
    model, batches = llama(build)
    mask = torch.ones(2, 12, dtype=torch.int64)
    mask[1, 8:] = 0
    return model, [{"input_ids": batch, "attention_mask": mask} for batch in batches]


def gpt2(_build: Callable[..., Any]) -> Built:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(n_embd=16, n_head=2, n_layer=3, vocab_size=31, n_positions=16)
    return transformers.GPT2LMHeadModel(config), [torch.arange(24).reshape(2, 12)]


def bert(_build: Callable[..., Any]) -> Built:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        hidden_size=16,
        num_attention_heads=2,
        num_hidden_layers=3,
        intermediate_size=24,
        vocab_size=31,
    )
    mask = torch.tensor([[1] * 12, [1] * 7 + [0] * 5])
    ids = torch.arange(24).reshape(2, 12)
    return transformers.BertModel(config), [{"input_ids": ids, "attention_mask": mask}]


@pytest.mark.parametrize("case", [llama, padded, gpt2, bert])
def test_it_is_the_curvature_of_a_pass_over_the_whole_model(
    case: Callable[..., Built], tiny_llama: Callable[..., Any], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model, batches = case(tiny_llama)
    expected = collect_curvature(model, batches, find_units(model), seed=7)
    measured = by_block(model, batches, tmp_path, seed=7)
    assert (measured.tokens, measured.outputs) == (expected.tokens, expected.outputs)
    assert measured.factors.keys() == expected.factors.keys()
    for name, form in expected.factors.items():
        for part in ("inputs", "gradients"):
            torch.testing.assert_close(
                getattr(measured.factors[name], part), getattr(form, part), rtol=1e-5, atol=1e-9
            )
    other = by_block(model, batches, tmp_path, seed=8)
    name = next(iter(expected.factors))
    assert not torch.equal(other.factors[name].gradients, measured.factors[name].gradients)


def test_progress_counts_both_ways(tiny_llama: Callable[..., Any], tmp_path: Path) -> None:
    steps: list[int] = []
    by_block(*llama(tiny_llama), tmp_path, on_progress=steps.append)
    assert steps == list(range(1, 9))


def test_a_folder_that_is_not_there_is_refused(tiny_llama: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="cannot write"):
        by_block(*llama(tiny_llama), Path("/nowhere"))


class Blocks(nn.Module):
    """Three layers, one after another; what else is done to them is for subclasses."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class Backwards(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        for layer in reversed(self.layers):
            x = layer(x)
        return x


class Between(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = x + layer(x)
        return x


class Early(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        return self.layers[1](self.layers[0](x))


class Named(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(input=x)
        return x


class Beside(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        first = self.layers[0](x)
        return first * self.layers[2](self.layers[1](first))


class Deaf(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach() + x


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.fc(x), x


class Pairs(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Pair() for _ in range(2)])


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Backwards, "block 2 is called where block 0 is expected"),
        (Between, "block 1 reads something else than block 0 gives"),
        (Early, "it calls 2 of its 3 blocks"),
        (Named, "its blocks do not take hidden states as their first argument"),
        (Beside, "its output is not made of what the last block gives alone"),
        (Deaf, "does not depend on its blocks"),
        (Pairs, "a block returns tuple, not a tensor"),
    ],
)
def test_models_that_are_built_otherwise_are_refused(
    kind: type[Blocks], message: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    with pytest.raises(ModelError, match=message):
        by_block(kind(), [torch.randn(5, 4)], tmp_path)


def test_the_blocks_own_code_is_back_after_a_refusal(tmp_path: Path) -> None:
    model = Early()
    with pytest.raises(ModelError):
        by_block(model, [torch.randn(5, 4)], tmp_path)
    assert all("forward" not in vars(layer) for layer in model.layers)
