"""A plan carried out on a model."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from geocolor.errors import CheckpointError
from geocolor.sharing import (
    FactoredLinear,
    GroupPlan,
    GroupWeights,
    Residual,
    SharingPlan,
    apply_plan,
    measure_size,
    prepare_structure,
)
from geocolor.sharing.apply import put_back_on_error
from geocolor.units import layer_of, matrix_of


class Model(nn.Module):
    """Two square layers, two of one input width, two of one output width, nested."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.ModuleList([nn.Linear(5, 5), nn.Linear(5, 5)])
        self.readers = nn.ModuleDict({"a": nn.Linear(5, 4), "b": nn.Linear(5, 3, bias=False)})
        self.writers = nn.ModuleList([nn.Linear(4, 5), nn.Linear(3, 5)])
        self.other = nn.Sequential(nn.ReLU(), nn.Linear(5, 2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.same[1](torch.tanh(self.same[0](x)))
        x = self.writers[0](self.readers["a"](x)) + self.writers[1](self.readers["b"](x))
        return self.other(x)


TIED = GroupPlan(("same.0", "same.1"), "tied", "read")
READ = GroupPlan(("readers.a", "readers.b"), "basis", "read", 2)
WRITE = GroupPlan(("writers.0", "writers.1"), "basis", "write", 3)
DENSE = GroupPlan(("other.1",), "dense", "read")
PLAN = SharingPlan((TIED, READ, WRITE, DENSE))


def values() -> dict[tuple[str, ...], GroupWeights]:
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    return {
        TIED.members: GroupWeights(random(5, 5), {}),
        READ.members: GroupWeights(
            random(2, 5), {"readers.a": random(4, 2), "readers.b": random(3, 2)}
        ),
        WRITE.members: GroupWeights(
            random(5, 3), {"writers.0": random(3, 4), "writers.1": random(3, 3)}
        ),
    }


def test_the_model_computes_with_the_values_given():
    torch.manual_seed(0)
    model, weights = Model(), values()
    dense, x = copy.deepcopy(model), torch.randn(7, 5)
    with torch.no_grad():
        for name in TIED.members:
            dense.get_parameter(f"{name}.weight").copy_(weights[TIED.members].shared)
        for name in READ.members:
            group = weights[READ.members]
            dense.get_parameter(f"{name}.weight").copy_(group.own[name] @ group.shared)
        for name in WRITE.members:
            group = weights[WRITE.members]
            dense.get_parameter(f"{name}.weight").copy_(group.shared @ group.own[name])
    apply_plan(model, PLAN, weights)
    torch.testing.assert_close(model(x), dense(x))


RESIDUAL = GroupPlan(("same.0", "same.1"), "residual", "read", 2)


def differences() -> dict[tuple[str, ...], GroupWeights]:
    generator = torch.Generator().manual_seed(1)
    factors = {
        name: (torch.randn(5, 2, generator=generator), torch.randn(2, 5, generator=generator))
        for name in RESIDUAL.members
    }
    shared = torch.randn(5, 5, generator=generator)
    return {RESIDUAL.members: GroupWeights(shared, {}, differences=factors)}


def test_a_shared_matrix_and_differences_compute_their_sum():
    model, weights = Model(), differences()
    dense, x = copy.deepcopy(model), torch.randn(7, 5)
    group = weights[RESIDUAL.members]
    with torch.no_grad():
        for name, (second, first) in group.differences.items():
            dense.get_parameter(f"{name}.weight").copy_(group.shared + second @ first)
    apply_plan(model, SharingPlan((RESIDUAL,)), weights)
    torch.testing.assert_close(model(x), dense(x))
    first, second = model.same
    assert isinstance(first, Residual)
    assert first.base.weight is second.base.weight
    assert first.difference.first is not second.difference.first
    assert torch.equal(first.bias, dense.same[0].bias)
    size = measure_size(model, RESIDUAL.members)
    assert (size.unit_parameters, size.unit_macs) == (25 + 40, 50 + 40)
    torch.testing.assert_close(second.weight, dense.same[1].weight)


def test_what_is_shared_is_one_parameter_and_biases_stay():
    model = Model()
    biases = {name: p for name, p in model.named_parameters() if name.endswith("bias")}
    apply_plan(model, PLAN, values())
    assert model.same[0].weight is model.same[1].weight
    assert model.readers["a"].first is model.readers["b"].first
    assert model.writers[0].second is model.writers[1].second
    assert model.readers["b"].bias is None
    assert {n: p for n, p in model.named_parameters() if n.endswith("bias")} == biases
    assert type(model.other[1]) is nn.Linear


def test_sizes_count_each_parameter_once_and_each_use_of_arithmetic():
    model = Model()
    names = [name for group in PLAN.groups for name in group.members]
    before = measure_size(model, names)
    assert before.unit_parameters == before.unit_macs == 25 + 25 + 20 + 15 + 20 + 15 + 10
    assert before.parameters == before.unit_parameters + 5 + 5 + 4 + 5 + 5 + 2
    apply_plan(model, PLAN, values())
    after = measure_size(model, names)
    assert after.unit_parameters == 25 + (10 + 8 + 6) + (15 + 12 + 9) + 10
    assert after.unit_macs == 50 + (10 + 8 + 10 + 6) + (15 + 12 + 15 + 9) + 10
    unique = {p.untyped_storage().data_ptr(): p.numel() for p in model.parameters()}
    assert after.parameters == sum(unique.values())
    assert after.bytes == 4 * after.parameters
    assert measure_size(model.double(), names).bytes == 8 * after.parameters


def test_modes_dtype_and_frozen_weights_carry_over():
    model = Model().double()
    model.readers["a"].requires_grad_(False)
    model.readers.eval()
    apply_plan(model, PLAN, values())
    assert not model.readers["a"].training
    assert model.writers[0].training
    assert not model.readers["a"].second.requires_grad
    assert model.writers[0].second.requires_grad
    assert all(parameter.dtype == torch.float64 for parameter in model.parameters())


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (GroupPlan(("nowhere.3",), "basis", "read", 1), "no layer nowhere.3"),
        (GroupPlan(("other.0",), "dense", "read"), "'other.0' is a ReLU, no layer"),
        (GroupPlan(("../readers/a",), "basis", "read", 1), "no layer ../readers"),
        (GroupPlan(("",), "basis", "read", 1), "is a Model, no layer"),
        (GroupPlan(("same.0.weight",), "tied", "read"), "no layer "),
        (GroupPlan(("readers.__class__",), "tied", "read"), "no layer "),
        (GroupPlan(("readers.a", "readers.b"), "tied", "read"), "differ in shape"),
        (GroupPlan(("readers.a", "readers.b"), "residual", "read", 1), "differ in shape"),
        (GroupPlan(("readers.a",), "residual", "read", 5), "rank 5 of readers.a exceeds"),
        (GroupPlan(("readers.a", "writers.0"), "basis", "read", 1), "differ in width"),
        (GroupPlan(("readers.a", "readers.b"), "basis", "write", 1), "differ in width"),
        (GroupPlan(("readers.a",), "basis", "read", 6), "rank 6 of readers.a exceeds"),
        (GroupPlan(("readers.a",), "basis", "write", 5), "rank 5 of readers.a exceeds"),
        (GroupPlan(("readers.a",), "basis", "read", 10**15), "exceeds"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_and_undone(group, message):
    model = Model()
    before = dict(model.named_modules()), dict(model.named_parameters())
    plan = SharingPlan((TIED, GroupPlan(("writers.1",), "basis", "write", 1), group))
    with pytest.raises(CheckpointError, match=message), put_back_on_error(model):
        prepare_structure(model, plan)
    assert (dict(model.named_modules()), dict(model.named_parameters())) == before


def test_a_factored_layer_is_not_factored_again():
    model = Model()
    prepare_structure(model, SharingPlan((READ,)))
    assert isinstance(model.readers["a"], FactoredLinear)
    with pytest.raises(CheckpointError, match=r"readers\.a' is a FactoredLinear, no layer"):
        prepare_structure(model, SharingPlan((READ,)))


NARROW = SharingPlan((GroupPlan(("0", "2"), "narrow", "read", 3),))


def hidden_layer() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))


def test_a_narrowed_hidden_layer_keeps_rows_biases_and_the_columns_given():
    model, x = hidden_layer(), torch.randn(7, 4)
    kept, columns = torch.tensor([0, 2, 3]), torch.randn(2, 3)
    expected = torch.tanh(model[0](x))[:, kept] @ columns.T + model[2].bias
    apply_plan(model, NARROW, {("0", "2"): GroupWeights(columns, {}, kept)})
    torch.testing.assert_close(model(x), expected)
    assert type(model[0]) is nn.Linear
    assert (model[0].out_features, model[2].in_features) == (3, 3)
    size = measure_size(model, ["0", "2"])
    assert (size.unit_parameters, size.unit_macs, size.parameters) == (18, 18, 18 + 3 + 2)
    assert NARROW.shared_groups == ()
    assert NARROW.narrowed_groups == NARROW.groups


def test_a_hidden_layer_must_be_told_which_hidden_units_stay():
    model = hidden_layer()
    with pytest.raises(CheckpointError, match="needs to know which hidden units stay"):
        apply_plan(model, NARROW, {("0", "2"): GroupWeights(torch.zeros(2, 3), {})})
    assert model[0].out_features == 5


def test_a_hidden_layer_of_no_hidden_units_gives_its_bias():
    model = hidden_layer()
    plan = SharingPlan((GroupPlan(("0", "2"), "narrow", "read", 0),))
    nothing = GroupWeights(torch.zeros(2, 0), {}, torch.zeros(0, dtype=torch.int64))
    apply_plan(model, plan, {("0", "2"): nothing})
    torch.testing.assert_close(model(torch.randn(3, 4)), model[2].bias.expand(3, 2))


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (GroupPlan(("2", "0"), "narrow", "read", 2), "0 does not read what"),
        (GroupPlan(("0", "2"), "narrow", "read", 6), "2 reads 5 hidden units, not 6"),
    ],
)
def test_hidden_layers_that_do_not_fit_are_refused(plan, message):
    with pytest.raises(CheckpointError, match=message):
        prepare_structure(hidden_layer(), SharingPlan((plan,)))


