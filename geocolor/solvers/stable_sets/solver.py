"""Column generation as a solver: the bound of fractional coloring, then branch and price."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique
from geocolor.graph import Adjacency
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.fixed_k import kcolor
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.stable_sets.branching import Subproblem, branching_pair
from geocolor.solvers.stable_sets.certificate import StableSetBound
from geocolor.solvers.stable_sets.generation import ColumnGeneration
from geocolor.solvers.start import begin, stopped
from geocolor.wording import counted

__all__ = ["fractional", "promising", "solve_columns"]

# Bitset words for the clique search: a second at most.
_CLIQUE_WORK = 1_000_000_000
# TabuCol's iterations without progress before the linear programs, and its share of the time.
_PATIENCE, _SHARE = 200_000, 0.1
# A dive takes all sets with a share like the first at once; fewer than a part of all colors are
# filled up with sets of a share like the second.
_WHOLE, _LEAST, _STEP = 0.9, 0.01, 0.1
# Linear programs between two reports.
_ROUNDS = 5
# Seconds of the search for a coloring among the sets known.
_SECONDS = 5.0
# Nodes whose pairs still fit into bitsets at leisure: 50 MB.
_LARGEST = 20_000
# Where fractional coloring is worth a try: few nodes, or a density of at least so much, and the
# nodes times the mean size of a class no more than this. Measured: r1000.5 with 4,100 has its 234
# colors in half a minute; DSJC500.5 with 5,200 and flat1000_60_0 gained nothing in a minute.
_FEW_NODES, _LEAST_DENSITY, _MOST_WORK = 100, 0.2, 4200


def promising(adjacency: Adjacency, classes: int) -> bool:
    """Guess whether fractional coloring can pay: in small graphs, and dense ones of small classes.

    Finding the heaviest stable set takes time that grows with the size of stable sets. O(1).

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts.
    classes : int
        Classes of a good coloring.
    """
    count = adjacency.num_nodes
    density = 2 * adjacency.num_edges / max(1, count * (count - 1))
    small_classes = count * count <= _MOST_WORK * classes
    return count <= _FEW_NODES or (density >= _LEAST_DENSITY and small_classes)


def solve_columns(problem: Problem, search: Search) -> Outcome:
    """Color by column generation over stable sets, with branch and price for what is left.

    Mehrotra and Trick, "A column generation approach for graph coloring", INFORMS J. Comput. 8
    (1996); Held, Cook and Sewell, "Maximum-weight stable sets and safe lower bounds for graph
    coloring", Math. Program. Comput. 4 (2012).

    Parameters
    ----------
    problem : ColoringProblem
        With `k`, any coloring with at most k classes answers it.
    search : Search
        Where incumbents and bounds go. A linear program is one of its iterations.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled.

    Raises
    ------
    SolverError
        HiGHS could not solve a linear program.
    """
    assert isinstance(problem, ColoringProblem)  # noqa: S101  the registry sees to it
    clique, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    adjacency = problem.graph.conflicts
    greedy = dsatur(adjacency, search)
    if greedy is None:
        return Outcome(StopReason.TIME, message="the time ended before every node had a color")
    colors = greedy[0]
    budget = Budget(search, time.monotonic() + _SHARE * search.remaining())
    while True:
        if int(colors.max()) < problem.max_colors:
            search.offer(colors)
        if search.answered() or budget.over():
            break
        fewer = kcolor(adjacency, colors, int(colors.max()), budget, _PATIENCE)
        if fewer is None:
            break
        colors = fewer
    if adjacency.num_nodes > _LARGEST and not search.answered():
        return Outcome(
            StopReason.MEMORY,
            message=f"{adjacency.num_nodes:,} nodes are too many for stable sets; the limit is "
            f"{_LARGEST:,}",
        )
    return fractional(problem, search, clique, colors)


def fractional(
    problem: ColoringProblem,
    search: Search,
    clique: Clique,
    colors: NDArray[np.int32] | None = None,
    until: float = math.inf,
    near: int | None = None,
) -> Outcome:
    """Raise the bound to that of fractional coloring, look for a coloring there, then branch.

    Other threads may work on the same search meanwhile.

    Parameters
    ----------
    problem : ColoringProblem
        The question; at least one node.
    search : Search
        With an incumbent, unless `colors` are given.
    clique : Clique
        A clique of the conflicts.
    colors : ndarray of int32, optional
        A coloring to begin with, of any number of classes; the incumbent if there is none.
    until : float
        ``time.monotonic()`` at which to stop, before the search ends.
    near : int, optional
        Branch only if bound and incumbent are no farther apart; by default in any case.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled.

    Raises
    ------
    SolverError
        HiGHS could not solve a linear program.
    """
    if colors is None:
        assert search.coloring is not None  # noqa: S101  as said above
        colors = search.coloring.colors
    return _BranchAndPrice(problem, search, until, near).run(clique, colors)


class _BranchAndPrice:
    """Depth first over the subproblems whose bound is below the colors to beat."""

    def __init__(
        self, problem: ColoringProblem, search: Search, until: float, near: int | None
    ) -> None:
        self._problem = problem
        self._search = search
        self._near = near
        self._until = min(until, search.deadline)
        self._rounds = 0

    def run(self, clique: Clique, colors: NDArray[np.int32]) -> Outcome:
        adjacency = self._problem.graph.conflicts
        count = adjacency.num_nodes
        sets = np.zeros((int(colors.max()) + 1, count), dtype=np.bool_)
        sets[colors, np.arange(count)] = True
        bound = StableSetBound.of_clique(clique.nodes, count)
        left = self._root(Subproblem(adjacency, np.arange(count), sets, bound))
        if left and self._near is not None and self._gap() > self._near:
            return Outcome(StopReason.COMPLETED)
        while left and not self._over():
            left += self._branch(left.pop())
        if self._over():
            return Outcome(self._reason())
        # Nothing is left that could have fewer colors.
        if self._search.objective is None:
            classes = counted(self._problem.max_colors, "class")
            message = f"{classes} proven impossible by branch and price"
            return Outcome(StopReason.COMPLETED, infeasible=True, message=message)
        self._search.raise_lower_bound(self._search.objective)
        return Outcome(StopReason.COMPLETED, message="proven by branch and price")

    def _root(self, root: Subproblem) -> list[Subproblem]:
        """Solve the linear program, report its bound, and look for a coloring among the sets."""
        search = self._search
        generation = self._generation(root)
        while not (self._over() or self._closed(generation.bound) or generation.rounded):
            self._generate(generation, _ROUNDS)
            self._report(generation.bound)
        if self._over() or self._closed(generation.bound):
            return []
        self._dive(root, generation)
        if self._over() or self._closed(generation.bound):
            return []
        # No more time than it took to get here.
        seconds = min(_SECONDS, max(1.0, search.elapsed()), self._until - time.monotonic())
        colors = generation.master.coloring(self._to_beat() - 1, seconds)
        if colors is not None:
            self._offer(colors)
        return self._children(root, generation)

    def _dive(self, root: Subproblem, generation: ColumnGeneration) -> None:
        """Give color classes one after the other, by the linear program of the nodes left."""
        adjacency = root.adjacency
        colors = np.full(adjacency.num_nodes, -1, dtype=np.int32)
        used = 0
        part = root
        while not self._over():
            assert generation.relaxation is not None  # noqa: S101  it is solved
            shares, sets = generation.relaxation.shares, generation.master.sets()
            colored = np.zeros(part.adjacency.num_nodes, dtype=np.bool_)
            # The surest first: a tenth of the classes at once, and all that are nearly whole.
            enough = used + max(1, int(_STEP * generation.relaxation.value))
            for at in np.argsort(-shares):
                if colored.any() and shares[at] < (_LEAST if used < enough else _WHOLE):
                    break
                fresh = sets[at] & ~colored
                # What has lost much of itself is another set, whose share nobody knows.
                if 3 * fresh.sum() > 2 * sets[at].sum():
                    mine = np.append(fresh, False)[part.owner]
                    colors[mine] = used
                    used += 1
                    colored |= fresh
            if colored.all():
                self._offer(colors)
                return
            solved = Subproblem(part.adjacency, part.owner, sets, generation.bound)
            part = solved.rest(colored)
            generation = self._generation(part)
            while not (self._over() or generation.rounded):
                self._generate(generation, _ROUNDS)
                if used + generation.bound.colors >= self._to_beat():
                    return

    def _report(self, bound: StableSetBound) -> None:
        """Report a bound once it says something new and an exact search of its own confirms it."""
        known = self._search.lower_bound or 0.0
        news = known < bound.colors <= self._problem.max_colors
        if news and bound.verify(self._problem.graph.conflicts, self._over):
            self._search.raise_lower_bound(bound.colors)

    def _branch(self, subproblem: Subproblem) -> list[Subproblem]:
        """Bound a subproblem; what must be solved instead, the most promising last."""
        if self._closed(subproblem.bound):
            return []
        greedy = dsatur(subproblem.adjacency, self._search)
        if greedy is None:
            return [subproblem]
        self._offer(greedy[0][subproblem.owner])
        generation = self._generation(subproblem)
        while not (self._over() or self._closed(generation.bound) or generation.rounded):
            self._generate(generation, _ROUNDS)
        if self._over():
            return [subproblem]
        if self._closed(generation.bound):
            return []
        return self._children(subproblem, generation)

    def _children(self, subproblem: Subproblem, generation: ColumnGeneration) -> list[Subproblem]:
        assert generation.relaxation is not None  # noqa: S101  it is solved
        pair = branching_pair(subproblem.adjacency, generation.master, generation.relaxation)
        if pair is None:
            return []
        solved = Subproblem(
            subproblem.adjacency,
            subproblem.owner,
            generation.master.sets(),
            generation.bound,
        )
        return [solved.differ(*pair), solved.same(*pair)]

    def _generation(self, subproblem: Subproblem) -> ColumnGeneration:
        return ColumnGeneration(
            subproblem.adjacency, subproblem.sets, subproblem.bound, self._search.seed
        )

    def _generate(self, generation: ColumnGeneration, rounds: int) -> None:
        """Go on with a linear program for some rounds, and count them."""
        limit = self._search.max_iterations
        if limit is not None:
            rounds = min(rounds, limit - self._rounds)
        before = generation.rounds
        generation.run(deadline=self._until, stop=self._over, max_rounds=rounds)
        self._rounds += generation.rounds - before

    def _gap(self) -> int:
        return self._to_beat() - int(self._search.lower_bound or 0)

    def _to_beat(self) -> int:
        """Colors of the incumbent, or one more than allowed."""
        found = self._search.objective
        return self._problem.max_colors + 1 if found is None else int(found)

    def _closed(self, bound: StableSetBound) -> bool:
        """Whether a subproblem with this bound has nothing better than what is known."""
        return bound.colors >= self._to_beat()

    def _offer(self, colors: NDArray[np.int32]) -> None:
        if int(colors.max()) + 1 < self._to_beat():
            self._search.offer(colors)

    def _over(self) -> bool:
        return self._search.answered() or self._reason() is not StopReason.COMPLETED

    def _reason(self) -> StopReason:
        limit = self._search.max_iterations
        if self._search.answered():
            return StopReason.COMPLETED
        if limit is not None and self._rounds >= limit:
            return StopReason.ITERATIONS
        return StopReason.TIME if time.monotonic() >= self._until else stopped(self._search)
