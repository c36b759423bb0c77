"""How fast files become graphs: geocolor beside networkx and igraph, on the same files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.io import FORMATS, Limits, Meaning, read, write
from geocolor.io.source import open_source

__all__ = ["CASES", "Case", "Speed", "measure", "table"]

Peer = Callable[[str], Any]


def _igraph(method: str, **options: Any) -> Peer:
    def load(path: str) -> Any:
        import igraph

        return getattr(igraph.Graph, method)(path, **options)

    return load


def _weighted_table(path: str) -> Any:
    # The header stands in a line of its own, which is to be passed over.
    return nx.read_edgelist(path, comments="source", delimiter=",", data=[("weight", float)])


def _node_link(path: str) -> Any:
    return nx.node_link_graph(json.loads(Path(path).read_text()), edges="edges")


@dataclass(frozen=True)
class Case:
    """A file to read.

    Attributes
    ----------
    title : str
        What is in it, for people.
    file : str
        Its name; what stands before the point says which graph is in it.
    format : str
        A name in :data:`geocolor.io.FORMATS`.
    peers : mapping of str to callable
        Who else reads it: from a path to a graph of their own.
    """

    title: str
    file: str
    format: str
    peers: Mapping[str, Peer] = field(default_factory=dict)


_LISTS: dict[str, Peer] = {
    "networkx": nx.read_weighted_edgelist,
    "igraph": _igraph("Read_Ncol", directed=False),
}
CASES: tuple[Case, ...] = (
    Case("DIMACS", "conflicts.col", "dimacs"),
    Case(
        "edge list, conflicts",
        "conflicts.edges",
        "edges",
        {"networkx": nx.read_edgelist, "igraph": _igraph("Read_Edgelist", directed=False)},
    ),
    Case("edge list, weights of three decimals", "decimals.edges", "edges", _LISTS),
    Case("edge list, weights of 16 digits", "doubles.edges", "edges", _LISTS),
    # Lines of one name stop igraph.
    Case(
        "edge list, named nodes",
        "named.edges",
        "edges",
        {"networkx": lambda path: nx.read_edgelist(path, data=[("weight", float)])},
    ),
    Case("CSV, conflicts", "conflicts.csv", "csv"),
    Case("CSV, weights", "decimals.csv", "csv", {"networkx": _weighted_table}),
    Case("METIS, conflicts", "conflicts.graph", "metis"),
    Case("METIS, weights", "whole.graph", "metis"),
    Case("Matrix Market, conflicts", "conflicts.mtx", "mtx"),
    Case("Matrix Market, weights", "decimals.mtx", "mtx"),
    Case("PACE", "conflicts.gr", "pace"),
    Case(
        "Pajek",
        "named.net",
        "pajek",
        {"networkx": nx.read_pajek, "igraph": _igraph("Read_Pajek")},
    ),
    Case(
        "GraphML",
        "named.graphml",
        "graphml",
        {"networkx": nx.read_graphml, "igraph": _igraph("Read_GraphML")},
    ),
    Case("GEXF", "named.gexf", "gexf", {"networkx": nx.read_gexf}),
    Case(
        "GML",
        "named.gml",
        "gml",
        {"networkx": nx.read_gml, "igraph": _igraph("Read_GML")},
    ),
    Case("node-link JSON", "named.json", "node-link", {"networkx": _node_link}),
    Case("geocolor JSON", "named.json", "native"),
)


@dataclass(frozen=True)
class Speed:
    """How fast a file was read.

    Attributes
    ----------
    title : str
        What is in it.
    megabytes : float
        Its size, in units of 10^6 bytes.
    rates : dict of str to float
        Megabytes in a second of processor time: ``listed`` up to what the file lists, ``graph``
        with the graph built, and each peer by its name.
    """

    title: str
    megabytes: float
    rates: dict[str, float]


def measure(
    cases: Iterable[Case], folder: Path, *, nodes: int, edges: int, repeats: int
) -> Iterator[Speed]:
    """Write the file of each case and read it.

    Parameters
    ----------
    cases : iterable of Case
        A subset of :data:`CASES`.
    folder : Path
        Where files may be written; each is deleted when it was read.
    nodes, edges : int
        Size of the random graph; a path through all nodes joins its edges.
    repeats : int
        How often each reads; the best counts.

    Yields
    ------
    Speed
        Of one case after the other.

    Raises
    ------
    InputError
        A peer finds another number of nodes or edges, so that there is nothing to compare.
    """
    for case in cases:
        graph = _graph(case.file.partition(".")[0], nodes, edges)
        path = folder / case.file
        write(graph, path, format=case.format)
        yield _speed(case, path, graph, repeats)
        path.unlink()


def _speed(case: Case, path: Path, graph: ConflictGraph, repeats: int) -> Speed:
    megabytes = path.stat().st_size / 1e6

    def listed() -> None:
        with open_source(path, Limits()) as source:
            FORMATS[case.format].read(source, Meaning())

    readers: dict[str, Callable[[], object]] = {
        "listed": listed,
        "graph": partial(read, path, format=case.format),
    }
    for name, load in case.peers.items():
        _require_same(graph, load(str(path)), f"{name} in {case.file}")
        readers[name] = partial(load, str(path))
    rates = {name: megabytes / _seconds(reader, repeats) for name, reader in readers.items()}
    return Speed(case.title, megabytes, rates)


def _graph(kind: str, nodes: int, edges: int) -> ConflictGraph:
    """Make the graph that a file's name asks for."""
    rng = np.random.default_rng(0)
    # With a path in it no node is alone, for which igraph's lists have no line.
    path = np.stack([np.arange(nodes - 1), np.arange(1, nodes)], axis=1)
    pairs = np.concatenate([path, rng.integers(0, nodes, (edges, 2))])
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    if kind == "conflicts":
        return ConflictGraph.from_edges(nodes, conflicts=pairs)
    if kind == "whole":
        return ConflictGraph.from_edges(nodes, pairs, rng.integers(1, 100, len(pairs)))
    doubles = rng.normal(size=len(pairs))
    values = doubles if kind == "doubles" else np.round(doubles, 3)
    labels = [f"node_{node}" for node in range(nodes)] if kind == "named" else None
    return ConflictGraph.from_edges(nodes, pairs, values, labels=labels)


def _require_same(graph: ConflictGraph, found: Any, what: str) -> None:
    """Refuse a peer's graph of another size; both libraries count in their own words."""
    if isinstance(found, nx.Graph):
        sizes = (found.number_of_nodes(), found.number_of_edges())
    else:
        sizes = (found.vcount(), found.ecount())
    expected = (graph.num_nodes, graph.conflicts.num_edges + graph.weights.num_edges)
    if sizes != expected:
        raise InputError(f"{what}: {sizes} nodes and edges, not {expected}")


def _seconds(call: Callable[[], object], repeats: int) -> float:
    """Take the best of several, of the processor."""
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        call()
        taken.append(time.process_time() - started)
    return min(taken)


def table(speeds: Iterable[Speed]) -> str:
    """Put speeds in a table in Markdown."""
    columns = ("listed", "graph", "networkx", "igraph")
    lines = [f"| file | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for speed in speeds:
        cells = [f"{speed.rates[name]:.3g}" if name in speed.rates else "" for name in columns]
        lines.append(f"| {speed.title}, {speed.megabytes:.1f} MB | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
