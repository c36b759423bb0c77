"""Colorings with as many classes as a clique has nodes, from stable sets and their images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique
from geocolor.graph import Adjacency
from geocolor.graph.bits import pack_rows, unpack_rows
from geocolor.solvers.budget import Budget
from geocolor.solvers.kernels.transversals import disjoint_chunk, transversals_chunk
from geocolor.solvers.orbits.rotations import Rotation
from geocolor.solvers.stable_sets.heavy import HeavySets

__all__ = ["CliqueCovers"]

# Nodes, cliques and stable sets at most, and entries of the lists of sets.
_NODES, _CLIQUES, _SETS, _ENTRIES = 1 << 11, 1 << 10, 1 << 20, 1 << 26
# After this part of its sets a list is given up that seems to become twice too long.
_SAMPLE = 16
# Words of bitsets, and sets, to look at in one kernel call: some 20 ms.
_WORDS, _CHUNK = 10_000_000, 5_000_000
# Sets that a first attempt looks at, and the longest, each twice as long as the one before.
_ATTEMPT, _LONGEST = 1 << 27, 1 << 33


class CliqueCovers:
    """Colorings that a symmetry rotates, with as many classes as the largest clique has nodes.

    In such a coloring each class has a node of every such clique. Where these cliques hold all
    nodes, few stable sets do that, so that all can be listed; and where a symmetry takes each class
    to another one, the classes are sets and their images that hold every node once. Vasquez, "New
    results on the queens_n2 graph coloring problem", J. Heuristics 10 (2004), colors boards so.

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts.
    clique : Clique
        One that no coloring can have fewer classes than nodes of.
    """

    def __init__(self, adjacency: Adjacency, clique: Clique) -> None:
        self._adjacency = adjacency
        self._size = len(clique)

    def find(self, rotations: list[Rotation], budget: Budget) -> NDArray[np.int32] | None:
        """Look for a coloring that one of the symmetries rotates.

        Parameters
        ----------
        rotations : list of Rotation
            Symmetries of the graph.
        budget : Budget
            Sets looked at are its iterations.

        Returns
        -------
        ndarray of int32, shape (num_nodes,), or None
            The coloring.
        """
        rotations = [each for each in rotations if self._size % each.order == 0]
        if not rotations or self._adjacency.num_nodes > _NODES:
            return None
        cliques = self._cliques(budget)
        if not len(cliques) or not cliques.any(axis=0).all():
            return None
        covers: list[_Cover] = []
        # A list takes longer than a first attempt, which is often enough.
        for rotation in rotations:
            cover = self._listed(rotation, cliques, budget)
            if cover is None:
                continue
            colors = cover.attempt(_ATTEMPT, budget)
            if colors is not None:
                return colors
            covers.append(cover)
        work = _ATTEMPT
        while covers and work < _LONGEST and not budget.over():
            work *= 2
            covers = [each for each in covers if not each.refuted]
            for cover in covers:
                colors = cover.attempt(work, budget)
                if colors is not None:
                    return colors
        return None

    def _cliques(self, budget: Budget) -> NDArray[np.bool_]:
        """List the cliques of the size given, or the first of very many."""
        apart = np.triu(~self._adjacency.matrix.astype(np.bool_), 1)
        search = HeavySets(
            Adjacency.from_edges(len(apart), np.argwhere(apart)),
            np.ones(len(apart), dtype=np.int64),
            self._size - 1,
            rising=False,
            most=_CLIQUES,
        )
        return search.run(budget.over)

    def _listed(
        self, rotation: Rotation, cliques: NDArray[np.bool_], budget: Budget
    ) -> _Cover | None:
        """List the stable sets whose images are disjoint; None if there are too many."""
        nodes = rotation.nodes
        near = self._adjacency.matrix.astype(np.bool_)
        for shift in range(rotation.order):
            near[nodes, np.roll(nodes, shift, axis=1)] = True
        rows, members, memberships = pack_rows(near), pack_rows(cliques), pack_rows(cliques.T)
        depths = len(cliques) + 2
        free = np.zeros((depths, rows.shape[1]), dtype=np.uint64)
        free[0] = pack_rows(np.ones((1, len(near)), dtype=np.bool_))[0]
        met = np.zeros((depths, memberships.shape[1]), dtype=np.uint64)
        todo, chosen = np.zeros_like(free), np.zeros(depths, dtype=np.int32)
        widths = np.ones(depths, dtype=np.int64)
        levels = self._size // rotation.order + 2
        most = min(_SETS, _ENTRIES // levels)
        found = np.empty((most, rows.shape[1]), dtype=np.uint64)
        depth, fresh, count = 0, True, 0
        while depth >= 0:
            sure = count * _SAMPLE > most
            hopeless = sure and count > 2 * most * _explored(widths[:depth], todo[:depth])
            if hopeless or count == most or budget.over():
                return None
            depth, fresh, count = transversals_chunk(
                rows,
                members,
                memberships,
                free,
                met,
                todo,
                widths,
                chosen,
                depth,
                fresh,
                found,
                count,
                _WORDS,
            )
        return _Cover(rotation, found[:count].copy(), levels)


def _explored(widths: NDArray[np.int64], todo: NDArray[np.uint64]) -> float:
    """Give the part of a search tree that lies behind, if all its branches are alike."""
    part, share = 0.0, 1.0
    for width, left in zip(widths.tolist(), todo, strict=True):
        share /= max(width, 1)
        part += share * (width - 1 - sum(int(word).bit_count() for word in left))
    return part


class _Cover:
    """Sets to choose from with one symmetry, and their traces on its orbits."""

    def __init__(self, rotation: Rotation, sets: NDArray[np.uint64], levels: int) -> None:
        self._nodes, self._levels = rotation.nodes, levels
        traces = np.zeros((len(sets), -(-len(self._nodes) // 64)), dtype=np.uint64)
        for orbit, nodes in enumerate(self._nodes):
            held = np.zeros(len(sets), dtype=np.uint64)
            for node in nodes.tolist():
                held |= sets[:, node // 64] >> np.uint64(node % 64)
            traces[:, orbit // 64] |= (held & np.uint64(1)) << np.uint64(orbit % 64)
        # A set and its images leave one trace; any of them will do.
        self._traces, first = np.unique(traces, axis=0, return_index=True)
        self._sets = sets[first]
        self.refuted = False

    def attempt(self, work: int, budget: Budget) -> NDArray[np.int32] | None:
        """Search in a fresh order; what all nodes get, or None.

        With little work, what is left out is tried another time; `refuted` tells that nothing was.
        """
        orbits, most, depths = len(self._nodes), len(self._traces), self._levels
        left = np.empty(most * depths, dtype=np.int32)
        left[:most] = budget.random.permutation(most)
        starts, at = np.zeros(depths + 1, dtype=np.int64), np.full(depths, -1, dtype=np.int64)
        starts[1] = most
        node_at, chosen = np.zeros((2, depths), dtype=np.int32)
        covered = np.zeros((depths, self._traces.shape[1]), dtype=np.uint64)
        counts = np.zeros(orbits, dtype=np.int64)
        depth, whole = 0, False
        while depth >= 0 and not whole:
            if work <= 0 or budget.over():
                return None
            depth, whole, done = disjoint_chunk(
                self._traces,
                left,
                starts,
                node_at,
                at,
                covered,
                chosen,
                counts,
                depth,
                min(_CHUNK, work, budget.iterations_left),
            )
            work -= done
            budget.spend(done)
        self.refuted = not whole
        return self._colors(chosen[:depth]) if whole else None

    def _colors(self, chosen: NDArray[np.int32]) -> NDArray[np.int32]:
        """Give each set chosen a color, and each image of it the next."""
        order = self._nodes.shape[1]
        inside = unpack_rows(self._sets[chosen], self._nodes.size)
        colors = np.empty(self._nodes.size, dtype=np.int32)
        for color, held in enumerate(inside):
            rows, places = np.nonzero(held[self._nodes])
            for turn in range(order):
                colors[self._nodes[rows, (places + turn) % order]] = color * order + turn
        return colors
