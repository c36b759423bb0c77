"""Random graphs are what they are called, and stay so."""

from collections.abc import Callable

import numpy as np
import pytest

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import gnp, random_graphs


def test_gnp_is_fixed_forever() -> None:
    assert gnp(60, 0.5, seed=7).fingerprint == (
        "1a451e63257fcd04f332d6e96fa9185c459f55e0940f8275c4f116ce93b9991a"
    )
    assert gnp(60, 0.5, seed=8).fingerprint != gnp(60, 0.5, seed=7).fingerprint


def test_gnp_does_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = gnp(50, 0.3, seed=1)
    monkeypatch.setattr(random_graphs, "CHUNK", 17)
    assert gnp(50, 0.3, seed=1).fingerprint == whole.fingerprint


def test_gnp_has_the_density_asked_for() -> None:
    pairs = 300 * 299 / 2
    for p in (0.0, 0.1, 0.5, 0.9, 1.0):
        share = gnp(300, p, seed=3).conflicts.num_edges / pairs
        assert abs(share - p) <= 5 * np.sqrt(p * (1 - p) / pairs)


def test_gnp_treats_all_pairs_alike() -> None:
    counts = sum(gnp(12, 0.5, seed=seed).conflicts.to_dense() for seed in range(400))
    assert isinstance(counts, np.ndarray)
    upper = counts[np.triu_indices(12, 1)]
    assert abs(upper - 200).max() < 5 * np.sqrt(400 * 0.25)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: gnp(-1, 0.5), InputError),
        (lambda: gnp(10, 1.5), InputError),
        (lambda: gnp(10, float("nan")), InputError),
        (lambda: gnp(10**6, 0.5), LimitError),
        (lambda: gnp(20_000, 0.5), LimitError),
        (lambda: gnp(10, 0.5, seed=-1), InputError),
    ],
)
def test_wrong_arguments(make: Callable[[], ConflictGraph], error: type[InputError]) -> None:
    with pytest.raises(error):
        make()


def test_empty_and_tiny() -> None:
    assert [gnp(n, 1.0).conflicts.num_edges for n in (0, 1, 2)] == [0, 0, 1]
