"""Node sizes and the capacity of a class, read once and refused early where they cannot hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.arguments import checked_whole
from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.graph.adjacency import frozen
from geocolor.graph.arrays import as_array

__all__ = ["checked_capacity", "checked_sizes"]

# Sums up to this are exact wherever they are made.
_LARGEST = 1 << 53


def checked_capacity(capacity: Any) -> int:
    """Read a capacity.

    Raises
    ------
    InputError
        It is no positive whole number, or too large a one.
    """
    room = checked_whole("capacity", capacity)
    if not 1 <= room <= _LARGEST:
        raise InputError(f"the capacity must be from 1 to {_LARGEST}, not {room}")
    return room


def checked_sizes(
    graph: ConflictGraph, sizes: ArrayLike | None, capacity: int
) -> NDArray[np.int64]:
    """Read one size for each node; the graph's own where none are given.

    Raises
    ------
    InputError
        There are more or fewer than nodes; one is no positive whole number, or no class has room
        for its node.
    """
    given = _own(graph) if sizes is None else as_array(sizes, "sizes")
    if given.shape != (graph.num_nodes,):
        raise InputError(
            f"the graph has {graph.num_nodes} nodes, the sizes have shape {given.shape}: give one "
            "size for each node, in node order"
        )
    if given.size and given.dtype.kind not in "iu":
        raise InputError(
            f"sizes must be whole numbers, not {given.dtype}: scale and round them first"
        )
    small = np.flatnonzero(given < 1)
    if small.size:
        node = int(small[0])
        raise InputError(
            f"node {graph.label(node)} has the size {given[node]}; sizes are whole numbers from 1"
        )
    large = np.flatnonzero(given > capacity)
    if large.size:
        node = int(large[0])
        raise InputError(
            f"node {graph.label(node)} has the size {given[node]}, and no class holds more than "
            f"{capacity}: raise the capacity, or divide the node"
        )
    if sum(given.tolist()) > _LARGEST:
        raise InputError(f"the sizes add up to more than {_LARGEST}: divide them all")
    return frozen(given.astype(np.int64))


def _own(graph: ConflictGraph) -> NDArray[np.int64]:
    """Take the sizes of a graph's nodes, if they are whole."""
    broken = np.flatnonzero((graph.sizes != np.floor(graph.sizes)) | (graph.sizes > _LARGEST))
    if broken.size:
        node = int(broken[0])
        raise InputError(
            f"node {graph.label(node)} has the size {graph.sizes[node]:g} in the graph, and sizes "
            "for a capacity are whole numbers: give sizes of their own, scaled and rounded"
        )
    return graph.sizes.astype(np.int64)
