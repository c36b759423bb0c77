"""A common basis is applied once to a tensor, and what comes of it is never that of another."""

from __future__ import annotations

import copy
import pickle
import threading
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

from geocolor.errors import CheckpointError
from geocolor.sharing import FactoredLinear, GroupPlan, SharingPlan, prepare_structure

Between = Callable[[Any, Tensor], None]
NAMES = tuple(f"0.{name}" for name in "qkv")


class Attention(nn.Module):
    """Three layers read x; whatever is `between` happens after the first."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(6, width) for width in (6, 4, 4))
        self.between: Between = lambda module, x: None

    def forward(self, x: Tensor) -> Tensor:
        query = self.q(x)
        self.between(self, x)
        return torch.cat([query, self.k(x), self.v(x)], -1)


class Whole(nn.Module):
    """The same with a basis that each layer applies for itself."""

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.attention = copy.deepcopy(attention)
        for layer in self.attention.children():
            layer.once = None

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x)


@pytest.fixture
def model() -> nn.Sequential:
    torch.manual_seed(0)
    made = nn.Sequential(Attention())
    prepare_structure(made, SharingPlan((GroupPlan(NAMES, "basis", "read", 2),)))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    return made


class Products(TorchDispatchMode):
    """Counts products of matrices."""

    count = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        self.count += function.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm)
        return function(*args, **(kwargs or {}))


def products(call: Callable[[], object]) -> int:
    with Products() as mode:
        call()
    return mode.count


@pytest.fixture
def x() -> Tensor:
    return torch.randn(5, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("gradients", [True, False])
def test_the_basis_is_applied_once_and_says_the_same(model, x, gradients):
    whole = Whole(model[0])
    with torch.set_grad_enabled(gradients):
        torch.testing.assert_close(model(x), whole(x), rtol=0, atol=0)
        assert (products(lambda: model(x)), products(lambda: whole(x))) == (4, 6)


def test_gradients_are_those_of_three_applications(model, x):
    whole = Whole(model[0])
    for each in (model[0], whole.attention):
        inputs = x.clone().requires_grad_()
        each(inputs).square().sum().backward()
        each.seen = inputs.grad
    torch.testing.assert_close(model[0].seen, whole.attention.seen)
    for one, other in zip(model.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def no_gradients(module: Any, x: Tensor) -> None:
    torch.set_grad_enabled(False)


def other_basis(module: Any, x: Tensor) -> None:
    module.k.first = nn.Parameter(module.k.first.detach() + 1)


BETWEEN: dict[str, Between] = {
    "x": lambda module, x: x.add_(1),
    "a view of x": lambda module, x: x[1:].add_(1),
    "the basis": lambda module, x: module.q.first.add_(1),
    "another basis": other_basis,
}


@pytest.mark.parametrize("changed", BETWEEN)
@torch.no_grad()
def test_what_is_changed_in_between_is_read_anew(model, x, changed):
    model[0].between = BETWEEN[changed]
    whole = Whole(model[0])
    torch.testing.assert_close(model(x.clone()), whole(x.clone()), rtol=0, atol=0)


def test_a_product_without_gradients_is_not_taken_where_they_are_wanted(model, x):
    class Part(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x

    def forward(x: Tensor) -> Tensor:
        with torch.no_grad():
            model[0].q(x)
        return model[0].k(x)

    model[0].forward = forward
    model(x).sum().backward()
    assert model[0].k.first.grad is not None


def test_a_product_of_another_precision_is_not_taken(model, x):
    def forward(x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            assert model[0].q(x).dtype is torch.bfloat16
        return model[0].k(x)

    model[0].forward = forward
    assert model(x).dtype is torch.float32


@torch.inference_mode()
def test_tensors_whose_changes_nobody_counts_are_read_anew(model):
    x = torch.ones(5, 6)
    model[0].between = lambda module, x: x.add_(1)
    whole = Whole(model[0])
    torch.testing.assert_close(model(x.clone()), whole(x.clone()), rtol=0, atol=0)


def test_layers_called_by_themselves_keep_nothing(model, x):
    with torch.no_grad():
        first = model[0].q(x)
        x.numpy()[:] = 0  # nobody counts this change
        assert torch.equal(model[0].k(x), model[0].k.bias.expand(5, -1))
        assert not torch.equal(first, model[0].q(x))
    assert products(lambda: [model[0].q(x), model[0].k(x)]) == 4


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_kept_after_the_call(model, x, fails):
    held = []

    def between(module: Any, x: Tensor) -> None:
        (kept,) = module.q.once._running.values()
        held.append(weakref.ref(kept.hidden))
        del kept
        if fails:
            raise ValueError("stopped")

    model[0].between = between
    with torch.no_grad():
        if fails:
            with pytest.raises(ValueError, match="stopped"):
                model(x)
        else:
            model(x)
    assert held[0]() is None
    assert model[0].q.once._running == {}


def test_copies_and_pickles_have_one_of_their_own(model, x):
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model[0].q.once))):  # noqa: S301
        once = other[0].q.once if isinstance(other, nn.Module) else other
        assert once is not model[0].q.once
    other = copy.deepcopy(model)
    assert other[0].q.once is other[0].k.once is other[0].v.once
    assert products(lambda: other(x)) == 4
    assert torch.equal(other(x), model(x))


def test_threads_do_not_see_each_others(model):
    inputs = [torch.randn(3, 6) for _ in range(8)]
    with torch.no_grad():
        expected = [model(x) for x in inputs]
    wrong = []

    def run(at: int) -> None:
        with torch.no_grad():
            wrong.extend(at for _ in range(50) if not torch.equal(model(inputs[at]), expected[at]))

    threads = [threading.Thread(target=run, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("reentrant", [True, False])
def test_recomputed_activations_give_the_same_gradients(model, x, reentrant):
    other = copy.deepcopy(model)
    inputs = x.requires_grad_()
    checkpoint(model, inputs, use_reentrant=reentrant).square().sum().backward()
    other(inputs).square().sum().backward()
    for one, same in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one.grad, same.grad)


def test_training_sees_every_step(model, x):
    whole = Whole(model[0])
    for each in (model, whole):
        optimizer = torch.optim.SGD(each.parameters(), lr=1e-2)
        for _ in range(3):
            optimizer.zero_grad()
            each(x).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(model(x), whole(x), rtol=1e-3, atol=1e-3)


def test_compiled_and_exported_graphs_are_whole_and_say_the_same(model, x):
    expected = model(x)
    compiled = torch.compile(copy.deepcopy(model), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), expected)
    for strict in (True, False):
        program = torch.export.export(model, (x,), strict=strict)
        torch.testing.assert_close(program.module()(x), expected)


def test_a_compiler_of_training_steps_merges_what_is_equal(model, x):
    from functorch.compile import min_cut_rematerialization_partition
    from torch._dynamo.backends.common import aot_autograd

    graphs = []

    def keep(graph: torch.fx.GraphModule, _inputs: Any) -> torch.fx.GraphModule:
        graphs.append(graph)
        return graph

    backend = aot_autograd(fw_compiler=keep, partition_fn=min_cut_rematerialization_partition)
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    compiled(x)
    count = sum("mm" in str(node.target) for node in graphs[0].graph.nodes)
    assert count == 4


def test_layers_of_different_modules_apply_their_basis_each(x):
    model = nn.Sequential(nn.Sequential(nn.Linear(6, 6)), nn.Sequential(nn.Linear(6, 6)))
    plan = SharingPlan((GroupPlan(("0.0", "1.0"), "basis", "read", 2),))
    prepare_structure(model, plan)
    assert all(layer.once is None for layer in model.modules() if isinstance(layer, FactoredLinear))


def test_a_plan_that_does_not_fit_leaves_no_hooks(model):
    fresh = nn.Sequential(Attention())
    wrong = SharingPlan(
        (GroupPlan(NAMES, "basis", "read", 2), GroupPlan(("1.q",), "dense", "read"))
    )
    with pytest.raises(CheckpointError):
        prepare_structure(fresh, wrong)
    assert not fresh[0]._forward_hooks
    assert not fresh[0]._forward_pre_hooks


def test_a_recorded_graph_has_the_product_once_and_says_the_same(model, x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recorded = torch.jit.trace(model, (x,))
    torch.testing.assert_close(recorded(2 * x), model(2 * x))
    assert str(recorded.inlined_graph).count("aten::linear") == 4
