"""Imaginary models: what sharing their layers costs."""

from __future__ import annotations

import math

import numpy as np

from geocolor.arguments import checked_number, checked_whole
from geocolor.errors import InputError
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators.edges import pair_of, require_edges
from geocolor.graph.generators.stream import below, stream_of, uniform

__all__ = ["layers"]

# Steps that a weight of 1 has.
_STEPS = 1e6
_MOST_GAIN = 1e6


def layers(
    depth: int,
    seed: int = 0,
    *,
    clusters: int = 4,
    spread: float = 0.35,
    conflict_share: float = 0.15,
    gain: float = 0.0,
) -> ConflictGraph:
    """Layers of an imaginary model: clustered costs of sharing, and some hard conflicts.

    Each layer is a point near the center of its cluster, and drifts with depth; a pair costs the
    squared distance of its points times the geometric mean of their sensitivities. The pairs
    whose cost, disturbed, is largest are hard conflicts: a trust region that knows the cost only
    roughly.

    Parameters
    ----------
    depth : int
        Layers.
    seed : int
        The same seed gives the same graph, everywhere and always.
    clusters : int
        Centers the layers gather around, at random.
    spread : float
        Size of a cluster, relative to the distance between clusters.
    conflict_share : float
        Share of pairs that must not share, 0 to 1.
    gain : float
        What a pair saves by sharing, taken off its cost: cheap pairs attract.

    Returns
    -------
    ConflictGraph
        All pairs weighted, positively without a gain, in multiples of 1e-6; labels ``layer.0`` and
        so on.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many pairs.

    Examples
    --------
    >>> layers(12, seed=0)
    ConflictGraph(num_nodes=12, conflicts=10, weights=66)
    """
    depth = checked_whole("number of layers", depth)
    clusters = checked_whole("number of clusters", clusters)
    spread, gain = checked_number("spread", spread), checked_number("gain", gain)
    conflict_share = checked_number("share of conflicts", conflict_share)
    if depth < 0 or clusters < 1 or not 0.0 <= conflict_share <= 1.0:
        raise InputError(
            "depth must not be negative, clusters at least 1 and conflict_share between 0 and 1: "
            f"depth={depth}, clusters={clusters}, conflict_share={conflict_share}"
        )
    if not 0.0 <= spread < math.inf:
        raise InputError(f"spread must be finite and not negative, not {spread}")
    total = depth * (depth - 1) // 2
    if not 0.0 <= gain <= _MOST_GAIN:
        raise InputError(f"the gain must be between 0 and {_MOST_GAIN:g}, not {gain}")
    require_edges(total, f"a graph of {depth} layers")
    stream = stream_of(seed)
    centers = [uniform(stream, clusters) for _ in range(3)]
    member = below(uniform(stream, depth), clusters)
    drift = np.arange(depth) / max(depth, 1)
    sensitivity = 0.25 + uniform(stream, depth)
    pairs = pair_of(np.arange(total), depth)
    u, v = pairs[:, 0], pairs[:, 1]
    squared = 0.25 * (drift[u] - drift[v]) ** 2
    for center in centers:
        coordinate = center[member] + spread * (uniform(stream, depth) - 0.5)
        squared = squared + (coordinate[u] - coordinate[v]) ** 2
    # Only + - * / and sqrt: the other functions round differently from machine to machine.
    cost = squared * np.sqrt(sensitivity[u] * sensitivity[v])
    steps = np.floor(cost * _STEPS) + 1.0
    rough = steps / _STEPS * (0.5 + uniform(stream, total))
    count = math.floor(conflict_share * total + 0.5)
    forbidden = np.argsort(-rough, kind="stable")[:count]
    return ConflictGraph.from_edges(
        depth,
        pairs,
        (steps - math.floor(gain * _STEPS + 0.5)) / _STEPS,
        conflicts=pairs[forbidden],
        labels=[f"layer.{i}" for i in range(depth)],
    )
