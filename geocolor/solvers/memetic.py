"""Two colorings that cross and improve: hybrid evolutionary coloring."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.fixed_k import fewest_conflicts, kcolor, table_fits
from geocolor.solvers.greedy import greedy_coloring
from geocolor.solvers.kernels.crossover import greedy_partition_crossover
from geocolor.solvers.partialcol import fewest_left, partialcol
from geocolor.solvers.reductions import induced
from geocolor.solvers.removal import removal
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin

__all__ = ["climb", "is_sparse", "leap", "solve_memetic"]

_CLIQUE_WORK = 20_000_000
# TabuCol iterations after each crossover. Measured: with the paper's 30,000 DSJC500.5 has 48 colors
# after a minute in one run of four, with 8,000 in all of four within 15 seconds; DSJC500.9 has 126
# with 8,000 in 20 and 31 seconds, not with 3,000, 15,000 or 30,000 in 100. Sparse graphs may want
# less: DSJC1000.1 has 20 colors with 2,000 after 1.5 to 2.3 million iterations, with 3,000 after 2
# to 7, with 4,000 after 8, with 8,000 in one run of three after 20; but le450_25c has 26
# with 8,000 after 1.4 to 6 million, with 2,000 after 1.7 to 28. So they have populations of both.
_LENGTHS, _SPARSE_LENGTHS = (8_000,), (8_000, 2_000)
# Density below which a graph counts as sparse.
_SPARSE = 0.3
# A leap goes down to this part of the colors at once, with long searches and few generations.
_LEAP, _LEAP_SEARCH, _LEAP_GENERATIONS = 0.75, 100_000, 10
# Generations between two returns of an elite: the paper's value.
_CYCLE = 10
# Generations after which a search that nothing limits gives up.
_PATIENT = 2 * _CYCLE
# Iterations for each node after which PartialCol has half as many, by turns.
_PER_NODE = 100_000
# Of so many classes PartialCol leaves one more out when it looks for hidden colorings. Measured:
# with 28 or 27 it finds those of flat300_28_0 in 3 to 40 million iterations, with 25 or 30 not.
_DEEPER = 12
# Iterations without progress after which TabuCol alone is no longer the faster way down, nor
# PartialCol, which alone finds what is hidden in graphs like le450_15c.
_PATIENCE, _PARTIAL_PATIENCE = 50_000, 300_000


def solve_memetic(problem: Problem, search: Search) -> Outcome:
    """Cross the two colorings of a small population, improve both by TabuCol, again and again.

    Moalic and Gondran, "Variations on memetic algorithms for graph coloring problems",
    J. Heuristics 24 (2018): HEAD. TabuCol alone goes down from a DSATUR coloring while that is
    quick, then PartialCol; then each number of classes is sought by the population, which begins
    anew when its two have become the same.

    Parameters
    ----------
    problem : ColoringProblem
        With `k`, the search ends with the first coloring of at most k classes.
    search : Search
        Gets every improvement; its time and iterations are the budget.

    Returns
    -------
    Outcome
        COMPLETED if a bound is met, or without any limit once one population has had its chance.
    """
    assert isinstance(problem, ColoringProblem)  # noqa: S101  the registry sees to it
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    adjacency = problem.graph.conflicts
    greedy = dsatur(adjacency, search)
    if greedy is None:
        return Outcome(StopReason.TIME, message="the time ended before every node had a color")
    colors = greedy[0]
    if int(colors.max()) < problem.max_colors:
        search.offer(colors)
    return climb(problem, search, Budget(search), colors)


def climb(
    problem: ColoringProblem,
    search: Search,
    budget: Budget,
    colors: NDArray[np.int32],
    ahead: int = 0,
) -> Outcome:
    """Go down from `colors`, one class after the other, until the budget ends.

    Other threads may climb in the same search; what they find is where this one goes on. A graph
    too large for tables of nodes by classes gets :func:`geocolor.solvers.removal.removal` instead.

    Parameters
    ----------
    problem : ColoringProblem
        The question.
    search : Search
        Gets every improvement.
    budget : Budget
        What may be spent.
    colors : ndarray of int32
        A coloring to begin with, of any number of classes.
    ahead : int
        Classes to skip: another thread is looking for the next coloring, this one crosses for those
        after it.

    Returns
    -------
    Outcome
        As for :func:`solve_memetic`.
    """
    adjacency = problem.graph.conflicts
    while not budget.over():
        if search.coloring is not None and search.coloring.num_colors <= int(colors.max()):
            colors = search.coloring.colors
        k = min(int(colors.max()), problem.max_colors)
        if k < 1:
            break
        if 0 < ahead <= k - max(int(search.lower_bound or 0), 1) and problem.k is None:
            k -= ahead
            found = _evolve(adjacency, k, budget)
        else:
            found = _fewer(adjacency, colors, k, budget)
        if found is not None:
            colors = found
            if int(colors.max()) < problem.max_colors:
                search.offer(colors)
        elif not budget.too_late(k):
            break
    return Outcome(StopReason.COMPLETED if search.answered() else budget.reason())


def leap(problem: ColoringProblem, search: Search, budget: Budget) -> None:
    """Look for a hidden coloring, far below what the way down has reached.

    In flat1000_60_0 the way down ends at 87 colors as in any random graph of its density, but the
    60 that are hidden in it show themselves within seconds to who asks for 68.

    Parameters
    ----------
    problem : ColoringProblem
        The question.
    search : Search
        With an incumbent; gets the coloring if there is one.
    budget : Budget
        What may be spent.
    """
    adjacency = problem.graph.conflicts
    if search.objective is None:
        return
    k = max(int(_LEAP * search.objective), int(search.lower_bound or 0))
    if not table_fits(adjacency.num_nodes, k) or budget.too_late(k):
        return
    population = _Population(adjacency, k, budget, _LEAP_SEARCH)
    while population.generation < _LEAP_GENERATIONS and not budget.too_late(k):
        found = population.step()
        if found is not None:
            search.offer(found)
            return


def is_sparse(adjacency: Adjacency) -> bool:
    """Whether a graph wants short searches after crossovers as well."""
    return 2 * adjacency.num_edges < _SPARSE * adjacency.num_nodes * (adjacency.num_nodes - 1)


def _fewer(
    adjacency: Adjacency, colors: NDArray[np.int32], k: int, budget: Budget
) -> NDArray[np.int32] | None:
    """Look for a coloring with `k` classes; one fewer than now where tables would be too large."""
    if not table_fits(adjacency.num_nodes, k):
        found = removal(adjacency, colors, budget)
        return found if found.max() < colors.max() else None
    by_moves = kcolor(adjacency, colors, k, budget, _PATIENCE)
    if by_moves is None:
        by_moves = partialcol(adjacency, colors, k, budget, _PARTIAL_PATIENCE)
    return _evolve(adjacency, k, budget) if by_moves is None else by_moves


def _evolve(adjacency: Adjacency, k: int, budget: Budget) -> NDArray[np.int32] | None:
    """Look for a coloring with `k` classes until the budget ends; once, if it has none.

    Populations take turns of as many iterations. After a long time it is by turns a search for what
    no crossover sees.
    """
    turn = _PER_NODE * adjacency.num_nodes
    lengths = _SPARSE_LENGTHS if is_sparse(adjacency) else _LENGTHS
    populations = [_Population(adjacency, k, budget, length) for length in lengths]
    spent = [0] * len(lengths)
    until = budget.iterations + turn
    while not budget.too_late(k):
        i = int(np.argmin(spent))
        population = populations[i]
        found = population.step()
        if found is not None:
            return found
        spent[i] += lengths[i]
        if budget.unlimited and populations[0].generation == _PATIENT:
            break
        if budget.iterations >= until and not budget.unlimited:
            found = _hidden(adjacency, k, budget, turn // 2)
            if found is not None:
                return found
            until = budget.iterations + turn
        # Two that agree will have no other children.
        if population.alike():
            if budget.unlimited and i == 0:
                break
            populations[i] = _Population(adjacency, k, budget, lengths[i])
    return None


def _hidden(
    adjacency: Adjacency, k: int, budget: Budget, iterations: int
) -> NDArray[np.int32] | None:
    """Look by PartialCol for a coloring of at most `k` classes that is hidden somewhat deeper.

    Of few nodes left over a class or two more can be made: in flat300_28_0, whose 28 classes no
    crossover sees, 27 classes that leave ten nodes are as good.
    """
    fewer = max(1, k - 1 - int(budget.random.integers(max(1, k // _DEEPER))))
    start = greedy_coloring(adjacency, budget.random.permutation(adjacency.num_nodes))
    colors = fewest_left(adjacency, start, fewer, budget, iterations, iterations)
    left = np.flatnonzero(colors < 0)
    colors[left] = fewer + greedy_coloring(induced(adjacency, left), np.arange(len(left)))
    return colors if colors.max() < k else None


class _Population:
    """Two parents, and the best colorings of this cycle and the one before."""

    def __init__(self, adjacency: Adjacency, k: int, budget: Budget, length: int) -> None:
        self._adjacency = adjacency
        self._k = k
        self._budget = budget
        self._length = length
        self.generation = 0
        self._parents = [self._random(), self._random()]
        self._elite, self._elite_before = self._random(), self._random()
        self._elite_conflicts = len(adjacency.indices)

    def step(self) -> NDArray[np.int32] | None:
        """Replace both parents by their improved children; a coloring if one is."""
        children = [self._cross(0), self._cross(1)]
        for i, child in enumerate(children):
            colors, conflicts = fewest_conflicts(
                self._adjacency, child, self._k, self._budget, self._length, self._length
            )
            if conflicts == 0:
                return colors
            self._parents[i] = colors
            if conflicts < self._elite_conflicts:
                self._elite, self._elite_conflicts = colors, conflicts
        self.generation += 1
        if self.generation % _CYCLE == 0:
            self._parents[0] = self._elite_before
            self._elite_before = self._elite
            self._elite, self._elite_conflicts = self._random(), len(self._adjacency.indices)
        return None

    def alike(self) -> bool:
        """Whether the parents are the same partition."""
        first, second = self._parents
        pairs = np.unique(first.astype(np.int64) * self._k + second)
        return len(pairs) == max(len(np.unique(first)), len(np.unique(second)))

    def _random(self) -> NDArray[np.int32]:
        count = self._adjacency.num_nodes
        return self._budget.random.integers(self._k, size=count, dtype=np.int32)

    def _cross(self, lead: int) -> NDArray[np.int32]:
        child = np.empty(self._adjacency.num_nodes, dtype=np.int32)
        ties = self._budget.random.random((self._k, self._k))
        greedy_partition_crossover(
            self._parents[lead], self._parents[1 - lead], self._k, ties, self._random(), child
        )
        return child