def test_a_narrowed_hidden_layer_is_put_back():
    model, x = hidden_layer(), torch.randn(3, 4)
    before = model(x)

    def fail() -> None:
        with put_back_on_error(model):
            prepare_structure(model, NARROW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert model[0].out_features == 5
    torch.testing.assert_close(model(x), before)


def transposed(out: int, width: int) -> nn.Module:
    from transformers.pytorch_utils import Conv1D

    return Conv1D(out, width)


def convolution(out: int, channels: int, **options: object) -> nn.Module:
    return nn.Conv2d(channels, out, 3, padding=1, **options)


LAYERS = {
    "transposed": (transposed, (4, 7, 5)),
    "convolution": (convolution, (4, 5, 6, 6)),
    "convolution without bias": (
        lambda out, channels: convolution(out, channels, bias=False, stride=2),
        (4, 5, 6, 6),
    ),
    "convolution in time": (lambda out, width: nn.Conv1d(width, out, 3, dilation=2), (4, 5, 9)),
}


@pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize(
    ("form", "side", "rank"),
    [("tied", "read", 0), ("basis", "read", 2), ("basis", "write", 3), ("basis", "read", 0)],
)
def test_layers_of_every_kind_share_their_matrices(make, shape, form, side, rank):
    torch.manual_seed(0)
    model = nn.Sequential(make(6, 5), make(6, 5)).double()
    matrices = [matrix_of(layer) for layer in model]
    rows, columns = matrices[0].shape
    group = GroupPlan(("0", "1"), form, side, rank)
    x = torch.randn(*shape, dtype=torch.float64)
    shared = torch.randn(
        *{"tied": (rows, columns), "read": (rank, columns), "write": (rows, rank)}[
            "tied" if form == "tied" else side
        ],
        dtype=torch.float64,
    )
    own = (
        {}
        if form == "tied"
        else {
            name: torch.randn(
                *((rows, rank) if side == "read" else (rank, columns)), dtype=torch.float64
            )
            for name in group.members
        }
    )
    expected = []
    for name, layer in model.named_children():
        product = shared
        if form == "basis":
            product = own[name] @ shared if side == "read" else shared @ own[name]
        dense = copy.deepcopy(layer)
        with torch.no_grad():
            dense.weight.copy_(layer_of(layer).weight(product))
        expected.append(dense(x))
    apply_plan(model, SharingPlan((group,)), {group.members: GroupWeights(shared, own)})
    for layer, output in zip(model, expected, strict=True):
        torch.testing.assert_close(layer(x), output)
    factor = {"tied": "weight", "read": "first", "write": "second"}[
        "tied" if form == "tied" else side
    ]
    assert getattr(model[0], factor) is getattr(model[1], factor)
    size = measure_size(model, group.members)
    assert size.unit_parameters == shared.numel() + sum(value.numel() for value in own.values())


@pytest.mark.parametrize(
    ("writer", "reader", "shape"),
    [
        (transposed(6, 5), transposed(3, 6), (4, 7, 5)),
        (convolution(6, 5), nn.Conv2d(6, 3, 1, bias=False), (4, 5, 6, 6)),
    ],
    ids=["transposed", "convolution"],
)
def test_hidden_layers_of_every_kind_are_narrowed(writer, reader, shape):
    model, x = nn.Sequential(writer, nn.Tanh(), reader), torch.randn(*shape)
    kept = torch.tensor([1, 2, 5])
    out = torch.ones(6, dtype=torch.bool)
    out[kept] = False
    silent = copy.deepcopy(model)
    with torch.no_grad():
        matrix_of(silent[2])[:, out] = 0
    expected = silent(x)
    columns = matrix_of(model[2])[:, kept].detach().clone()
    plan = SharingPlan((GroupPlan(("0", "2"), "narrow", "read", 3),))
    apply_plan(model, plan, {("0", "2"): GroupWeights(columns, {}, kept)})
    torch.testing.assert_close(model(x), expected)
    assert matrix_of(model[0]).shape[0] == matrix_of(model[2]).shape[1] == 3


def test_kernels_of_one_size_and_another_shape_are_not_tied():
    model = nn.Sequential(nn.Conv2d(2, 3, (1, 2)), nn.Conv2d(2, 3, (2, 1)))
    with pytest.raises(CheckpointError, match="differ in shape"):
        prepare_structure(model, SharingPlan((GroupPlan(("0", "1"), "tied", "read"),)))
