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
    SharingPlan,
    apply_plan,
    measure_size,
    prepare_structure,
)
from geocolor.sharing.apply import put_back_on_error


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
        (GroupPlan(("nowhere.3",), "basis", "read", 1), "no Linear layer nowhere.3"),
        (GroupPlan(("other.0",), "dense", "read"), "no Linear layer other.0"),
        (GroupPlan(("../readers/a",), "basis", "read", 1), "no Linear layer"),
        (GroupPlan(("",), "basis", "read", 1), "no Linear layer"),
        (GroupPlan(("same.0.weight",), "tied", "read"), "no Linear layer"),
        (GroupPlan(("readers.__class__",), "tied", "read"), "no Linear layer"),
        (GroupPlan(("readers.a", "readers.b"), "tied", "read"), "differ in shape"),
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
    with pytest.raises(CheckpointError, match=message), put_back_on_error(model, plan):
        prepare_structure(model, plan)
    assert (dict(model.named_modules()), dict(model.named_parameters())) == before


def test_a_factored_layer_is_not_factored_again():
    model = Model()
    prepare_structure(model, SharingPlan((READ,)))
    assert isinstance(model.readers["a"], FactoredLinear)
    with pytest.raises(CheckpointError, match=r"no Linear layer readers\.a"):
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
        with put_back_on_error(model, NARROW):
            prepare_structure(model, NARROW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert model[0].out_features == 5
    torch.testing.assert_close(model(x), before)
