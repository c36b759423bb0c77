"""Lower bounds beyond cliques: generalised Mycielskians inside a graph.

Take a subgraph that needs k colors. A node sees for a member v, as a copy of it, what v sees in
the subgraph, if it is adjacent to all neighbors that v has there; v is a copy of itself. If some
node, the apex, is adjacent to a copy of every member, then subgraph, copies and apex together
need k + 1 colors: in a coloring with k, give every member that has the apex's color the color of
its copy, and the subgraph is properly colored without the apex's color.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds.clique import Clique
from geocolor.bounds.mycielskian_kernels import (
    bit_rows,
    choose_copies,
    greedy_clique,
    keep_apexes,
)
from geocolor.errors import InputError, SolverError
from geocolor.graph import Adjacency

__all__ = ["MycielskianBound", "MycielskianLevel", "mycielskian_bound"]

# More nodes would need more than 32 MiB of bitsets.
_MOST_NODES = 16_384
# Words of bitset work in one kernel call: some 20 ms.
_CHUNK = 20_000_000
# Work that a level costs in any case, and for every edge of its subgraph.
_PER_LEVEL, _PER_EDGE = 100_000, 50
# Apexes tried at each level. More of them and fewer starts find less in the same time.
_WIDTH = 8
# How far ranks stray from degrees, one start after the other.
_NOISE = (0.03, 0.3)


@dataclass(frozen=True, eq=False)
class MycielskianLevel:
    """A step that adds one color.

    Attributes
    ----------
    members : ndarray of int64
        All nodes of the subgraph below, ascending.
    copies : ndarray of int64, the shape of `members`
        For each, a node adjacent to all its neighbors in that subgraph, and to the apex.
    apex : int
        A node adjacent to all copies.
    """

    members: NDArray[np.int64]
    copies: NDArray[np.int64]
    apex: int


@dataclass(frozen=True, eq=False)
class MycielskianBound:
    """A subgraph that needs `bound` colors, and how it is made from a clique.

    Attributes
    ----------
    clique : ndarray of int64
        The subgraph to begin with, ascending.
    levels : tuple of MycielskianLevel
        What is added to it, step by step.
    """

    clique: NDArray[np.int64]
    levels: tuple[MycielskianLevel, ...]

    @property
    def bound(self) -> int:
        """Colors needed: one for each node of the clique, one for each level."""
        return len(self.clique) + len(self.levels)

    def renumbered(self, nodes: NDArray[np.int64]) -> MycielskianBound:
        """Carry a bound of an induced subgraph to its graph, where `nodes` are its nodes."""
        levels = (
            MycielskianLevel(nodes[level.members], nodes[level.copies], int(nodes[level.apex]))
            for level in self.levels
        )
        return MycielskianBound(nodes[self.clique], tuple(levels))

    def verify(self, adjacency: Adjacency) -> bool:
        """Go through the proof with nothing but the graph: every edge it needs must be there.

        O(degrees of its nodes + levels times edges of the largest subgraph).
        """
        everyone = range(adjacency.num_nodes)

        @cache
        def near(u: int) -> set[int]:
            return set(adjacency.neighbors(u).tolist())

        clique = set(self.clique.tolist())
        # The subgraph has only the edges that the proof makes use of.
        subgraph = {u: clique - {u} for u in clique}
        if len(clique) != len(self.clique) or not all(u in everyone for u in clique):
            return False
        if any(not seen <= near(u) for u, seen in subgraph.items()):
            return False
        for level in self.levels:
            if not len(subgraph) == len(level.members) == len(level.copies):
                return False
            copies = dict(zip(level.members.tolist(), level.copies.tolist(), strict=True))
            if copies.keys() != subgraph.keys():
                return False
            if not all(u in everyone for u in (level.apex, *copies.values())):
                return False
            larger = {u: set(seen) for u, seen in subgraph.items()}
            for v, copy in copies.items():
                needed = subgraph[v] | {level.apex}
                if not needed <= near(copy):
                    return False
                for u in needed:
                    larger.setdefault(copy, set()).add(u)
                    larger.setdefault(u, set()).add(copy)
            larger.setdefault(level.apex, set())
            subgraph = larger
        return True


def mycielskian_bound(
    adjacency: Adjacency,
    clique: Clique,
    *,
    seed: int = 0,
    max_work: int = 300_000_000,
    deadline: float = float("inf"),
    enough: int | None = None,
) -> MycielskianBound:
    """Grow a clique level by level into a subgraph that needs more colors.

    Hebrard and Katsirelos, "Constraint and satisfiability reasoning for graph coloring", J.
    Artif. Intell. Res. 69 (2020). Where they take any apex, this one takes among a few the one
    that leaves most apexes to the next level; and it begins again and again, from `clique` and from
    other maximal cliques, smaller ones too. It finds more in a graph without dominated nodes.

    Parameters
    ----------
    adjacency : Adjacency
        The graph; values play no part. With more than 16,384 nodes it is not searched, and
        `clique` is the answer.
    clique : Clique
        A clique of it, best a large one.
    seed : int
        Of the choice of starts, and of ties.
    max_work : int
        Budget in bitset words touched, or what takes as long (some 10^9 a second). The result
        depends on the seed and this budget only, unless `deadline` strikes first.
    deadline : float
        ``time.monotonic()`` at which to return what there is.
    enough : int, optional
        Return as soon as the bound is this high.

    Returns
    -------
    MycielskianBound
        At least as high as `clique` is large, and verified.

    Raises
    ------
    InputError
        `clique` is none of this graph.
    SolverError
        The proof does not hold: a bug of this search.

    Examples
    --------
    >>> from geocolor.bounds import find_clique
    >>> from geocolor.graph import mycielski
    >>> graph = mycielski(4).conflicts
    >>> mycielskian_bound(graph, find_clique(graph), enough=5).bound
    5
    """
    best = MycielskianBound(clique.nodes, ())
    if not best.verify(adjacency):
        raise InputError("the nodes given as a clique are not all adjacent to each other")
    count = adjacency.num_nodes
    target = count if enough is None else min(enough, count)
    if not 0 < count <= _MOST_NODES:
        return best
    search = _Search(adjacency, max_work, deadline)
    rng = np.random.default_rng(seed)
    degrees = adjacency.degrees.astype(np.float64)
    attempt = 0
    while best.bound < target and not search.over():
        # Who sees most can stand for most, so high degrees come first, but not always the same.
        noise = _NOISE[attempt // 3 % len(_NOISE)]
        preference = degrees * np.exp(noise * rng.standard_normal(count))
        rank = np.empty(count, dtype=np.int32)
        rank[np.argsort(-preference, kind="stable")] = np.arange(count)
        if attempt % 3 == 0:
            start = clique.nodes
        else:
            first = rng.integers(count) if attempt % 3 == 2 else np.argmin(rank)
            start = search.maximal_clique(int(first), rank)
        found = search.climb(start, rank, target)
        if found.bound > best.bound:
            best = found
        attempt += 1
    if not best.verify(adjacency):
        raise SolverError("a Mycielskian bound does not follow from its graph")
    return best


@dataclass(frozen=True, eq=False)
class _Subgraph:
    """Members, ascending, and the edges between them that the proof needs."""

    members: NDArray[np.int64]
    edges: Adjacency

    @classmethod
    def complete(cls, members: NDArray[np.int64], count: int) -> _Subgraph:
        i, j = np.triu_indices(len(members), 1)
        return cls(members, Adjacency.from_edges(count, np.stack([members[i], members[j]], axis=1)))

    def raised(self, level: MycielskianLevel) -> _Subgraph:
        """Add the copies, which see what their members see, and the apex, which sees them."""
        count = self.edges.num_nodes
        copy_of = np.empty(count, dtype=np.int64)
        copy_of[level.members] = level.copies
        edges = self.edges.edges().astype(np.int64)
        u, v = edges.T
        ends = [
            edges,
            np.stack([copy_of[u], v], axis=1),
            np.stack([u, copy_of[v]], axis=1),
            np.stack([level.copies, np.full(len(level.copies), level.apex)], axis=1),
        ]
        members = np.unique(np.concatenate([level.members, level.copies, [level.apex]]))
        return _Subgraph(members, Adjacency.from_edges(count, np.concatenate(ends)))


class _Search:
    """The graph as bitsets, and a budget."""

    def __init__(self, adjacency: Adjacency, max_work: int, deadline: float) -> None:
        self.count = adjacency.num_nodes
        self.rows = bit_rows(adjacency.indptr, adjacency.indices)
        self.everything = self._bits(np.arange(self.count))
        self.left = max_work
        self.deadline = deadline

    def over(self) -> bool:
        """Whether work or time has run out."""
        return self.left <= 0 or time.monotonic() >= self.deadline

    def maximal_clique(self, first: int, rank: NDArray[np.int32]) -> NDArray[np.int64]:
        """Grow a clique from `first`, by least rank."""
        nodes, used = greedy_clique(self.rows, first, rank)
        self.left -= used
        return np.sort(nodes.astype(np.int64))

    def climb(
        self, start: NDArray[np.int64], rank: NDArray[np.int32], target: int
    ) -> MycielskianBound:
        """Add levels to the clique `start`, until none is found or `target` is reached."""
        levels: list[MycielskianLevel] = []
        subgraph = _Subgraph.complete(start, self.count)
        apexes = self._apexes(subgraph)
        while len(apexes) and len(start) + len(levels) < target:
            chosen = None
            for apex in apexes[np.argsort(rank[apexes])][:_WIDTH]:
                level = self._level(subgraph, int(apex), rank)
                if level is None:
                    break
                raised = subgraph.raised(level)
                onward = self._apexes(raised)
                if chosen is None or len(onward) > len(chosen[2]):
                    chosen = level, raised, onward
            if chosen is None:
                break
            level, subgraph, apexes = chosen
            levels.append(level)
        return MycielskianBound(start, tuple(levels))

    def _apexes(self, subgraph: _Subgraph) -> NDArray[np.int64]:
        """Give all nodes that may be the apex of the next level; none if the budget ends."""
        self.left -= _PER_LEVEL + _PER_EDGE * subgraph.edges.num_edges
        apexes = self.everything.copy()
        position = 0
        while position < len(subgraph.members):
            if self.over():
                return np.empty(0, dtype=np.int64)
            position, used = keep_apexes(
                self.rows,
                subgraph.edges.indptr,
                subgraph.edges.indices,
                subgraph.members,
                self.everything,
                apexes,
                position,
                _CHUNK,
            )
            self.left -= used
        return np.flatnonzero(
            np.unpackbits(apexes.astype("<u8").view(np.uint8), bitorder="little")[: self.count]
        )

    def _level(
        self, subgraph: _Subgraph, apex: int, rank: NDArray[np.int32]
    ) -> MycielskianLevel | None:
        """Choose copies of all members for `apex`; None if the budget ends."""
        # A node that is there already costs less than a new one.
        preferred = self._bits(subgraph.members)
        copies = np.empty(len(subgraph.members), dtype=np.int64)
        position = 0
        while position < len(copies):
            if self.over():
                return None
            position, used = choose_copies(
                self.rows,
                subgraph.edges.indptr,
                subgraph.edges.indices,
                subgraph.members,
                preferred,
                rank,
                apex,
                copies,
                position,
                _CHUNK,
            )
            self.left -= used
        return MycielskianLevel(subgraph.members, copies, apex)

    def _bits(self, nodes: NDArray[np.int64]) -> NDArray[np.uint64]:
        bits = np.zeros(64 * self.rows.shape[1], dtype=np.uint8)
        bits[nodes] = 1
        return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)
