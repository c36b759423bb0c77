"""Units with random weights and curvature, and what hand computations need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from geocolor.criterion import Damping, Metric, View, oriented_views
from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.units import Side, Unit

Family = dict[str, View]

# Matrices this small are quicker without threads that wait for each other.
torch.set_num_threads(1)


def random_metric(generator: torch.Generator, size: int) -> Tensor:
    """Positive definite, with a condition number of some hundreds."""
    root = torch.randn(size, size, generator=generator, dtype=torch.float64)
    scale = torch.logspace(0, -1, size, dtype=torch.float64)
    return (root * scale) @ (root * scale).T / size + 1e-2 * torch.eye(size, dtype=torch.float64)


def make_family(
    seed: int,
    side: Side = Side.READ,
    *,
    outers: Sequence[int] = (5, 4),
    width: int = 6,
    common: bool = False,
    spread: float | None = None,
    damping: Damping | None = None,
    metric: Metric = Metric.KRONECKER,
) -> Family:
    """Views of matrices that share a space of `width`, through the package's own entrance.

    With `common` all see it in one metric; with `spread` all are near one matrix.
    """
    generator = torch.Generator().manual_seed(seed)
    read = side is Side.READ
    shared = random_metric(generator, width)
    base = torch.randn(max(outers), width, generator=generator, dtype=torch.float64)
    units, weights, factors = [], {}, {}
    for i, outer in enumerate(outers):
        inner = shared if common else random_metric(generator, width)
        own = random_metric(generator, outer)
        weight = torch.randn(outer, width, generator=generator, dtype=torch.float64)
        if spread is not None:
            weight = base[:outer] + spread * weight
        shape = (outer, width) if read else (width, outer)
        units.append(Unit(f"u{i}", "role", i, shape, side, "space"))
        weights[f"u{i}"] = weight if read else weight.T
        factors[f"u{i}"] = KroneckerFactors(inner, own) if read else KroneckerFactors(own, inner)
    curvature = Curvature(factors, 1, 1)
    return oriented_views(units, weights, curvature, metric, damping)


@pytest.fixture(scope="session")
def family() -> Callable[..., Family]:
    return make_family


@pytest.fixture(scope="session")
def metric() -> Callable[[torch.Generator, int], Tensor]:
    return random_metric


def trace_cost(view: View, stored: Tensor) -> float:
    """``1/2 tr(outer E inner E^T)``, written out."""
    error = stored - view.weight
    return 0.5 * float(torch.trace(view.outer @ error @ view.inner @ error.T))


@pytest.fixture(scope="session")
def cost_of() -> Callable[[View, Tensor], float]:
    return trace_cost
