"""Where the nodes of a network go.

Distances along the graph give a first layout, springs refine it. The springs of networkx take
minutes at 2,000 nodes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

__all__ = ["circle", "springs"]

_PIVOTS = 40
_STEPS = 50
_GAP = 3.0

Places = NDArray[np.float64]


def circle(classes: NDArray[np.int64], order: NDArray[np.int64]) -> Places:
    """Set nodes on the unit circle in an order, with a gap where the class changes.

    Parameters
    ----------
    classes : ndarray of int64, shape (nodes,)
        The class of each node, from 0.
    order : ndarray of int64, shape (nodes,)
        The nodes, class by class.

    Returns
    -------
    ndarray of float64, shape (nodes, 2)
    """
    count = int(classes.max(initial=0)) + 1
    gap = min(_GAP, 0.35 * len(order) / count) if count > 1 else 0.0
    at = np.arange(len(order)) + gap * classes[order]
    angles = np.pi / 2 - 2 * np.pi * at / max(len(order) + gap * count, 1)
    places = np.empty((len(order), 2))
    places[order] = np.column_stack([np.cos(angles), np.sin(angles)])
    return places


def springs(count: int, edges: NDArray[np.int32]) -> Places:
    """Lay a graph out by springs, part by connected part; the parts stand in rows, largest first.

    Parameters
    ----------
    count : int
        Nodes.
    edges : ndarray of int, shape (edges, 2)

    Returns
    -------
    ndarray of float64, shape (nodes, 2)

    Notes
    -----
    Takes ``O(nodes ** 2)`` time and memory a step.
    """
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, part_of = connected_components(graph, directed=False)
    parts = [np.flatnonzero(part_of == part) for part in range(part_of.max(initial=-1) + 1)]
    parts.sort(key=lambda nodes: -len(nodes))
    places = np.zeros((count, 2))
    number = np.empty(count, dtype=np.int64)
    widest, x, y, height = 1.3 * count**0.5, 0.0, 0.0, 0.0
    for nodes in parts:
        side = len(nodes) ** 0.5
        if x and x + side > widest:
            x, y, height = 0.0, y - height, 0.0
        number[nodes] = np.arange(len(nodes))
        own = number[edges[part_of[edges[:, 0]] == part_of[nodes[0]]]]
        places[nodes] = 0.9 * side * _one_part(len(nodes), own) + (x, y - side)
        x, height = x + side, max(height, side)
    return places


def _one_part(count: int, edges: NDArray[np.int64]) -> Places:
    """Lay one connected part out in the unit square."""
    if count == 1:
        return np.full((1, 2), 0.5)
    places = _refined(_by_distances(count, edges), edges)
    low, high = places.min(axis=0), places.max(axis=0)
    return np.asarray((places - low) / max(float((high - low).max()), 1e-12))


def _by_distances(count: int, edges: NDArray[np.int64]) -> Places:
    """Classical scaling of distances from pivots (Brandes & Pich, 2007), to a unit spread."""
    ones = np.ones(len(edges))
    graph = coo_array((ones, (edges[:, 0], edges[:, 1])), shape=(count, count)).tocsr()
    away = np.full(count, np.inf)
    columns = []
    pivot = 0
    for _ in range(min(_PIVOTS, count)):
        columns.append(dijkstra(graph, directed=False, indices=pivot, unweighted=True))
        away = np.minimum(away, columns[-1])
        pivot = int(away.argmax())
    squares = np.square(np.array(columns).T)
    centered = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    left, scale, _ = np.linalg.svd(centered, full_matrices=False)
    places = np.zeros((count, 2))
    found = left[:, :2] * scale[:2] / max(float(scale[0]), 1e-12)
    # A singular vector may point either way; this one points the same way on any machine.
    found *= np.where(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])] < 0, -1, 1)
    places[:, : found.shape[1]] = found * count**0.5
    # Nodes at the same distances from all pivots would stay on one spot.
    return places + 1e-2 * np.random.default_rng(0).standard_normal(places.shape)


def _refined(places: Places, edges: NDArray[np.int64]) -> Places:
    """Let edges pull and all pairs push, in steps that get smaller (Fruchterman & Reingold, 1991).

    The unit of length is the space that a node has.
    """
    count = len(places)
    spread = count**0.5
    places = places * (0.5 * spread / max(float(places.std()), 1e-12))
    for step in np.linspace(0.1 * spread, 0.01, _STEPS):
        near = places.astype(np.float32)  # half the memory, through which all of this goes
        square = np.square(near).sum(axis=1)
        push = near @ (-2 * near.T)
        push += square[:, None]
        push += square
        np.maximum(push, 1e-3, out=push)
        np.reciprocal(push, out=push)
        np.fill_diagonal(push, 0.0)
        force = places * push.sum(axis=1)[:, None] - push @ near
        ends = places[edges[:, 0]] - places[edges[:, 1]]
        lengths = np.sqrt(np.square(ends).sum(axis=1))
        for axis in (0, 1):
            pull = lengths * ends[:, axis]
            force[:, axis] -= np.bincount(edges[:, 0], pull, count)
            force[:, axis] += np.bincount(edges[:, 1], pull, count)
        size = np.sqrt(np.square(force).sum(axis=1, keepdims=True))
        places = places + force * np.minimum(step / np.maximum(size, 1e-12), 1.0)
    return places
