"""Without sampling, what is measured equals what autograd says of the Gauss-Newton matrix."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from geocolor.curvature import collect_curvature, collect_diagonal, collect_rescaled
from geocolor.errors import InputError, ModelError
from geocolor.units import Side, Unit


def random(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(11)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


class Scored(nn.Module):
    """Any layers, whose output is read as logits."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.layers(x))


class Mixed(nn.Module):
    """Tokens meet, and one weight is used at two places."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> SimpleNamespace:
        hidden = torch.tanh(self.first(x))
        hidden = hidden + hidden.flip(1).cumsum(1)
        return SimpleNamespace(logits=self.head(torch.tanh(self.first(hidden))))


class Tied(nn.Module):
    """Two modules hold one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.second(torch.tanh(self.first(x))))


def conv1d_of_transformers() -> nn.Module:
    from transformers.pytorch_utils import Conv1D

    return Conv1D(5, 3)


def unit_of(model: nn.Module, name: str) -> Unit:
    module = model.get_submodule(name)
    weight = module.weight.T if type(module).__name__ == "Conv1D" else module.weight.flatten(1)
    return Unit(name, name, 0, tuple(weight.shape), Side.READ, name)


def gauss_newton(model: nn.Module, name: str, x: Tensor) -> Tensor:
    """Of the sum over outputs, by the full Jacobian, with the weight in its matrix's layout."""
    weight = model.get_parameter(f"{name}.weight").detach()
    turned = type(model.get_submodule(name)).__name__ == "Conv1D"

    def logits(flat: Tensor) -> Tensor:
        matrix = flat.reshape(weight.T.shape).T if turned else flat.reshape(weight.shape)
        changed = {f"{name}.weight": matrix}
        return torch.func.functional_call(model, changed, (x,)).logits.flatten(0, -2)

    flat = (weight.T if turned else weight).flatten()
    jacobian = torch.func.jacrev(logits)(flat).detach()
    p = logits(flat).detach().softmax(-1)
    hessian = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    return torch.einsum("oci,ocd,odj->ij", jacobian, hessian, jacobian)


CASES = {
    "Linear, tokens": (
        lambda: Scored(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)),
        (4, 2, 3),
        "layers.0",
    ),
    "Linear used twice": (Mixed, (3, 3, 3), "first"),
    "tied modules": (Tied, (3, 2, 3), "first"),
    "Conv1D": (
        lambda: Scored(conv1d_of_transformers(), nn.Tanh(), nn.Linear(5, 3)),
        (4, 2, 3),
        "layers.0",
    ),
    "Conv1d": (
        lambda: Scored(
            nn.Conv1d(2, 3, 3, stride=2, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(9, 3)
        ),
        (3, 2, 6),
        "layers.0",
    ),
    "Conv2d": (
        lambda: Scored(
            nn.Conv2d(2, 3, (2, 3), dilation=(2, 1), padding="same", padding_mode="reflect"),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(48, 3),
        ),
        (3, 2, 4, 4),
        "layers.0",
    ),
}


@pytest.fixture(params=CASES, ids=str)
def case(request):
    build, shape, name = CASES[request.param]
    torch.manual_seed(0)
    model = build().double()
    return model, random(*shape), name


def test_the_diagonal_is_exact(case):
    model, x, name = case
    measured = collect_diagonal(model, [x[:2], x[2:]], [unit_of(model, name)], samples=None)
    truth = gauss_newton(model, name, x).diagonal() / measured.outputs
    torch.testing.assert_close(measured.factors[name].scales.flatten(), truth)


def test_rescaling_is_exact_in_its_basis_and_keeps_the_trace(case):
    model, x, name = case
    units = [unit_of(model, name)]
    kronecker = collect_curvature(model, [x], units, samples=None)
    rescaled = collect_rescaled(model, [x[:1], x[1:]], units, kronecker, samples=None)
    form = rescaled.factors[name]
    truth = gauss_newton(model, name, x) / rescaled.outputs
    basis = torch.kron(form.gradients_basis, form.inputs_basis)
    torch.testing.assert_close(form.scales.flatten(), (basis.T @ truth @ basis).diagonal())
    assert form.trace == pytest.approx(float(truth.trace()))


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda: nn.Linear(3, 4), (1, 3)),
        (conv1d_of_transformers, (1, 3)),
        (lambda: nn.Conv1d(2, 4, 3), (1, 2, 3)),
        (lambda: nn.Conv2d(2, 4, (2, 3)), (1, 2, 2, 3)),
    ],
    ids=["Linear", "Conv1D", "Conv1d", "Conv2d"],
)
def test_at_one_place_of_one_sample_the_kronecker_product_is_exact(build, shape):
    torch.manual_seed(0)
    layer = build()
    width = len(layer.bias)
    model = Scored(layer, nn.Flatten(), nn.Tanh(), nn.Linear(width, 3)).double()
    x = random(*shape)
    measured = collect_curvature(model, [x], [unit_of(model, "layers.0")], samples=None)
    factors = measured.factors["layers.0"]
    truth = gauss_newton(model, "layers.0", x)
    torch.testing.assert_close(torch.kron(factors.gradients, factors.inputs), truth)
    error = random(*factors.shape)
    assert factors.energy(error) == pytest.approx(float(error.flatten() @ truth @ error.flatten()))
    assert factors.trace == pytest.approx(float(truth.trace()))


