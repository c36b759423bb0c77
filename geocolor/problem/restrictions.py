"""Colors that a user has fixed or allowed, read once and refused early where they cannot hold."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.arrays import as_array

__all__ = ["Allowed", "Fixed", "allowed_colors", "fixed_colors", "require_allowed"]

# Nodes by number, or by label where the graph has labels.
Fixed = Mapping[int, int] | Mapping[str, int] | ArrayLike
Allowed = Mapping[int, Collection[int]] | Mapping[str, Collection[int]]

# Colors are stored as int32.
_LARGEST = (1 << 31) - 1
# Colors in all lists together: they take 0.7 GB.
_MOST_LISTED = 10_000_000


def fixed_colors(
    graph: ConflictGraph, fixed: Fixed | None, k: int | None
) -> Mapping[int, int] | None:
    """Read fixed colors as a mapping of node numbers; None if no node is fixed.

    Raises
    ------
    InputError
        There is no such node or color, or two neighbors have the same one.
    """
    if fixed is None:
        return None
    if not isinstance(fixed, Mapping):
        given = as_array(fixed, "fixed")
        if given.shape != (graph.num_nodes,) or (given.size and given.dtype.kind not in "iu"):
            raise InputError(
                f"fixed must map nodes to colors, or be {graph.num_nodes} integers, -1 where a "
                f"node is free; not {given.dtype} of shape {given.shape}"
            )
        fixed = {node: int(given[node]) for node in np.flatnonzero(given != -1).tolist()}
    found = {
        node: _color(color, k, f"node {graph.label(node)} is fixed to")
        for node, color in _by_number(graph, fixed, "fixed").items()
    }
    if not found:
        return None
    colors = np.full(graph.num_nodes, -1, dtype=np.int64)
    colors[list(found)] = list(found.values())
    edges = graph.conflicts.edges()
    broken = np.flatnonzero(
        (colors[edges[:, 0]] == colors[edges[:, 1]]) & (colors[edges[:, 0]] >= 0)
    )
    if broken.size:
        u, v = edges[broken[0]].tolist()
        raise InputError(
            f"nodes {graph.label(u)} and {graph.label(v)} conflict and are both fixed to color "
            f"{colors[u]}"
        )
    return MappingProxyType(found)


def allowed_colors(
    graph: ConflictGraph, allowed: Allowed | None, k: int | None
) -> Mapping[int, frozenset[int]] | None:
    """Read lists of allowed colors as a mapping of node numbers; None if no node has a list.

    Raises
    ------
    InputError
        There is no such node or color, or a list is empty.
    LimitError
        The lists together are too long.
    """
    if allowed is None:
        return None
    if not isinstance(allowed, Mapping):
        raise InputError("allowed must map nodes to their lists of colors")
    found, room = {}, _MOST_LISTED
    for node, colors in _by_number(graph, allowed, "allowed").items():
        name = graph.label(node)
        if isinstance(colors, str | bytes) or not isinstance(colors, Collection):
            raise InputError(f"node {name} needs a list of colors, not {colors!r}")
        room -= _length(colors, name)
        if room < 0:
            raise LimitError(
                f"the lists of colors up to that of node {name} have more than {_MOST_LISTED:,} "
                "entries: leave out those that are allowed any color"
            )
        found[node] = frozenset(_color(color, k, f"node {name} is allowed") for color in colors)
        if not found[node]:
            raise InputError(f"node {name} has an empty list: no color is allowed")
    return MappingProxyType(found) if found else None


def require_allowed(
    graph: ConflictGraph, fixed: Mapping[int, int], allowed: Mapping[int, frozenset[int]]
) -> None:
    """Refuse a fixed color that is not in the list of its node.

    Raises
    ------
    InputError
        There is one.
    """
    for node, color in fixed.items():
        if node in allowed and color not in allowed[node]:
            raise InputError(
                f"node {graph.label(node)} is fixed to color {color}, which is not in its list"
            )


def _by_number(graph: ConflictGraph, given: Mapping[Any, Any], name: str) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for key, value in given.items():
        node = graph.node(key) if isinstance(key, str) else key
        if isinstance(node, bool) or not isinstance(node, int | np.integer):
            raise InputError(f"{name} names the node {key!r}; give its number or its label")
        if not 0 <= node < graph.num_nodes:
            raise InputError(
                f"{name} names node {node}, outside the nodes 0 to {graph.num_nodes - 1}"
            )
        if int(node) in found:
            raise InputError(f"{name} names node {graph.label(int(node))} twice")
        found[int(node)] = value
    return found


def _length(colors: Collection[int], name: str) -> int:
    try:
        return len(colors)
    except OverflowError:  # a range
        return sys.maxsize
    except TypeError as error:  # an array of no dimension
        raise InputError(f"node {name} needs a list of colors, not {colors!r}") from error


def _color(color: Any, k: int | None, said: str) -> int:
    if isinstance(color, bool) or not isinstance(color, int | np.integer):
        raise InputError(f"{said} {color!r}; colors are whole numbers from 0")
    if not 0 <= color <= _LARGEST:
        raise InputError(f"{said} color {color}; colors are whole numbers from 0 to {_LARGEST}")
    if k is not None and color >= k:
        raise InputError(f"{said} color {color}; {k} classes have the colors 0 to {k - 1}")
    return int(color)
