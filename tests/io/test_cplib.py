from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geocolor import ConflictGraph, CorrelationClusteringProblem, read, solve, write
from geocolor.errors import InputError, LimitError
from geocolor.io import Limits


def test_similarities_become_gains(tmp_path: Path) -> None:
    path = tmp_path / "four.txt"
    path.write_text("  4\n5 -2 0\n1.5 -3\n\n7e-1")
    graph = read(path)
    expected = np.array([[0, -5, 2, 0], [-5, 0, -1.5, 3], [2, -1.5, 0, -0.7], [0, 3, -0.7, 0]])
    np.testing.assert_array_equal(graph.weights.to_dense(), expected)
    assert graph.label(0) == "1"
    assert graph.conflicts.num_edges == 0
    # Most similarity inside: 1 and 2 together, 3 and 4 together.
    result = solve(CorrelationClusteringProblem(graph), time_limit=5)
    assert (result.status.value, result.objective) == ("OPTIMAL", -5.7)


@pytest.mark.parametrize("count", [0, 1])
def test_no_pairs(tmp_path: Path, count: int) -> None:
    path = tmp_path / "few.txt"
    path.write_text(f"{count}\n")
    assert read(path).num_nodes == count


@given(
    st.integers(0, 7),
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False) | st.integers(-9, 9), min_size=21),
    st.sampled_from(["graph.txt", "graph.txt.gz"]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_comes_back(
    tmp_path: Path, count: int, weights: list[float], name: str
) -> None:
    pairs = [(i, j) for j in range(count) for i in range(j)]
    told = [(pair, weight) for pair, weight in zip(pairs, weights, strict=False) if weight]
    graph = ConflictGraph.from_edges(
        count,
        [pair for pair, _ in told],
        [float(weight) for _, weight in told],
        labels=[str(i + 1) for i in range(count)],
    )
    write(graph, tmp_path / name)
    assert read(tmp_path / name).fingerprint == graph.fingerprint


def test_hard_conflicts_have_no_room(tmp_path: Path) -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1)], [1.0], conflicts=[(1, 2)])
    with pytest.raises(InputError, match=r"1 hard conflict; write \.edges, \.csv or \.json"):
        write(graph, tmp_path / "graph.txt")
    assert not (tmp_path / "graph.txt").exists()


def test_blocks_are_put_together(tmp_path: Path) -> None:
    count = 700
    values = np.random.default_rng(0).integers(-99999, 99999, count * (count - 1) // 2)
    lines = "\n".join(" ".join(map(str, part)) for part in np.array_split(values, 300))
    path = tmp_path / "large.txt"
    path.write_text(f"{count}\n{lines}\n")
    assert path.stat().st_size > 1 << 20
    dense = read(path).weights.to_dense()
    np.testing.assert_array_equal(-dense[np.triu_indices(count, 1)], values)
    broken = path.read_text().rstrip()
    cut = broken.rfind("\n") + 1
    path.write_text(f"{broken[:cut]}x{broken[cut:]}")
    with pytest.raises(InputError, match=r"large\.txt:301: 'x"):
        read(path)


def test_limits_come_before_the_pairs(tmp_path: Path) -> None:
    path = tmp_path / "graph.txt"
    path.write_text("200\n")
    with pytest.raises(LimitError, match="19900 edges, the limit is 100"):
        read(path, limits=Limits(edges=100))
