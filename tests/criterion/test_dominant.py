"""Dominant eigenpairs against the whole Kronecker product, and what is kept out of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from geocolor.criterion import dominant_pairs
from geocolor.curvature import KroneckerFactors
from geocolor.units import Side

SIDES = pytest.mark.parametrize("side", list(Side))


def random(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def factors(seed: int, inputs: int = 5, gradients: int = 4) -> KroneckerFactors:
    a, g = random(inputs, 9, seed=seed), random(gradients, 9, seed=seed + 1)
    return KroneckerFactors(a @ a.T, g @ g.T)


def orthonormal(rows: int, columns: int, seed: int) -> Tensor:
    return torch.linalg.qr(random(rows, columns, seed=seed))[0]


@SIDES
@pytest.mark.parametrize("count", [1, 7, 20, 50])
def test_they_are_the_largest_of_the_whole_product(side, count):
    measured = factors(0)
    pairs = dominant_pairs(measured, side, count)
    whole = torch.kron(measured.gradients, measured.inputs)
    values = torch.linalg.eigvalsh(whole).flip(0)[:count]
    torch.testing.assert_close(pairs.values, values)
    for at, value in enumerate(pairs.values):
        vector = torch.outer(pairs.outer[at], pairs.inner[at])
        stored = vector if side is Side.READ else vector.T
        torch.testing.assert_close(whole @ stored.reshape(-1), value * stored.reshape(-1))


@SIDES
def test_all_of_them_hold_the_whole_energy(side):
    measured = factors(1)
    pairs = dominant_pairs(measured, side, 20)
    change = random(4, 5, seed=5)
    oriented = change if side is Side.READ else change.T
    assert pairs.energy(oriented) == pytest.approx(float(measured.energy(change)) / 2)
    few = dominant_pairs(measured, side, 3)
    assert 0 < few.energy(oriented) < pairs.energy(oriented)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_corrected_coefficients_trade_distance_for_energy(rank):
    pairs = dominant_pairs(factors(2), Side.READ, 6)
    weight, basis = random(4, 5, seed=6), orthonormal(5, rank, 7)
    plain = weight - weight @ basis @ basis.T
    left = weight - pairs.corrected(weight, basis) @ basis.T
    assert pairs.energy(left) < pairs.energy(plain)
    assert plain.norm() < left.norm() <= 2**0.5 * plain.norm() * (1 + 1e-9)


def test_no_other_coefficients_do_better_where_they_may_be_trusted():
    """Least squares over all coefficients, with the distance as the smallest of terms."""
    pairs = dominant_pairs(factors(3), Side.READ, 4)
    weight, basis = random(4, 5, seed=8), orthonormal(5, 3, 9)
    corrected = pairs.corrected(weight, basis)
    left = weight - corrected @ basis.T
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        other = corrected + 1e-3 * torch.randn(4, 3, generator=generator, dtype=torch.float64)
        tried = weight - other @ basis.T
        distance = float(tried.square().sum() - left.square().sum())
        # The weight of distance may have grown; it never was less than this.
        least = 1e-6 * float(pairs.values[0]) / 2
        assert pairs.energy(tried) + least * distance > pairs.energy(left) or distance > 0


def test_nothing_is_corrected_where_nothing_is_lost_or_nothing_counts():
    pairs = dominant_pairs(factors(4), Side.READ, 4)
    weight = random(4, 5, seed=10)
    whole = orthonormal(5, 5, 11)
    torch.testing.assert_close(pairs.corrected(weight, whole) @ whole.T, weight)
    flat = dominant_pairs(
        KroneckerFactors(torch.zeros(5, 5).double(), torch.zeros(4, 4).double()), Side.READ, 4
    )
    basis = orthonormal(5, 2, 12)
    assert torch.equal(flat.corrected(weight, basis), weight @ basis)
