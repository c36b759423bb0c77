"""Files that other packages write are read, and they read ours."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from geocolor.graph import ConflictGraph
from geocolor.io import FORMATS, read, read_closely, write

PAIRS = [(0, 3), (1, 2), (1, 5), (2, 3), (3, 4), (4, 6), (5, 6), (0, 1)]
VALUES = [3.0, 1.5, 4.25, 1.0, -5.0, 9.0, 2.0, 0.1]
NAMES = ["ann", "bob", "cat", "dan", "eve", "fay", "gus"]


def plain() -> ConflictGraph:
    return ConflictGraph.from_edges(7, PAIRS)


def weighted() -> ConflictGraph:
    return ConflictGraph.from_edges(7, PAIRS, VALUES, labels=NAMES)


def of_networkx(graph: ConflictGraph) -> nx.Graph:
    return graph.to_networkx()


NETWORKX: dict[str, tuple[Callable[[nx.Graph, Path], None], Callable[[Path], nx.Graph]]] = {
    "graphml": (nx.write_graphml, nx.read_graphml),
    "gexf": (nx.write_gexf, lambda path: nx.relabel_nodes(*_by_label(nx.read_gexf(path)))),
    "gml": (nx.write_gml, nx.read_gml),
    "pajek": (nx.write_pajek, lambda path: nx.Graph(nx.read_pajek(path))),
    "edges": (
        nx.write_weighted_edgelist,
        lambda path: nx.read_edgelist(path, data=[("weight", float)]),
    ),
    "node-link": (
        lambda graph, path: path.write_text(json.dumps(nx.node_link_data(graph, edges="links"))),
        lambda path: nx.node_link_graph(json.loads(path.read_text()), edges="edges"),
    ),
}


def _by_label(graph: nx.Graph) -> tuple[nx.Graph, dict[Any, str]]:
    return graph, {node: data["label"] for node, data in graph.nodes(data=True)}


def same_by_name(found: ConflictGraph, expected: ConflictGraph) -> None:
    """Compare graphs whose nodes may come in another order."""
    assert set(found.labels or ()) == set(expected.labels or ())
    order = [found.node(expected.label(node)) for node in range(expected.num_nodes)]
    assert found.induced(order).fingerprint == expected.fingerprint


@pytest.mark.parametrize("name", NETWORKX)
def test_networkx_writes_what_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"graph{FORMATS[name].suffixes[0]}"
    NETWORKX[name][0](weighted().to_networkx(), path)
    reading = read_closely(path)
    assert reading.format.name == name
    same_by_name(reading.graph, weighted())


@pytest.mark.parametrize("name", NETWORKX)
def test_networkx_reads_what_is_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"graph{FORMATS[name].suffixes[0]}"
    write(weighted(), path, format=name)
    found = NETWORKX[name][1](path)
    same_by_name(ConflictGraph.from_networkx(found), weighted())


@pytest.mark.parametrize("data", [True, False])
def test_edge_lists_of_networkx_with_dictionaries(data: bool, tmp_path: Path) -> None:
    path = tmp_path / "graph.edgelist"
    nx.write_edgelist(plain().to_networkx(), path, data=data)
    assert read(path).fingerprint == plain().fingerprint
    nx.write_edgelist(weighted().to_networkx(), path)
    same_by_name(read(path), weighted())


def test_a_digraph_of_networkx(tmp_path: Path) -> None:
    path = tmp_path / "graph.gml"
    nx.write_gml(nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c")]), path)
    reading = read_closely(path)
    assert reading.graph.conflicts.edges().tolist() == [[0, 1], [1, 2]]
    assert "directed" in {note.kind for note in reading.notes}


def test_a_multigraph_of_networkx(tmp_path: Path) -> None:
    path = tmp_path / "graph.graphml"
    graph = nx.MultiGraph()
    graph.add_weighted_edges_from([("a", "b", 1), ("a", "b", 2.5), ("b", "c", 1)])
    nx.write_graphml(graph, path)
    assert read(path).weights.edge_values().tolist() == [3.5, 1.0]


IGRAPH = {"graphml": "graphml", "gml": "gml", "pajek": "pajek"}


@pytest.mark.parametrize("name", IGRAPH)
def test_igraph_writes_what_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"graph{FORMATS[name].suffixes[0]}"
    weighted().to_igraph().write(str(path), format=IGRAPH[name])
    reading = read_closely(path)
    assert reading.format.name == name
    found = reading.graph
    assert found.conflicts.num_edges == 0
    np.testing.assert_array_equal(found.weights.to_dense(), weighted().weights.to_dense())


@pytest.mark.parametrize("name", IGRAPH)
def test_igraph_reads_what_is_written(name: str, tmp_path: Path) -> None:
    igraph = pytest.importorskip("igraph")
    path = tmp_path / f"graph{FORMATS[name].suffixes[0]}"
    write(weighted(), path)
    found = igraph.Graph.Read(str(path), format=IGRAPH[name])
    pairs = [tuple(sorted(pair)) for pair in found.get_edgelist()]
    assert dict(zip(pairs, found.es["weight"], strict=True)) == dict(
        zip(PAIRS, VALUES, strict=True)
    )


def test_edge_lists_of_igraph(tmp_path: Path) -> None:
    igraph = pytest.importorskip("igraph")
    path = tmp_path / "graph.edges"
    plain().to_igraph().write_edgelist(str(path))
    assert read(path).fingerprint == plain().fingerprint
    write(plain(), path)
    found = igraph.Graph.Read_Edgelist(str(path), directed=False)
    assert sorted(map(sorted, found.get_edgelist())) == sorted(map(list, PAIRS))
    weighted().to_igraph().write_ncol(str(path), names="name", weights="weight")
    same_by_name(read(path), weighted())


@pytest.mark.parametrize("symmetry", ["symmetric", "general"])
def test_matrix_market_of_scipy(symmetry: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.mtx"
    weights, conflicts = weighted().to_scipy()
    scipy.io.mmwrite(path, weights, symmetry=symmetry)
    assert read(path).fingerprint == weighted().fingerprint
    scipy.io.mmwrite(path, conflicts.astype(float).maximum(weights), symmetry=symmetry)
    assert read(path).weights.num_edges == len(PAIRS) - 1  # the negative one is none here
    _, pattern = plain().to_scipy()
    scipy.io.mmwrite(path, pattern.astype(int), field="pattern", symmetry=symmetry)
    assert read(path).fingerprint == plain().fingerprint
    scipy.io.mmwrite(path, weights.todense(), symmetry=symmetry)
    assert read(path).fingerprint == weighted().fingerprint


def test_scipy_reads_what_is_written(tmp_path: Path) -> None:
    write(weighted(), tmp_path / "graph.mtx")
    found = scipy.io.mmread(tmp_path / "graph.mtx")
    assert ConflictGraph.from_scipy(found).fingerprint == weighted().fingerprint
    write(weighted(), tmp_path / "graph.npz")
    found = sp.load_npz(tmp_path / "graph.npz")
    assert ConflictGraph.from_scipy(found).fingerprint == weighted().fingerprint
    write(plain(), tmp_path / "graph.npz")
    found = sp.load_npz(tmp_path / "graph.npz")
    assert ConflictGraph.from_scipy(conflicts=found).fingerprint == plain().fingerprint


@pytest.mark.parametrize("layout", ["csr", "csc", "coo"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("compressed", [True, False])
def test_sparse_matrices_of_scipy(layout: str, kind: str, compressed: bool, tmp_path: Path) -> None:
    weights, conflicts = weighted().to_scipy()
    make = getattr(sp, f"{layout}_{kind}")
    sp.save_npz(tmp_path / "graph.npz", make(weights), compressed=compressed)
    assert read(tmp_path / "graph.npz").fingerprint == weighted().fingerprint
    _, conflicts = plain().to_scipy()
    sp.save_npz(tmp_path / "graph.npz", make(conflicts), compressed=compressed)
    assert read(tmp_path / "graph.npz").fingerprint == plain().fingerprint


def test_metis_and_edge_lists_of_networkit(tmp_path: Path) -> None:
    networkit = pytest.importorskip("networkit")
    path = str(tmp_path / "graph.metis")
    graph = networkit.Graph(7)
    for u, v in PAIRS:
        graph.addEdge(u, v)
    networkit.writeGraph(graph, path, networkit.Format.METIS)
    assert read(path).fingerprint == plain().fingerprint
    write(plain(), path)
    found = networkit.readGraph(path, networkit.Format.METIS)
    assert sorted(map(tuple, map(sorted, found.iterEdges()))) == sorted(PAIRS)
    path = str(tmp_path / "graph.edges")
    networkit.writeGraph(graph, path, networkit.Format.EdgeListSpaceZero)
    assert read(path).fingerprint == plain().fingerprint
    networkit.writeGraph(graph, path, networkit.Format.EdgeListTabOne)
    assert read(path).fingerprint == plain().fingerprint
    for name, kind in (("graphml", "GraphML"), ("gml", "GML")):
        path = str(tmp_path / f"graph.{name}")
        networkit.writeGraph(graph, path, getattr(networkit.Format, kind))
        assert read(path).fingerprint == plain().fingerprint
