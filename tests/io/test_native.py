"""The native JSON format keeps everything, to the last bit."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import LimitError
from geocolor.graph import ConflictGraph
from geocolor.io import Limits, read, write

FLOATS = st.floats(-1e298, 1e298)
SIZES = st.floats(min_value=5e-324, max_value=1e298)


@st.composite
def graphs(draw: st.DrawFn) -> ConflictGraph:
    n = draw(st.integers(0, 12))
    pair = st.tuples(st.integers(0, max(n - 1, 0)), st.integers(0, max(n - 1, 0)))
    pairs = st.lists(pair.filter(lambda e: e[0] < e[1]), unique=True, max_size=20 if n > 1 else 0)
    edges = draw(pairs)
    return ConflictGraph.from_edges(
        n,
        edges,
        draw(st.lists(FLOATS, min_size=len(edges), max_size=len(edges))),
        conflicts=draw(pairs),
        labels=draw(st.none() | st.lists(st.text(), min_size=n, max_size=n, unique=True)),
        sizes=draw(st.none() | st.lists(SIZES, min_size=n, max_size=n)),
    )


@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
@given(graph=graphs())
def test_round_trip(
    suffix: str, graph: ConflictGraph, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("native") / f"a{suffix}"
    write(graph, path)
    back = read(path)
    assert back.labels == graph.labels
    assert back.sizes.tobytes() == graph.sizes.tobytes()
    assert back.weights.edge_values().tobytes() == graph.weights.edge_values().tobytes()
    assert back.fingerprint == graph.fingerprint


def test_files_are_the_same_bytes_whenever_they_are_written(tmp_path: Path) -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1)], [0.1], conflicts=[(1, 2)])
    for name in ("a.json.gz", "b.json.gz"):
        write(graph, tmp_path / name)
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()
    packed = (tmp_path / "a.json.gz").read_bytes()
    assert packed[3:8] == bytes(5), "no name and no time in the gzip header"
    document = json.loads(gzip.decompress(packed))
    assert document["weights"] == [[0, 1, 0.1]]
    assert document["conflicts"] == [[1, 2]]


def minimal(**changes: Any) -> dict[str, Any]:
    return {"format": "geocolor.graph", "version": 1, "num_nodes": 4, **changes}


def test_only_the_number_of_nodes_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(minimal()))
    assert repr(read(path)) == "ConflictGraph(num_nodes=4, conflicts=0, weights=0)"


def test_hand_written_integers_are_weights(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("\ufeff" + json.dumps(minimal(weights=[[2, 0, 3]], conflicts=[[1, 0], [0, 1]])))
    graph = read(path)
    assert graph.weights.edges().tolist() == [[0, 2]]
    assert graph.weights.edge_values().tolist() == [3.0]
    assert graph.conflicts.num_edges == 1


def test_zero_weights_stay(tmp_path: Path) -> None:
    graph = ConflictGraph.from_edges(2, [(0, 1)], [0.0])
    write(graph, tmp_path / "a.json")
    np.testing.assert_array_equal(read(tmp_path / "a.json").weights.edge_values(), [0.0])


@pytest.mark.parametrize(
    "limits", [Limits(json_bytes=50), Limits(nodes=3), Limits(edges=1), Limits(file_bytes=50)]
)
def test_limits(limits: Limits, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(minimal(conflicts=[[0, 1], [1, 2]])))
    read(path)
    with pytest.raises(LimitError, match="limit"):
        read(path, limits=limits)
