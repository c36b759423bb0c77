"""Layers of imaginary models have structure, and stay what they are."""

from collections.abc import Callable

import numpy as np
import pytest

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import layers


def test_layers_are_fixed_forever() -> None:
    assert layers(16, seed=7).fingerprint == (
        "25eaa00f8f077cc998164ed20fee1daa34a3c6ce1b39c70c0b16934d89e158de"
    )


def test_layers_have_clusters_and_conflicts_where_it_costs() -> None:
    graph = layers(40, seed=2, clusters=3, spread=0.05, conflict_share=0.2)
    weights, hard = graph.weights.to_dense(), graph.conflicts.to_dense().astype(bool)
    assert graph.weights.num_edges == 40 * 39 // 2
    assert graph.conflicts.num_edges == round(0.2 * 40 * 39 / 2)
    assert weights[hard].mean() > 2 * weights[~hard].mean()
    scaled = graph.weights.edge_values() * 1e6
    np.testing.assert_allclose(scaled, np.round(scaled), atol=1e-6)
    assert graph.labels is not None
    assert graph.labels[39] == "layer.39"


def test_a_gain_is_taken_off_every_cost() -> None:
    plain, signed = layers(30, seed=3), layers(30, seed=3, gain=0.1)
    costs, weights = plain.weights.edge_values(), signed.weights.edge_values()
    np.testing.assert_allclose(weights, costs - 0.1, atol=1e-12)
    assert (np.round(weights * 1e6) / 1e6 == weights).all()
    assert 0 < (weights < 0).sum() < len(weights)
    assert signed.conflicts.edges().tolist() == plain.conflicts.edges().tolist()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: layers(-1), InputError),
        (lambda: layers(5, clusters=0), InputError),
        (lambda: layers(5, conflict_share=2.0), InputError),
        (lambda: layers(5, spread=float("inf")), InputError),
        (lambda: layers(5, gain=-0.1), InputError),
        (lambda: layers(5, gain=float("nan")), InputError),
        (lambda: layers(10**6), LimitError),
    ],
)
def test_wrong_arguments(make: Callable[[], ConflictGraph], error: type[InputError]) -> None:
    with pytest.raises(error):
        make()


def test_empty_and_tiny() -> None:
    assert [layers(n).weights.num_edges for n in (0, 1, 2)] == [0, 0, 1]
