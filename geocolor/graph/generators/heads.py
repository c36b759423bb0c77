"""Imaginary attention heads: what two on one basis cost more than each by itself."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from geocolor.arguments import checked_whole
from geocolor.errors import InputError
from geocolor.graph.adjacency import Adjacency, frozen
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators.edges import pairs, require_edges
from geocolor.graph.generators.stream import stream_of, uniform

__all__ = ["heads"]

# A layer of SmolLM2-135M: three query heads read each key and value head.
_QUERIES, _KEYS = 9, 3
_A_LAYER = _QUERIES + 2 * _KEYS
_QUERY, _KEY, _VALUE = 0, 1, 2

# Weights are multiples of a billionth of a nat; what follows is in millionths.
_STEPS, _UNIT = 1e9, 1e3
# By role (query, key, value): what a head saves on a basis of its own, and how that varies.
_SAVINGS = np.array([120.0, 68.0, 115.0])
_SPREAD = np.array([13.0, 42.0, 5.0])
# Share that no basis pays for. Values in the first tenth of the layers are spared.
_DENSE = np.array([0.0, 0.2, 1.0])
_EARLY = 10
# What a basis shared with such a head costs more.
_STIFFNESS = 50.0
# By both roles: the cost of a basis shared by heads without affinity, and what affinity takes off
# within a layer; each layer apart leaves _DECAY of it, and heads that attend together have more.
_APART = np.array([[-1.0, 9.0, 68.0], [9.0, 8.0, 60.0], [68.0, 60.0, 90.0]])
_AFFINITY = np.array([[20.0, 19.0, 12.0], [19.0, 34.0, 15.0], [12.0, 15.0, 60.0]])
_TOGETHER = 1.7
_DECAY = 0.72
# How strongly heads differ in affinity, 0 to 1; and how costs vary by head, by layer and by pair.
_CONTRAST = 0.45
_BY_HEAD = np.array([6.0, 9.0, 8.0])
_BY_LAYER = 4.5
_BY_PAIR = 6.5


def heads(count: int, seed: int = 0, *, reach: int = 2) -> ConflictGraph:
    """Attention heads of an imaginary model: what pairs gain or lose by sharing a basis.

    Layers have 9 query heads, 3 key heads and 3 value heads, and three queries attend with one
    key and value. A head saves s_i by a basis of its own against being stored dense (nothing, if
    no basis pays for it), so that a pair costs ``min(s_i + s_j, b_ij)`` more than both by
    themselves: it becomes dense, or shares a basis. That costs
    ``b_ij = apart + t_i + t_j - affinity h_i h_j 0.72^d + noise``, where `apart` and `affinity`
    go by the roles of the two, d is the layers between them, h_i has a long tail and mean 1, and
    t_i varies by head and by layer. Heads further apart than `reach` are in hard conflict.

    The numbers are fitted to SmolLM2-135M at the price of keep 0.8 (450 heads in 30 layers,
    reach 2: ``smollm2_heads_keep0.8``). There 43% of priced pairs attract, weights have a median
    magnitude of 2.2e-5 nats, quartiles of -1.3e-5 and 8.0e-5, and 6% are zero. Of pairs of
    queries in one layer, in neighbouring and in next but one layers 91%, 83% and 76% attract; of
    queries with keys 61%, 47% and 40%; of keys 63%, 54% and 43%; values attract next to nothing.
    Two weights of a head have a correlation of 0.23, two heads that a third attracts attract each
    other in 87% of cases if they are priced, and 21% of heads are attracted by none.

    Parameters
    ----------
    count : int
        Heads; the last layer may be cut short.
    seed : int
        The same seed gives the same graph, everywhere and always.
    reach : int
        Layers that two heads may be apart.

    Returns
    -------
    ConflictGraph
        Weights in nats, in multiples of 1e-9, of which negative ones gain; labels ``layer.0.q.0``
        and so on.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many pairs: 10,000 heads are possible. Almost all are conflicts, so
        that files of more than some 5,000 heads are larger than what is read by default.

    Examples
    --------
    >>> heads(60, seed=0)
    ConflictGraph(num_nodes=60, conflicts=225, weights=1545)
    """
    count, reach = checked_whole("number of heads", count), checked_whole("reach", reach)
    if count < 0 or reach < 0:
        raise InputError(f"neither heads nor reach may be negative: {count}, {reach}")
    require_edges(count * (count - 1) // 2, f"a graph of {count} heads")
    place = np.arange(count)
    layer, within = place // _A_LAYER, place % _A_LAYER
    role = (within >= _QUERIES).astype(np.int64) + (within >= _QUERIES + _KEYS)
    number = np.where(role == _QUERY, within, (within - _QUERIES) % _KEYS)
    layers = -(-count // _A_LAYER)
    stream = stream_of(seed)
    dense = uniform(stream, count) < _DENSE[role]
    dense &= (role != _VALUE) | (_EARLY * layer >= layers)
    saved = np.maximum(_SAVINGS[role] + _SPREAD[role] * _bell(stream, count), 0.0)
    saved[dense] = 0.0
    cubed = uniform(stream, count)
    strength = 1.0 - _CONTRAST + _CONTRAST * 4.0 * (cubed * cubed * cubed)
    cost = _BY_HEAD[role] * _bell(stream, count)
    cost = cost + (_BY_LAYER * _bell(stream, layers))[layer]
    cost[dense] += _STIFFNESS

    last = np.minimum((layer + reach + 1) * _A_LAYER, count)
    u, v = _spans(place + 1, last)
    apart = layer[v] - layer[u]
    group = np.where(role == _QUERY, number * _KEYS // _QUERIES, number)
    together = (apart == 0) & (group[u] == group[v])
    affinity = _AFFINITY[role[u], role[v]] * _fading(min(reach, layers))[apart]
    affinity = affinity * np.where(together, _TOGETHER, 1.0) * (strength[u] * strength[v])
    shared = _APART[role[u], role[v]] + (cost[u] + cost[v]) - affinity
    shared = shared + _BY_PAIR * _bell(stream, len(u))
    weights = np.minimum(saved[u] + saved[v], shared)
    labels = [
        f"layer.{at}.{'qkv'[what]}.{which}"
        for at, what, which in zip(layer.tolist(), role.tolist(), number.tolist(), strict=True)
    ]
    graph = ConflictGraph.from_edges(
        count, pairs(u, v), np.floor(weights * _UNIT + 0.5) / _STEPS, labels=labels
    )
    return dataclasses.replace(graph, conflicts=_beyond(count, reach))


def _bell(stream: np.random.PCG64, count: int) -> NDArray[np.float64]:
    """Draw nearly normal numbers of mean 0 and variance 1, by arithmetic that is exact anywhere."""
    drawn = uniform(stream, 4, count)
    bell: NDArray[np.float64] = (drawn[0] + drawn[1] + drawn[2] + drawn[3] - 2.0) * np.sqrt(3.0)
    return bell


def _fading(reach: int) -> NDArray[np.float64]:
    """Share of affinity that is left, by layers apart; a power would be rounded by the machine."""
    left = [1.0]
    for _ in range(reach):
        left.append(left[-1] * _DECAY)
    return np.array(left)


def _spans(
    first: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of each head with those from its first to before its stop."""
    counts = stop - first
    tails = np.repeat(np.arange(len(first)), counts)
    start = np.cumsum(counts) - counts
    return tails, np.arange(len(tails)) - start[tails] + first[tails]


def _beyond(count: int, reach: int) -> Adjacency:
    """Conflicts of heads out of reach: one row a layer, so that millions need no sorting."""
    rows = [np.empty(0, dtype=np.int32)]
    indptr = np.zeros(count + 1, dtype=np.int64)
    everything = np.arange(count, dtype=np.int32)
    for start in range(0, count, _A_LAYER):
        stop = min(start + _A_LAYER, count)
        before = everything[: max(start - reach * _A_LAYER, 0)]
        row = np.concatenate([before, everything[start + (reach + 1) * _A_LAYER :]])
        rows.append(np.tile(row, stop - start))
        indptr[start + 1 : stop + 1] = len(row)
    return Adjacency(frozen(np.cumsum(indptr)), frozen(np.concatenate(rows)))
