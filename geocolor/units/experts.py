"""Experts of a mixture, stored by transformers as stacks of matrices, as layers of their own."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.units.copying import copy_of

__all__ = [
    "Expert",
    "SplitExperts",
    "split_experts",
    "stacked_again",
    "with_split_experts",
]

_GATE_UP, _DOWN = "gate_up_proj", "down_proj"


class Expert(nn.Module):
    """A gated feed-forward layer.

    Parameters
    ----------
    gate_up : Tensor, shape (2 * hidden, features)
        Both matrices that read, one above the other.
    down : Tensor, shape (features, hidden)
        The matrix that writes.
    activation : callable
        Of the gate.
    trained : bool
        Whether gradients are wanted.
    """

    def __init__(self, gate_up: Tensor, down: Tensor, activation: Any, *, trained: bool) -> None:
        super().__init__()
        gate, up = gate_up.chunk(2)
        self.gate_proj = _linear(gate, trained=trained)
        self.up_proj = _linear(up, trained=trained)
        self.down_proj = _linear(down, trained=trained)
        self.act_fn = activation

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Compute it for rows of features."""
        gated = self.act_fn(self.gate_proj(hidden_states)) * self.up_proj(hidden_states)
        result: Tensor = self.down_proj(gated)
        return result


class SplitExperts(nn.ModuleList):
    """Experts that each see the tokens which were routed to them.

    Parameters
    ----------
    stacked : torch.nn.Module
        Experts as transformers stores them. Their memory is copied.
    """

    def __init__(self, stacked: Any) -> None:
        rows, columns = (getattr(stacked, name) for name in (_GATE_UP, _DOWN))
        trained = rows.requires_grad
        super().__init__(
            Expert(gate_up, down, stacked.act_fn, trained=trained)
            for gate_up, down in zip(rows.detach(), columns.detach(), strict=True)
        )
        self.train(stacked.training)

    def forward(self, hidden_states: Tensor, top_k_index: Tensor, top_k_weights: Tensor) -> Tensor:
        """Sum what the chosen experts say of each token, by their weights.

        Parameters
        ----------
        hidden_states : Tensor, shape (tokens, features)
            Of all tokens.
        top_k_index : Tensor of int64, shape (tokens, k)
            The experts of each; numbers past the last are no expert.
        top_k_weights : Tensor, shape (tokens, k)
            How much each of them counts.
        """
        total = torch.zeros_like(hidden_states)
        for number in torch.unique(top_k_index).tolist():
            if number >= len(self):
                continue
            token, place = torch.where(top_k_index == number)
            said = self[number](hidden_states[token]) * top_k_weights[token, place, None]
            total.index_add_(0, token, said.to(total.dtype))
        return total


def _linear(matrix: Tensor, *, trained: bool) -> nn.Linear:
    rows, columns = matrix.shape
    layer = nn.Linear(columns, rows, bias=False, device="meta")
    layer.weight = nn.Parameter(matrix.clone(), requires_grad=trained)
    return layer


def _is_stacked(module: nn.Module) -> bool:
    """Whether transformers may compute it by any of its means for plain stacks of experts.

    They all go by these marks, whatever the class.
    """
    marks = {
        "has_gate": True,
        "has_bias": False,
        "has_post_expert_norm": False,
        "is_transposed": False,
        "is_concatenated": True,
    }
    gate = getattr(type(module), "_apply_gate", None)
    return (
        all(getattr(module, name, None) is value for name, value in marks.items())
        and getattr(gate, "__name__", "") == "_default_apply_gate"
        and set(module._parameters) == {_GATE_UP, _DOWN}
    )


def _stacks(model: nn.Module) -> dict[str, nn.Module]:
    return {name: module for name, module in model.named_modules() if _is_stacked(module)}


def with_split_experts(model: nn.Module) -> nn.Module:
    """Give a copy with split experts; the model itself, if it has none to split."""
    if not _stacks(model):
        return model
    split = copy_of(model)
    split_experts(split)
    return split


def split_experts(model: nn.Module, units: Collection[str] | None = None) -> None:
    """Give every expert of a mixture layers of its own, in place; the function is unchanged.

    Experts that are stored in another way, with biases say, or as layers already, stay.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    units : collection of str, optional
        Layers that must be there afterwards; without it all stacks of experts are split.
    """
    for name, module in _stacks(model).items():
        # Parameters of the stack itself have names without a number.
        if units is None or any(re.match(rf"{re.escape(name)}\.\d", unit) for unit in units):
            parent, _, attribute = name.rpartition(".")
            setattr(model.get_submodule(parent), attribute, SplitExperts(module))


def stacked_again(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Stack matrices of split experts as the original has them.

    Parameters
    ----------
    model : torch.nn.Module
        With split experts.
    state : mapping of str to Tensor
        Whole matrices by the names they have in it.
    """
    result = dict(state)
    for name, module in model.named_modules():
        if not isinstance(module, SplitExperts):
            continue
        prefix = f"{name}." if name else ""

        def taken(place: int, layer: str, prefix: str = prefix) -> Tensor:
            return result.pop(f"{prefix}{place}.{layer}.weight")

        places = range(len(module))
        pairs = [torch.cat([taken(at, "gate_proj"), taken(at, "up_proj")]) for at in places]
        result[f"{prefix}{_GATE_UP}"] = torch.stack(pairs)
        result[f"{prefix}{_DOWN}"] = torch.stack([taken(at, "down_proj") for at in places])
    return result
