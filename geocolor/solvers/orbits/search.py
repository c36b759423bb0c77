"""Colorings that a symmetry of the graph rotates, by TabuCol over its orbits."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique
from geocolor.graph import Adjacency
from geocolor.problem import ColoringProblem
from geocolor.solvers.budget import Budget
from geocolor.solvers.fixed_k import LARGEST_MATRIX, fewest_conflicts, on_matrix, run_prepared
from geocolor.solvers.orbits.covers import CliqueCovers
from geocolor.solvers.orbits.rotations import Rotation, rotations
from geocolor.solvers.search import Search

__all__ = ["OrbitSearch"]

# Seconds that the search for symmetries may take.
_SECONDS = 1.0
# Iterations of the first trial of a symmetry; the better two thirds go on with twice as many.
_TRIAL, _LONG_TRIAL = 200_000, 3_200_000
# Conflicts that a further class is likely to take in, and the part of a trial's iterations that may
# pass without progress while it does.
_ABSORBED, _MENDING = 3, 2


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
        self._found: list[Rotation] | None = None

    def led(self) -> bool:
        """Whether a symmetry has given a coloring, so that others had better join."""
        return self._leader is not None

    def cover(self, clique: Clique, until: float) -> str:
        """Ask for as many classes as the clique has nodes, by lists of stable sets.

        Parameters
        ----------
        clique : Clique
            A clique of the conflicts.
        until : float
            ``time.monotonic()`` at which to stop.

        Returns
        -------
        str
            What was found, for the message.
        """
        search = self._search
        if len(clique) > search.sought() or len(clique) < int(search.lower_bound or 0):
            return ""
        # A stream that no thread of a portfolio draws from.
        budget = Budget(search, until, search.workers + 4)
        covers = CliqueCovers(self._problem.graph.conflicts, clique)
        colors = covers.find(self._rotations(until), budget)
        if colors is None:
            return ""
        search.offer(colors)
        return "stable sets and their images hold every node once"

    def _rotations(self, until: float) -> list[Rotation]:
        """Look for symmetries, once."""
        adjacency = self._problem.graph.conflicts
        if adjacency.num_nodes > LARGEST_MATRIX:
            return []
        if self._found is None:
            self._found = rotations(adjacency, min(until, time.monotonic() + _SECONDS))
        return self._found

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
        search = self._search
        trials = [_Trial(self._problem, search, each) for each in self._rotations(until)]
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
