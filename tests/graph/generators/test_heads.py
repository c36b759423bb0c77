"""Imaginary attention heads are like those that were measured, and stay what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import heads
from geocolor.io import read

MEASURED = Path(__file__).parents[3] / "instances" / "smollm2_heads_keep0.8.json.gz"
COUNT, A_LAYER, REACH = 450, 15, 2
PLACE = np.arange(COUNT)
LAYER = PLACE // A_LAYER
ROLE = np.repeat(["q", "k", "v"], [9, 3, 3])[PLACE % A_LAYER]
NEAR = (np.abs(LAYER[:, None] - LAYER) <= REACH) & ~np.eye(COUNT, dtype=np.bool_)


def pairs_of(roles: str, apart: int) -> NDArray[np.bool_]:
    """Pairs of two roles that many layers apart."""
    first, second = (np.equal(ROLE, role) for role in roles)
    either = (first[:, None] & second) | (second[:, None] & first)
    found: NDArray[np.bool_] = NEAR & either & (np.abs(LAYER[:, None] - LAYER) == apart)
    return found


def alike(weights: NDArray[np.float64]) -> float:
    """Correlation of two weights that share a head."""
    centered = np.where(NEAR, weights - weights[NEAR].mean(), 0.0)
    products = centered.sum(axis=1) ** 2 - (centered**2).sum(axis=1)
    degrees = NEAR.sum(axis=1)
    return float(products.sum() / (degrees * (degrees - 1)).sum() / weights[NEAR].var())


def closed(weights: NDArray[np.float64]) -> float:
    """Share of priced pairs that attract, of those that a third head attracts both of."""
    attract = ((weights < 0) & NEAR).astype(np.float64)
    through = np.where(NEAR, attract @ attract, 0.0)
    return float((through * attract).sum() / through.sum())


def statistics(graph: ConflictGraph) -> dict[str, float]:
    weights = graph.weights.to_dense()
    attract = (weights < 0) & NEAR
    found = {
        "attract": attract[NEAR].mean(),
        "zero": (weights[NEAR] == 0).mean(),
        "median magnitude": np.median(np.abs(weights[NEAR])) * 1e6,
        "lower quartile": np.quantile(weights[NEAR], 0.25) * 1e6,
        "upper quartile": np.quantile(weights[NEAR], 0.75) * 1e6,
        "gain a head": weights[attract].sum() / 2 / COUNT * 1e6,
        "alike": alike(weights),
        "closed": closed(weights),
        "attracted by none": (~attract.any(axis=1)).mean(),
    }
    for roles in ("qq", "qk", "kk", "qv", "kv", "vv"):
        for apart in range(REACH + 1):
            found[f"{roles} {apart}"] = attract[pairs_of(roles, apart)].mean()
    return {name: float(value) for name, value in found.items()}


TOLERANCE = {
    "attract": 0.03,
    "zero": 0.015,
    "median magnitude": 2.0,
    "lower quartile": 2.5,
    "upper quartile": 8.0,
    "gain a head": 40.0,
    "alike": 0.04,
    "closed": 0.06,
    "attracted by none": 0.02,
}


def test_measured_heads_are_as_this_file_takes_them() -> None:
    graph = read(MEASURED)
    assert graph.labels is not None
    for at, label in enumerate(graph.labels):
        assert f"layers.{LAYER[at]}.self_attn.{ROLE[at]}_proj" in label
    assert (
        graph.conflicts.to_dense().astype(bool).tolist()
        == (~NEAR & ~np.eye(COUNT, dtype=np.bool_)).tolist()
    )


def test_imaginary_heads_are_like_measured_ones() -> None:
    measured = statistics(read(MEASURED))
    made = [statistics(heads(COUNT, seed)) for seed in range(4)]
    for name, value in measured.items():
        mean = np.mean([found[name] for found in made])
        assert mean == pytest.approx(value, abs=TOLERANCE.get(name, 0.08)), name


def test_affinity_fades_with_depth() -> None:
    weights = heads(COUNT, seed=1, reach=5).weights.to_dense()
    far = np.abs(LAYER[:, None] - LAYER)
    queries = (ROLE == "q")[:, None] & (ROLE == "q") & ~np.eye(COUNT, dtype=np.bool_)
    means = [weights[queries & (far == apart)].mean() for apart in range(6)]
    assert (np.diff(means) > 0).all()


def test_heads_that_attend_together_gain_more() -> None:
    weights = heads(COUNT, seed=1).weights.to_dense()
    group = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 1, 2, 0, 1, 2])[PLACE % A_LAYER]
    together = group[:, None] == group
    for roles in ("qq", "qk"):
        here = pairs_of(roles, 0)
        assert weights[here & together].mean() < weights[here & ~together].mean() - 5e-6


def test_heads_are_fixed_forever() -> None:
    assert heads(100, seed=7).fingerprint == (
        "57eb66fc454194b5563e7f4ef1298dab54a1a15db1561fbce119abfe7f896bcc"
    )


def test_all_pairs_are_priced_or_in_conflict() -> None:
    graph = heads(100, seed=3, reach=1)
    priced = {tuple(pair) for pair in graph.weights.edges().tolist()}
    apart = {tuple(pair) for pair in graph.conflicts.edges().tolist()}
    assert not priced & apart
    assert len(priced | apart) == 100 * 99 // 2
    assert all(v // A_LAYER - u // A_LAYER <= 1 for u, v in priced)
    built = ConflictGraph.from_edges(
        100,
        graph.weights.edges(),
        graph.weights.edge_values(),
        conflicts=sorted(apart),
        labels=graph.labels,
    )
    assert built.fingerprint == graph.fingerprint
    assert graph.labels is not None
    assert (graph.labels[0], graph.labels[10], graph.labels[29]) == (
        "layer.0.q.0",
        "layer.0.k.1",
        "layer.1.v.2",
    )
    scaled = graph.weights.edge_values() * 1e9
    np.testing.assert_allclose(scaled, np.round(scaled), atol=1e-3)


def test_thousands_of_heads() -> None:
    graph = heads(3000, seed=1)
    assert graph.weights.num_edges == 200 * 105 + 199 * 225 + 198 * 225
    assert graph.weights.num_edges + graph.conflicts.num_edges == 3000 * 2999 // 2


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: heads(-1), InputError),
        (lambda: heads(30, reach=-1), InputError),
        (lambda: heads(30, seed=-1), InputError),
        (lambda: heads(10_001), LimitError),
    ],
)
def test_wrong_arguments(make: Callable[[], ConflictGraph], error: type[InputError]) -> None:
    with pytest.raises(error):
        make()


def test_empty_and_tiny() -> None:
    assert [heads(n).weights.num_edges for n in (0, 1, 2)] == [0, 0, 1]
    assert heads(30, reach=10**9).conflicts.num_edges == 0
