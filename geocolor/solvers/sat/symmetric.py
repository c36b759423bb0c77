"""Colorings that a symmetry of the graph maps to themselves: few to search, and often some."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique
from geocolor.errors import SolverError
from geocolor.graph import Adjacency
from geocolor.graph.automorphisms import automorphisms
from geocolor.problem import ColoringProblem
from geocolor.solvers.process.arrays import packed
from geocolor.solvers.process.client import WorkerDiedError
from geocolor.solvers.sat.requests import question, too_large
from geocolor.solvers.sat.solver import SEEDS, pool
from geocolor.solvers.search import Search

__all__ = ["SymmetricSearch", "Symmetry", "symmetries"]

# Seconds that the search for symmetries may take.
_SECONDS = 1.0
# Conflicts of CaDiCaL in the first rounds of questions, rounds until they double, and in all.
# One seed finds in half a second what another does not in ten: each round has one of its own. For
# 11 colors of queen11_11 it is 6 seeds of 40, all within some 60,000 conflicts.
_CONFLICTS, _DOUBLING, _ROUNDS = 60_000, 8, 32
# Rounds for groups of four, which leave less to search, to one for groups of two.
_FAVOR = 3
# Ways to permute the colors that are tried with one group.
_WAYS = 3

Permutation = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Symmetry:
    """Generators of a small group of automorphisms, and what they do to an orbit of colors.

    Attributes
    ----------
    images : tuple of ndarray of int64, shape (num_nodes,)
        Where each generator maps a node.
    orbit : tuple of tuple of int
        For each generator, how it permutes colors that the group does not leave alone.
    """

    images: tuple[Permutation, ...]
    orbit: tuple[tuple[int, ...], ...]

    @property
    def order(self) -> int:
        """Size of the group."""
        return len(self.orbit[0])

    def palettes(self, k: int) -> Iterator[tuple[Permutation, ...]]:
        """Give ways to permute `k` colors: most in whole orbits, then swapped, then left alone."""
        most = k // self.order
        for whole in range(most, max(-1, most - _WAYS), -1):
            yield tuple(_palette(k, whole, orbit) for orbit in self.orbit)


_SWAP = ((1, 0),)
_TURN = ((1, 2, 3, 0),)
_TWO_SWAPS = ((1, 0, 3, 2), (2, 3, 0, 1))


def _palette(k: int, whole: int, orbit: tuple[int, ...]) -> Permutation:
    size = len(orbit)
    colors = np.arange(k, dtype=np.int64)
    first = colors[: whole * size].reshape(whole, size)
    rest = colors[whole * size :]
    if size > 2:
        pairs = rest[: len(rest) // 2 * 2].reshape(-1, 2)
        rest = rest[pairs.size :]
        return np.concatenate([first[:, list(orbit)].ravel(), pairs[:, ::-1].ravel(), rest])
    return np.concatenate([first[:, list(orbit)].ravel(), rest])


def symmetries(adjacency: Adjacency, deadline: float = math.inf) -> list[Symmetry]:
    """Find groups of two and four automorphisms, the larger first; one of each kind.

    Two are of a kind if as many nodes stay where they are, and as many meet a neighbor.

    Parameters
    ----------
    adjacency : Adjacency
        The graph.
    deadline : float
        ``time.monotonic()`` at which to look no further.
    """
    count = adjacency.num_nodes
    identity = np.arange(count)
    edges = set((adjacency.edges() @ [count, 1]).tolist())

    def kind(*images: Permutation) -> tuple[object, ...]:
        told = []
        for image in images:
            ends = np.sort(np.stack([identity, image], axis=1), axis=1) @ [count, 1]
            met = sum(end in edges for end in ends.tolist())
            told.append((int((image == identity).sum()), met))
        return tuple(sorted(told))

    found: dict[tuple[object, ...], Symmetry] = {}
    swaps = []
    for image in automorphisms(adjacency, deadline=deadline):
        twice = image[image]
        if np.array_equal(twice, identity):
            swaps.append(image)
            found.setdefault(kind(image), Symmetry((image,), _SWAP))
        elif np.array_equal(twice[twice], identity):
            found.setdefault(kind(image, twice), Symmetry((image,), _TURN))
    for first, second in combinations(swaps, 2):
        both = first[second]
        if np.array_equal(both, second[first]):
            found.setdefault(kind(first, second, both), Symmetry((first, second), _TWO_SWAPS))
    return sorted(found.values(), key=lambda symmetry: -symmetry.order)


class SymmetricSearch:
    """A search for a coloring that a symmetry maps to itself, which can be left and gone on with.

    Vasquez and Vimont, "On solving the queen graph coloring problem" (2011), found colorings of
    queen graphs so; here the symmetries are found in the graph, and CaDiCaL does the rest. It is
    asked for the fewest colors not excluded. That there is no such coloring proves nothing.

    Parameters
    ----------
    problem : ColoringProblem
        The question.
    search : Search
        Gets the coloring; its bound is how many colors are asked for.
    clique : Clique
        A clique of the conflicts.
    """

    def __init__(self, problem: ColoringProblem, search: Search, clique: Clique) -> None:
        self._problem = problem
        self._search = search
        self._clique = clique
        # Colors asked for, the questions not refuted, and what they have in common.
        self._k = 0
        self._questions: list[tuple[Symmetry, tuple[Permutation, ...]]] = []
        self._asked: dict[str, object] = {}
        self._round = 0

    def run(self, until: float = math.inf) -> None:
        """Ask for colorings, round by round.

        Parameters
        ----------
        until : float
            ``time.monotonic()`` at which to stop.

        Raises
        ------
        SolverError
            The worker process failed.
        """
        search = self._search
        k = max(int(search.lower_bound or 0), len(self._clique))
        if k != self._k:
            self._k, self._round = k, 0
            self._questions = self._new_questions(until)
        while self._questions and self._round < _ROUNDS:
            groups = [group for group, _ in self._questions]
            favored = self._round % _FAVOR < _FAVOR - 1 and any(group.order > 2 for group in groups)
            left: list[tuple[Symmetry, tuple[Permutation, ...]]] = []
            for number, (group, palettes) in enumerate(self._questions):
                if search.answered() or search.out_of_time() or time.monotonic() >= until:
                    self._questions = left + self._questions[number:]
                    return
                request = self._asked | {
                    "k": k,
                    "seed": (search.seed + self._round) % SEEDS,
                    "conflicts": _CONFLICTS << self._round // _DOUBLING,
                    "images": [packed(image) for image in group.images],
                    "palettes": [packed(palette) for palette in palettes],
                }
                if (favored and group.order == 2) or not _refuted(request, search, until):
                    left.append((group, palettes))
            self._questions = left
            self._round += 1

    def _new_questions(self, until: float) -> list[tuple[Symmetry, tuple[Permutation, ...]]]:
        adjacency = self._problem.graph.conflicts
        if self._k > self._problem.max_colors or too_large(adjacency, 2 * self._k) is not None:
            return []
        groups = symmetries(adjacency, min(until, time.monotonic() + _SECONDS))
        if not groups:
            return []
        asked = question(adjacency, self._search, self._clique, self._k)
        if asked is None:
            return []
        self._asked = asked
        return [(group, palettes) for group in groups for palettes in group.palettes(self._k)]


def _refuted(request: dict[str, object], search: Search, until: float) -> bool:
    """Ask one question; whether the answer was no."""
    deadline = min(until, time.monotonic() + search.remaining())
    worker = pool.acquire()
    try:
        with closing(worker.run(request, deadline)) as events:
            for event in events:
                if "colors" in event:
                    search.offer(event["colors"])
                elif event.get("kind") == "failure":
                    raise SolverError(f"CaDiCaL failed: {event['error']}")
                if event.get("refuted") or search.answered() or search.out_of_time():
                    return "refuted" in event
    except WorkerDiedError as died:
        # Killed for memory: this was a try, and the others go on.
        if not died.for_memory:
            raise SolverError(str(died)) from died
    finally:
        pool.release(worker)
    return False
