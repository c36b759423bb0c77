"""How a model uses its matrices, as it is watched doing so."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from geocolor.units import Use, by_place, caller_of, count_uses, find_units


class Reader(nn.Module):
    """Layers that read one tensor, if it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k = nn.Linear(4, 4), nn.Linear(4, 4)
        self.heads = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])

    def forward(self, x: Tensor) -> Tensor:
        return self.q(x) + self.k(x) + sum(head(x) for head in self.heads)


class Model(nn.Module):
    """Calls a block, or its layers from outside of it."""

    def __init__(self, *, outside: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Reader()])
        self.outside = outside

    def forward(self, x: Tensor) -> Tensor:
        block = self.blocks[0]
        return block.q(x) + block.k(x) if self.outside else block(x)


def reads(model: nn.Module) -> dict[str, str]:
    x = torch.ones(2, 4)
    uses = count_uses(model, find_units(model), lambda model: model(x))
    return {name: use.reads for name, use in uses.items()}


def test_a_list_of_layers_calls_none_of_them():
    model = Model(outside=False)
    assert caller_of(model, "blocks.0.heads.1") == "blocks.0"
    assert caller_of(model, "blocks.0.q") == "blocks.0"
    assert caller_of(model, "blocks.0") == ""


def test_layers_read_one_tensor_together_within_a_call_of_what_is_around_them():
    first = "blocks.0.q"
    assert set(reads(Model(outside=False)).values()) == {first}
    apart = reads(Model(outside=True))
    assert all(apart[name] == name for name in apart)


def test_a_tensor_is_read_anew_in_another_call():
    class Twice(Model):
        def forward(self, x: Tensor) -> Tensor:
            return self.blocks[0](x) + self.blocks[0].q(x)

    found = reads(Twice(outside=False))
    assert found["blocks.0.q"] == "blocks.0.q"
    assert found["blocks.0.heads.0"] == found["blocks.0.k"] == "blocks.0.k"


def test_a_tensor_that_was_changed_is_another():
    class Changing(Reader):
        def forward(self, x: Tensor) -> Tensor:
            return self.q(x) + self.k(x.relu_()) + sum(head(x) for head in self.heads)

    found = reads(nn.Sequential(Changing()))
    assert found["0.q"] == "0.q"
    assert found["0.heads.0"] == found["0.k"] == "0.k"
    with torch.inference_mode():
        apart = reads(nn.Sequential(Reader()))
    assert all(apart[name] == name for name in apart)


def test_a_scripted_part_and_hooks_of_the_model_are_no_hindrance():
    model = nn.Sequential(Reader(), torch.jit.script(nn.Tanh()))
    model[0].q.register_forward_hook(lambda _module, _inputs, output: output[None])
    uses = count_uses(model, find_units(model), lambda model: model(torch.ones(2, 4)))
    assert {use.places for use in uses.values()} == {2}


def counted(*given: tuple[int, int], spatial: bool = False) -> dict[str, Use]:
    return {
        str(at): Use(places, str(at), calls, spatial=spatial)
        for at, (places, calls) in enumerate(given)
    }


@pytest.mark.parametrize(
    ("models", "places", "per"),
    [
        ([counted((12, 1), (12, 1))], [[1, 1]], "token"),
        (
            [counted((36, 3), (12, 1))],
            [[3, 1]],
            "token",
        ),  # a layer that the model goes through thrice
        ([counted((36, 1), (36, 1), spatial=True)], [[1, 1]], "place"),
        ([counted((1, 1), (1, 1))], [[1, 1]], "sample"),
        ([counted((12, 1), (9, 1))], [[12, 9]], "sample"),
        ([counted((12, 1), (25, 2))], [[12, 25]], "sample"),
        ([counted((12, 1), (1, 0))], [[12, 1]], "sample"),  # an expert that no token went to
        ([counted((12, 1)), counted((8, 1))], [[1], [1]], "token"),
        ([counted((12, 1), (12, 1)), counted((12, 1), (5, 1))], [[12, 12], [12, 5]], "sample"),
        ([counted((12, 1)), counted((1, 1))], [[12], [1]], "sample"),
    ],
)
def test_places_are_counted_alike_for_all_models(
    models: list[dict[str, Use]], places: list[list[int]], per: str
) -> None:
    found = by_place(models)
    assert [[use.places for use in of_model.values()] for of_model in found] == places
    assert {use.per for of_model in found for use in of_model.values()} == {per}
