"""Coloring part by part: what is easy is taken away first, and colored last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency, ConflictGraph
from geocolor.problem import ColoringProblem
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.portfolio.race import race
from geocolor.solvers.reductions import Reduction, components, induced, reduce_coloring
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin
from geocolor.wording import counted

__all__ = ["color"]

# Bitset words for a first clique: what a greedy coloring costs. The kernel gets a longer search.
_CLIQUE_WORK = 20_000_000


def color(problem: ColoringProblem, search: Search) -> Outcome:
    """Color a graph with all means, its kernel's connected parts one after the other.

    Parameters
    ----------
    problem : ColoringProblem
        With `k`, the first coloring of at most k classes answers it.
    search : Search
        Where incumbents and bounds go; its workers are threads, one of them the caller's.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled, or nothing is left to try. The message says what was
        done.
    """
    adjacency = problem.graph.conflicts
    # Before any bound: a coloring is what a short time limit is there for.
    greedy = dsatur(adjacency, search)
    if greedy is None:
        return Outcome(StopReason.TIME, message="the time ended before every node had a color")
    if int(greedy[0].max(initial=-1)) < problem.max_colors:
        search.offer(greedy[0])
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    if search.answered():
        met = "the classes asked for" if problem.k is not None else "a clique"
        return Outcome(StopReason.COMPLETED, message=f"DSATUR, which meets {met}")
    reduction = reduce_coloring(
        adjacency, int(search.lower_bound or 0), deadline=search.started + 0.2 * _limit(search)
    )
    outcome = _Parts(problem, search, reduction, greedy[0]).run()
    size, whole = reduction.kernel.num_nodes, adjacency.num_nodes
    told = [f"reduced from {whole:,} to {counted(size, 'node')}"] if size < whole else []
    message = "; ".join([*told, *filter(None, [outcome.message])])
    return Outcome(outcome.stop_reason, outcome.infeasible, message)


def _limit(search: Search) -> float:
    return search.deadline - search.started


class _Parts:
    """The kernel's components, and the best coloring of each."""

    def __init__(
        self,
        problem: ColoringProblem,
        search: Search,
        reduction: Reduction,
        colors: NDArray[np.int32],
    ) -> None:
        self._problem = problem
        self._search = search
        self._reduction = reduction
        self._colors = colors[reduction.nodes]

    def run(self) -> Outcome:
        """Color the parts, the largest first; each has a share of the time by its nodes."""
        search = self._search
        if search.out_of_time():  # each of the steps below takes long in a large graph
            return Outcome(StopReason.TIME)
        parts = components(self._reduction.kernel)
        if not parts:
            search.offer(self._reduction.lift(self._colors))
            return Outcome(StopReason.COMPLETED)
        left = sum(len(nodes) for nodes in parts)
        reason, messages = StopReason.COMPLETED, []
        for nodes in parts:
            share = len(nodes) / left
            left -= len(nodes)
            if search.answered():
                break
            if search.out_of_time():
                reason = StopReason.TIME
                break
            outcome = self._one(nodes, share)
            if outcome.infeasible:
                return outcome
            if outcome.message not in messages:
                messages.append(outcome.message)
            if outcome.stop_reason is not StopReason.COMPLETED:
                reason = outcome.stop_reason
        return Outcome(
            StopReason.COMPLETED if search.answered() else reason, message="; ".join(messages)
        )

    def _one(self, nodes: NDArray[np.int64], share: float) -> Outcome:
        """Color one part; what is found is a coloring of the whole with the others' best."""

        def lift(colors: NDArray[np.int32]) -> NDArray[np.int32] | None:
            self._colors[nodes] = colors
            # Some other part may not have few enough yet.
            if int(self._colors.max()) >= self._problem.max_colors:
                return None
            return self._reduction.lift(self._colors)

        whole = len(nodes) == self._reduction.kernel.num_nodes
        part = self._reduction.kernel if whole else induced(self._reduction.kernel, nodes)
        if self._search.out_of_time():
            return Outcome(StopReason.TIME)
        problem = ColoringProblem(_graph(part), self._problem.k)
        inner = self._search.within(problem, lift, float, share)
        # Numbers without gaps: the greedy coloring of the whole is also one of the part.
        colors = np.unique(self._colors[nodes], return_inverse=True)[1].astype(np.int32)
        self._colors[nodes] = colors
        try:
            return race(problem, inner, colors)
        finally:
            self._search.refusal = self._search.refusal or inner.refusal


def _graph(adjacency: Adjacency) -> ConflictGraph:
    # Its edges need no sorting again, which takes a second where there are millions.
    count = adjacency.num_nodes
    nothing = Adjacency.from_edges(count, np.empty((0, 2), dtype=np.int64), ())
    return ConflictGraph(adjacency, nothing, labels=None, sizes=np.ones(count))