def test_uses_at_several_places_count_as_places():
    torch.manual_seed(0)
    model, x = Mixed().double(), random(3, 3, 3)
    factors = collect_curvature(model, [x], [unit_of(model, "first")], samples=None).factors

    inputs, outer = [], torch.zeros(3, 3, dtype=torch.float64)

    def through(sample: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Logits of a sample as a function of what is added at the outputs of both uses."""
        one = torch.tanh(model.first(sample) + first)
        hidden = one + one.flip(1).cumsum(1)
        inputs.append(hidden.detach())
        return model.head(torch.tanh(model.first(hidden) + second))[0]

    for sample in x.split(1):
        zero = torch.zeros(1, 3, 3, dtype=torch.float64)
        p = through(sample, zero, zero).detach().softmax(-1)
        jacobians = torch.func.jacrev(through, (1, 2))(sample, zero, zero)
        hessian = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
        for jacobian in jacobians:
            outer += torch.einsum("oczti,ocd,odztj->ij", jacobian, hessian, jacobian).detach()
    places = torch.cat([x.reshape(-1, 3), torch.cat(inputs[::2]).reshape(-1, 3)])
    torch.testing.assert_close(factors["first"].inputs, places.T @ places / 18)
    torch.testing.assert_close(factors["first"].gradients, outer / 9)


def test_several_samples_come_closer_to_the_expectation():
    torch.manual_seed(0)
    model, x = Scored(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).double(), random(2, 3)
    units = [unit_of(model, "layers.0")]
    exact = collect_curvature(model, [x], units, samples=None).factors["layers.0"]
    errors = []
    for samples in (2, 2000):
        drawn = collect_curvature(model, [x], units, samples=samples).factors["layers.0"]
        errors.append(float((drawn.gradients - exact.gradients).norm() / exact.gradients.norm()))
    assert errors[1] < 0.05
    assert errors[1] < errors[0]


def test_sampled_scales_agree_with_exact_ones_in_expectation():
    torch.manual_seed(0)
    model, x = Mixed().double(), random(2, 3, 3)
    units = [unit_of(model, "first")]
    kronecker = collect_curvature(model, [x], units, samples=None)
    for collect in (
        lambda samples: collect_diagonal(model, [x], units, samples=samples),
        lambda samples: collect_rescaled(model, [x], units, kronecker, samples=samples),
    ):
        exact, drawn = (collect(samples).factors["first"].scales for samples in (None, 3000))
        assert float((drawn - exact).norm()) < 0.1 * float(exact.norm())


def test_without_sampling_there_are_limits():
    model = Scored(nn.Linear(3, 5000))
    with pytest.raises(ModelError, match="the limit is 4096"):
        collect_curvature(model, [torch.randn(1, 3)], [unit_of(model, "layers.0")], samples=None)
    with pytest.raises(InputError, match="samples must be"):
        collect_curvature(model, [torch.randn(1, 3)], [], samples=0)


def test_samples_that_cannot_be_told_apart_are_refused_without_sampling():
    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 4)

        def forward(self, x: Tensor) -> SimpleNamespace:
            return SimpleNamespace(logits=self.layer(x.flatten(0, 1)).reshape(*x.shape[:2], 4))

    model, x = Flat().double(), random(3, 2, 3)
    units = [unit_of(model, "layer")]
    with pytest.raises(ModelError, match="tell samples apart"):
        collect_diagonal(model, [x], units, samples=None)
    apart = collect_diagonal(model, x.split(1), units, samples=None).factors["layer"].scales
    together = collect_diagonal(model, [x], units, samples=3000).factors["layer"].scales
    assert float((together - apart).norm()) < 0.1 * float(apart.norm())


def test_padding_has_no_part_in_the_scales(attention):
    x = random(3, 4, 5)
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0]])
    units = [unit_of(attention, "layers.0")]
    padded = collect_diagonal(attention, [{"x": x, "attention_mask": mask}], units, samples=None)
    alone = collect_diagonal(attention, [x[mask.bool()][:, None]], units, samples=None)
    assert (padded.tokens, padded.outputs) == (alone.tokens, alone.outputs) == (8, 8)
    torch.testing.assert_close(padded.factors["layers.0"].scales, alone.factors["layers.0"].scales)
