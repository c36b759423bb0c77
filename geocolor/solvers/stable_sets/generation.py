"""Fractional coloring by column generation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.solvers.kernels.stable_set import maximal, swap_chunk
from geocolor.solvers.stable_sets.certificate import StableSetBound
from geocolor.solvers.stable_sets.heavy import HeavySets
from geocolor.solvers.stable_sets.master import Master, Relaxation

__all__ = ["ColumnGeneration"]

# A dual of 1 as an integer weight, and what a set must weigh more to count: the linear program is
# solved to 1e-7.
_ONE = 1 << 30
_HEAVY = _ONE + (_ONE >> 20)
# The linear program is solved when bound and value are this close; see `_HEAVY`.
_CLOSE = 4e-6
# Searches by swaps in a round, and their steps; fewer sets than `_FEW` call for the exact search.
_STARTS, _STEPS, _FEW = 64, 30, 5
# Sets that an exact search may add once it knows the heaviest.
_MOST = 60
# Adjacency entries in one kernel call: some 20 ms.
_CHUNK = 20_000_000


class ColumnGeneration:
    """A linear program over stable sets that grows until no set would improve it.

    Duals to price at lie halfway between those of the best bound and those of the linear program
    (Ben-Ameur and Neto, "Acceleration of cutting-plane and column generation algorithms",
    Networks 49 (2007)): either a set cuts the latter off, or the gap halves. Sets come from a tabu
    search by swaps first, from the exact search (:class:`HeavySets`) when that finds few. Bounds
    come from exact searches alone, in integers.

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts; at least one node.
    sets : ndarray of bool, shape (sets, num_nodes)
        Stable sets to begin with, such that every node is in one.
    bound : StableSetBound
        A bound that holds, of a clique for instance.
    seed : int
        Seed of what is random in the search for sets.

    Attributes
    ----------
    bound : StableSetBound
        The best so far, proven.
    relaxation : Relaxation or None
        Optimum over the sets known; None before the first round.
    rounds : int
        Linear programs solved.
    """

    def __init__(
        self,
        adjacency: Adjacency,
        sets: NDArray[np.bool_],
        bound: StableSetBound,
        seed: int,
    ) -> None:
        self.adjacency = adjacency
        self.master = Master(adjacency.num_nodes)
        self.relaxation: Relaxation | None = None
        self.rounds = 0
        self._random = np.random.default_rng(seed)
        self.bound = bound
        self._center = bound.weights / bound.heaviest
        self.add(sets)

    @property
    def gap(self) -> float:
        """Value of the linear program over its bound."""
        value = math.inf if self.relaxation is None else self.relaxation.value
        return value - float(self.bound.value)

    @property
    def rounded(self) -> bool:
        """Whether the bound, rounded up, is as high as the linear program lets it be."""
        return self.relaxation is not None and self.bound.colors >= _ceiling(self.relaxation.value)

    @property
    def converged(self) -> bool:
        """Whether the linear program over all stable sets is solved."""
        return self.gap <= _CLOSE * float(self.bound.value)

    def add(self, sets: NDArray[np.bool_]) -> int:
        """Make stable sets maximal, in a random order, and take in what is new; how many were."""
        order = self._random.permutation(self.adjacency.num_nodes)
        sets = np.unique(sets, axis=0)
        maximal(self.adjacency.indptr, self.adjacency.indices, order, sets)
        return self.master.add(sets)

    def run(
        self,
        *,
        deadline: float = math.inf,
        stop: Callable[[], bool] = lambda: False,
        max_rounds: int | None = None,
        to_the_end: bool = False,
    ) -> None:
        """Generate until the rounded bound can rise no more; going on later is possible.

        Parameters
        ----------
        deadline : float
            ``time.monotonic()`` at which to return.
        stop : callable
            Asked every few milliseconds whether to return.
        max_rounds : int, optional
            Most linear programs to solve in this call.
        to_the_end : bool
            Go on until `converged`.
        """

        def halt() -> bool:
            return stop() or time.monotonic() >= deadline

        last = math.inf if max_rounds is None else self.rounds + max_rounds
        while not halt() and self.rounds < last:
            relaxation = self.master.solve(deadline - time.monotonic())
            if relaxation is None:
                return
            self.relaxation = relaxation
            self.rounds += 1
            grown = False
            while not (grown or halt()):
                if self.converged or (self.rounded and not to_the_end):
                    return
                grown = self._price(relaxation, not to_the_end, halt)

    def _price(self, relaxation: Relaxation, rounding: bool, halt: Callable[[], bool]) -> bool:
        """Look for sets that cut the duals off, or raise the bound; whether there were sets."""
        duals = 0.5 * (self._center + relaxation.duals)
        weights = np.floor(duals * _ONE).astype(np.int64)
        beaten = _HEAVY
        if rounding:
            # Sets up to this weight leave the bound as high as the linear program lets it be.
            goal = _ceiling(relaxation.value)
            beaten = max(beaten, (int(weights.sum()) - 1) // max(1, goal - 1))
        starts = self._random.permutation(np.flatnonzero(weights))[:_STARTS]
        added = self.add(self._swaps(weights, starts, _STEPS, beaten, halt))
        if added >= _FEW:
            return True
        search = HeavySets(self.adjacency, weights, beaten, rising=True, most=_MOST)
        sets = [search.run(halt)]
        while len(sets[-1]) == _MOST:
            sets.append(search.run(halt))
        if search.finished:
            bound = StableSetBound(weights, search.beaten)
            if bound.value > self.bound.value:
                self.bound = bound
                self._center = duals * (_ONE / search.beaten)
        if search.beaten > beaten:
            half = (beaten + search.beaten) // 2
            more = HeavySets(self.adjacency, weights, half, rising=False, most=_MOST)
            sets.append(more.run(halt))
        return added + self.add(np.concatenate(sets)) > 0

    def _swaps(
        self,
        weights: NDArray[np.int64],
        starts: NDArray[np.int64],
        steps: int,
        beaten: int,
        halt: Callable[[], bool],
    ) -> NDArray[np.bool_]:
        """Give the sets that weigh more than `beaten`, one from each start at most."""
        found = np.zeros((len(starts), len(weights)), dtype=np.bool_)
        position, count = 0, 0
        while position < len(starts) and not halt():
            position, count = swap_chunk(
                self.adjacency.indptr,
                self.adjacency.indices,
                weights,
                starts,
                position,
                steps,
                beaten,
                found,
                count,
                _CHUNK,
            )
        return found[:count]


def _ceiling(value: float) -> int:
    """Round up, but not what a linear program may have wrong."""
    return math.ceil(value * (1.0 - _CLOSE))
