"""How fast text becomes a graph, beside networkx and igraph: ``pytest -m bench -s tests/io``."""

import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from geocolor.graph import ConflictGraph
from geocolor.io import Limits, Meaning, read, write
from geocolor.io.formats import format_of
from geocolor.io.source import open_source

NODES, EDGES = 100_000, 500_000


def networkx_dimacs(path: Path) -> None:
    graph = nx.Graph()
    with path.open() as lines:
        graph.add_edges_from(line.split()[1:] for line in lines if line.startswith("e"))


def igraph_edges(path: Path) -> None:
    igraph = pytest.importorskip("igraph")
    igraph.Graph.Read_Edgelist(str(path), directed=False)


OTHERS: dict[str, Callable[[Path], object]] = {
    "conflicts.col": networkx_dimacs,
    "conflicts.edges": nx.read_edgelist,
    "igraph.edges": igraph_edges,
    "decimals.edges": nx.read_weighted_edgelist,
    "doubles.edges": nx.read_weighted_edgelist,
    "named.edges": nx.read_weighted_edgelist,
}


def graph_for(name: str) -> ConflictGraph:
    rng = np.random.default_rng(0)
    # With a path in it no node is alone, which igraph has no line for.
    path = np.stack([np.arange(NODES - 1), np.arange(1, NODES)], axis=1)
    pairs = np.concatenate([path, rng.integers(0, NODES, (EDGES, 2))])
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    doubles = rng.normal(size=len(pairs))
    values = {
        "decimals": np.round(doubles, 3),
        "doubles": doubles,
        "named": np.round(doubles, 3),
        "whole": rng.integers(1, 100, len(pairs)),
    }.get(name.split(".")[0])
    labels = [f"node_{node}" for node in range(NODES)] if name.startswith("named") else None
    return ConflictGraph.from_edges(NODES, pairs, values, labels=labels)


def seconds(call: Callable[[], object]) -> float:
    """Take the better of two, of the processor."""
    taken = []
    for _ in range(2):
        started = time.process_time()
        call()
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.bench
@pytest.mark.parametrize(
    "name",
    [
        "conflicts.col",
        "conflicts.edges",
        "igraph.edges",
        "decimals.edges",
        "doubles.edges",
        "named.edges",
        "conflicts.csv",
        "decimals.csv",
        "conflicts.graph",
        "whole.graph",
        "conflicts.mtx",
        "decimals.mtx",
        "conflicts.gr",
    ],
)
def test_speed(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    write(graph_for(name), path)
    size = path.stat().st_size / 1e6

    def parse() -> None:
        with open_source(path, Limits()) as source:
            format_of(path, source).read(source, Meaning())

    told = [f"{name:16} {size:5.1f} MB", f"parsed {size / seconds(parse):6.1f} MB/s"]
    told.append(f"graph {size / seconds(lambda: read(path)):6.1f} MB/s")
    if name in OTHERS:
        other = OTHERS[name]
        told.append(f"{other.__name__} {size / seconds(lambda: other(path)):.1f} MB/s")
    print("\n" + "  ".join(told))  # noqa: T201  the figures are what it is for
