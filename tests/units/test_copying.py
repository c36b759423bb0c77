"""What cannot be copied is told by its name and by what to do."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from geocolor import compress
from geocolor.errors import ModelError
from geocolor.units import copy_of

X = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))


class Layer(nn.Module):
    """A layer that keeps something, as far as it is called in this way."""

    def __init__(self, keep: Callable[[Any, torch.Tensor], None] = lambda *_: None) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.keep = [keep]
        self.kept: Any = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x)
        self.keep[0](self, y)
        return y


def called(keep: Callable[[Any, torch.Tensor], None]) -> nn.Module:
    model = nn.Sequential(Layer(), Layer(keep))
    model(X)
    model[1].keep = [lambda *_: None]
    return model


def held(value: Any) -> nn.Module:
    model = nn.Sequential(Layer(), Layer())
    model[1].kept = value
    return model


def watched_by_one_with_a_lock() -> nn.Module:
    """The hook knows the model, and is found first; the lock is what is at fault."""
    model = held(threading.Lock())
    model.register_forward_hook(lambda *_, watcher=model: None)
    model[0].register_forward_hook(model.eval.__func__.__get__(model))
    return model


def made_by(change: Callable[[nn.Module], Any]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
        change(model[1])
        return model


class Computed(nn.Linear):
    """A layer with a buffer that was computed of its weight."""

    def __init__(self) -> None:
        super().__init__(4, 4)
        self.register_buffer("norm", self.weight.norm())


MODELS = {
    "a lock": (lambda: held(threading.Lock()), r"1\.kept, a lock, cannot be copied .*inplace=True"),
    "a lock and hooks": (watched_by_one_with_a_lock, r"1\.kept, a lock, cannot be copied"),
    "an activation": (
        lambda: called(lambda module, y: setattr(module, "kept", y)),
        r"1\.kept holds what a call of the model computed.*set it to None first",
    ),
    "activations in a list": (
        lambda: called(lambda module, y: setattr(module, "kept", [{"y": y}])),
        r"1\.kept holds what a call of the model computed",
    ),
    "a buffer": (
        lambda: nn.Sequential(Computed(), nn.Linear(4, 4)),
        r"0\.norm holds what a call of the model computed",
    ),
    "of the model itself": (
        lambda: setattr(model := Layer(), "kept", model(X)) or model,
        "^kept holds what a call",
    ),
    "weight_norm": (
        lambda: made_by(nn.utils.weight_norm),
        r"1\.weight is computed from other parameters",
    ),
    "prune": (
        lambda: made_by(lambda layer: prune.l1_unstructured(layer, "weight", 3)),
        r"1\.weight is computed from other parameters",
    ),
}


@pytest.mark.parametrize(("build", "message"), MODELS.values(), ids=MODELS)
def test_what_cannot_be_copied_is_told(build, message):
    model = build()
    with pytest.raises(ModelError, match=message):
        copy_of(model)
    began: list[str] = []
    with pytest.raises(ModelError, match=message):
        compress(model, [X], 0.5, on_progress=lambda stage, *_: began.append(stage))
    assert not began


def test_what_is_said_to_do_helps():
    locked = held(threading.Lock())
    assert compress(locked, [X], 0.5, inplace=True).model is locked
    model = called(lambda module, y: setattr(module, "kept", y))
    model[1].kept = model[1].kept.detach()
    assert compress(model, [X], 0.5).report.kept <= 0.5


def test_a_copy_is_another_model_with_the_same_values():
    model = held([torch.ones(2)])
    copied = copy_of(model)
    assert torch.equal(copied(X), model(X))
    assert not {id(p) for p in copied.parameters()} & {id(p) for p in model.parameters()}


def test_memory_that_runs_out_is_not_what_cannot_be_copied():
    class Large:
        """Fails as a lock does, and for want of memory when it is asked why."""

        asked = 0

        def __deepcopy__(self, _known):
            Large.asked += 1
            raise TypeError("no copy") if Large.asked == 1 else MemoryError

    model = nn.Linear(2, 2)
    model.large = Large()
    with pytest.raises(MemoryError):
        copy_of(model)
