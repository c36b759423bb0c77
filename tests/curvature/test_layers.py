"""Every layer is the matrix product it is said to be; what is none is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from geocolor.curvature.layers import layers_of
from geocolor.errors import ModelError
from geocolor.units import Side, Unit
from geocolor.units.layers import layer_of


def transposed(out: int, width: int) -> nn.Module:
    from transformers.pytorch_utils import Conv1D

    return Conv1D(out, width)


LAYERS = [
    (nn.Linear(5, 3), (4, 2, 5)),
    (nn.Linear(5, 3, bias=False), (5,)),
    (transposed(3, 5), (4, 2, 5)),
    (nn.Conv1d(2, 3, 3), (4, 2, 7)),
    (nn.Conv1d(2, 3, 3, stride=2, padding=2, dilation=2), (4, 2, 7)),
    (nn.Conv1d(2, 3, 4, padding="same", padding_mode="circular"), (4, 2, 7)),
    (nn.Conv1d(2, 3, 3), (2, 7)),
    (nn.Conv2d(2, 3, 3, padding=(0, 1)), (4, 2, 6, 5)),
    (nn.Conv2d(2, 3, (2, 3), stride=(2, 1), padding_mode="reflect", padding=1), (4, 2, 6, 5)),
    (nn.Conv2d(2, 3, 2, padding="valid", dilation=2), (2, 6, 5)),
]


@pytest.mark.parametrize(("module", "shape"), LAYERS, ids=str)
def test_outputs_are_the_matrix_times_the_rows(module, shape):
    module = module.double()
    x = torch.randn(*shape, dtype=torch.float64)
    layer = layer_of(module)
    matrix = layer.matrix(module.weight)
    assert torch.equal(layer.weight(matrix), module.weight)
    bias = 0 if module.bias is None else module.bias
    torch.testing.assert_close(layer.output_rows(module(x)), layer.input_rows(x) @ matrix.T + bias)


def test_convolutions_that_see_other_patches_read_in_another_way():
    ways = [layer_of(nn.Conv2d(2, 3, 3, padding=padding)).reads for padding in (0, 1, 1)]
    assert ways[0] != ways[1] == ways[2]
    assert layer_of(nn.Linear(2, 2)).reads == layer_of(transposed(3, 2)).reads


class _Subclass(nn.Linear):
    pass


def unit(name: str, shape: tuple[int, int]) -> Unit:
    return Unit(name, name, 0, shape, Side.READ, name)


def tied(first: nn.Module, second: nn.Module) -> nn.Sequential:
    second.weight = first.weight
    return nn.Sequential(first, second)


class _Borrower(nn.Module):
    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer, self.kernel = layer, layer.weight


@pytest.mark.parametrize(
    ("model", "names", "message"),
    [
        (nn.Sequential(nn.LayerNorm(4)), ["0"], "0: curvature of a LayerNorm cannot"),
        (nn.Sequential(_Subclass(4, 4)), ["0"], "_Subclass cannot"),
        (nn.Sequential(nn.Conv2d(4, 4, 1, groups=2)), ["0"], "2 groups"),
        (nn.Sequential(nn.Linear(4, 3)), ["0"], r"has shape \(3, 4\), its unit \(4, 4\)"),
        (nn.Sequential(nn.Linear(4, 4)), ["1"], "no layer 1"),
        (tied(nn.Embedding(4, 4), nn.Linear(4, 4)), ["1"], "also that of 0, a Embedding"),
        (tied(transposed(4, 4), nn.Linear(4, 4)), ["1"], "also that of 0, a Conv1D"),
        (_Borrower(nn.Linear(4, 4)), ["layer"], "also that of , a _Borrower"),
        (tied(nn.Linear(4, 4), nn.Linear(4, 4)), ["0", "1"], "0 and 1 hold one weight"),
        (
            tied(nn.Conv1d(2, 4, 2), nn.Conv1d(2, 4, 2, stride=2)),
            ["0"],
            "with other strides elsewhere",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_measured_is_refused(model, names, message):
    with pytest.raises(ModelError, match=message):
        layers_of(model, [unit(name, (4, 4)) for name in names])


def test_modules_that_hold_one_weight_are_all_found():
    model = tied(nn.Linear(4, 4), nn.Linear(4, 4))
    _, modules = layers_of(model, [unit("1", (4, 4))])["1"]
    assert modules == (model[0], model[1])
