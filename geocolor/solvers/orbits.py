"""Colorings that a symmetry of the graph rotates, by TabuCol over its orbits."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.graph.automorphisms import automorphisms
from geocolor.problem import ColoringProblem
from geocolor.solvers.budget import Budget
from geocolor.solvers.fixed_k import LARGEST_MATRIX, fewest_conflicts, on_matrix, run_prepared
from geocolor.solvers.search import Search

__all__ = ["OrbitSearch", "Rotation", "rotations"]

# Seconds that the search for symmetries may take, and how many it looks at.
_SECONDS, _LOOKS = 1.0, 500
# Nodes of an orbit at most: the classes come in as many.
_LONGEST = 16
# Iterations of the first trial of a symmetry; the better two thirds go on with twice as many.
_TRIAL, _LONG_TRIAL = 200_000, 3_200_000
# Conflicts that a further class is likely to take in, and the part of a trial's iterations that may
# pass without progress while it does.
_ABSORBED, _MENDING = 3, 2


@dataclass(frozen=True, eq=False)
class Rotation:
    """A symmetry whose cycles are all of one length.

    Attributes
    ----------
    nodes : ndarray of int32, shape (orbits, order)
        The cycles: each node goes where the next one is.
    """

    nodes: NDArray[np.int32]

    @property
    def order(self) -> int:
        """Nodes of an orbit."""
        return int(self.nodes.shape[1])


def rotations(adjacency: Adjacency, deadline: float = math.inf) -> list[Rotation]:
    """Find symmetries that leave no node alone, one of each kind, of the lowest order first.

    Two are of a kind if they have the same order, and map as many nodes to neighbors.

    Parameters
    ----------
    adjacency : Adjacency
        The graph.
    deadline : float
        ``time.monotonic()`` at which to look no further.
    """
    count = adjacency.num_nodes
    keys = adjacency.edges() @ [count, 1]
    found: dict[tuple[int, int], Rotation] = {}
    for image in automorphisms(adjacency, most=_LOOKS, deadline=deadline):
        nodes = _cycles(image)
        if nodes is None or nodes.shape[1] > _LONGEST:
            continue
        moves = np.sort(np.stack([np.arange(count), image], axis=1), axis=1) @ [count, 1]
        found.setdefault((nodes.shape[1], int(np.isin(moves, keys).sum())), Rotation(nodes))
    return [found[kind] for kind in sorted(found)]


def _cycles(image: NDArray[np.int64]) -> NDArray[np.int32] | None:
    """Give the cycles as rows; None if they are not of one length."""
    rows = [np.arange(len(image))]
    while not np.array_equal(image[rows[-1]], rows[0]):
        rows.append(image[rows[-1]])
        if len(rows) > _LONGEST or (rows[-1] == rows[0]).any():
            return None
    around = np.stack(rows, axis=1).astype(np.int32)
    once: NDArray[np.int32] = around[around.min(axis=1) == around[:, 0]]
    return once


class OrbitSearch:
    """Look for colorings that a symmetry rotates, and mend those that almost are.

    What is left of conflicts, each as often as the symmetry is long, may go away with one more
    class by plain TabuCol.

    Parameters
    ----------
    problem : ColoringProblem
        The question.
    search : Search
        Gets every improvement.
    """

    def __init__(self, problem: ColoringProblem, search: Search) -> None:
        self._problem = problem
        self._search = search
        self._leader: Rotation | None = None
        self._length = _TRIAL

    def led(self) -> bool:
        """Whether a symmetry has given a coloring, so that others had better join."""
        return self._leader is not None

    def lead(self, until: float, longest: float = math.inf) -> str:
        """Try the symmetries in turn; those that come near go on.

        Parameters
        ----------
        until : float
            ``time.monotonic()`` at which to stop, unless something was found. Without any limit,
            the search stops when the longest trials have been made once.
        longest : float
            When to stop then.

        Returns
        -------
        str
            What was found, for the message.
        """
        adjacency, search = self._problem.graph.conflicts, self._search
        if adjacency.num_nodes > LARGEST_MATRIX:
            return ""
        trials = [
            _Trial(self._problem, search, rotation)
            for rotation in rotations(adjacency, min(until, time.monotonic() + _SECONDS))
        ]
        # Streams that no thread of a portfolio draws from.
        first = search.workers + 2
        budget, longer = Budget(search, until, first), Budget(search, longest, first + 1)
        told = ""
        while trials and not search.answered():
            for trial in trials:
                if budget.over():
                    return told
                if trial.run(budget, self._length):
                    budget = longer
                    self._leader = trial.rotation
                    told = f"a symmetry of order {trial.rotation.order} gave {search.objective:.0f}"
            trials = sorted((t for t in trials if t.hopeful()), key=lambda t: t.expected)
            trials = trials[: max(1, 2 * len(trials) // 3)]
            if told and trials:
                self._leader = trials[0].rotation
            if budget.unlimited and self._length == _LONG_TRIAL:
                break
            self._length = min(2 * self._length, _LONG_TRIAL)
        return told

    def join(self, budget: Budget) -> None:
        """Go on beside the leading thread with the symmetry that comes nearest, once one has led.

        Parameters
        ----------
        budget : Budget
            What may be spent; without a limit, the longest trial is made once.
        """
        while self._leader is not None and not budget.over():
            trial, length = _Trial(self._problem, self._search, self._leader), self._length
            if not trial.hopeful():
                break
            trial.run(budget, length)
            if budget.unlimited and length == _LONG_TRIAL:
                break


class _Trial:
    """One symmetry, and how far it has got."""

    def __init__(self, problem: ColoringProblem, search: Search, rotation: Rotation) -> None:
        self._problem = problem
        self._search = search
        self.rotation = rotation
        # Classes that a coloring is likely to have after mending.
        self.expected = 0
        self._beside = _between(problem.graph.conflicts, rotation)

    def hopeful(self) -> bool:
        """Whether the next step down is still above the bound."""
        order = self.rotation.order
        k = self._search.sought() // order
        least = int(self._search.lower_bound or 0)
        return k > 0 and k * order >= least

    def run(self, budget: Budget, length: int) -> bool:
        """Go down while that succeeds; whether anything was found."""
        order = self.rotation.order
        better = False
        while self.hopeful() and not budget.over():
            k = self._search.sought() // order
            colors, conflicts = self._rotated(k, budget, length)
            self.expected = k * order + -(-conflicts // _ABSORBED)
            if conflicts:
                mended = self._mended(colors, budget, length // _MENDING)
                if mended is None:
                    return better
                colors = mended
            # Another thread may have been quicker.
            better |= self._search.offer(colors)
        return better

    def _mended(
        self, colors: NDArray[np.int32], budget: Budget, patience: int
    ) -> NDArray[np.int32] | None:
        """Let further classes take in the conflicts, as few as may do."""
        for k in range(self.expected, self._search.sought() + 1):
            found, conflicts = fewest_conflicts(
                self._problem.graph.conflicts, colors.copy(), k, budget, patience
            )
            if not conflicts:
                return found
        return None

    def _rotated(self, k: int, budget: Budget, length: int) -> tuple[NDArray[np.int32], int]:
        """Choose a node of each orbit, and `k` colors; what all nodes get so, and the conflicts."""
        nodes, order = self.rotation.nodes, self.rotation.order
        own = budget.random.integers(order * k, size=len(nodes), dtype=np.int32)
        best = own.copy()
        conflicts = run_prepared(
            on_matrix(self._beside, own, k, budget), best, order * k, budget, length, length
        )
        colors = np.empty(nodes.size, dtype=np.int32)
        # The symmetry takes class (c, i) to class (c, i + 1).
        turns = (np.arange(order) - best[:, None] // k) % order
        colors[nodes] = best[:, None] % k * order + turns
        return colors, conflicts * order


def _between(adjacency: Adjacency, rotation: Rotation) -> NDArray[np.int8]:
    """Give the adjacency matrix orbit by orbit, without the edges inside an orbit."""
    nodes = rotation.nodes.ravel()
    beside = adjacency.matrix[np.ix_(nodes, nodes)]
    orbit = np.arange(len(nodes)) // rotation.order
    beside[orbit[:, None] == orbit] = 0
    return beside
