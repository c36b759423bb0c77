"""What is known of a graph without any of our solvers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from geocolor.graph import ConflictGraph


@pytest.fixture
def as_networkx() -> Callable[[ConflictGraph], Any]:
    import networkx as nx

    def convert(graph: ConflictGraph) -> Any:
        out: nx.Graph[int] = nx.empty_graph(graph.num_nodes)
        out.add_edges_from(graph.conflicts.edges().tolist())
        return out

    return convert


@pytest.fixture
def chromatic_number() -> Callable[[ConflictGraph], int]:
    """Search over all colorings, the node with the fewest colors left first."""

    def is_colorable(graph: ConflictGraph, k: int) -> bool:
        near: list[set[int]] = [set() for _ in range(graph.num_nodes)]
        for u, v in graph.conflicts.edges().tolist():
            near[u].add(v)
            near[v].add(u)
        colors: dict[int, int] = {}

        def extend() -> bool:
            if len(colors) == graph.num_nodes:
                return True
            forbidden = {
                node: {colors[v] for v in near[node] if v in colors}
                for node in range(graph.num_nodes)
                if node not in colors
            }
            node = max(forbidden, key=lambda v: (len(forbidden[v]), len(near[v])))
            new = max(colors.values(), default=-1) + 1  # all new colors are alike
            for color in range(min(new + 1, k)):
                if color not in forbidden[node]:
                    colors[node] = color
                    if extend():
                        return True
                    del colors[node]
            return False

        return extend()

    def search(graph: ConflictGraph) -> int:
        return next(k for k in range(graph.num_nodes + 1) if is_colorable(graph, k))

    return search
