"""Correlation clustering proven: cutting planes at the root, then branching on pairs."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geocolor.errors import InputError
from geocolor.problem import CorrelationClusteringProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.edge_lp.certificate import FINE, EdgeBound
from geocolor.solvers.edge_lp.cuts import pair_indices, separate
from geocolor.solvers.edge_lp.relaxation import EdgeRelaxation
from geocolor.solvers.local_search import settle
from geocolor.solvers.memory import too_much
from geocolor.solvers.result import StopReason
from geocolor.solvers.scaling import scale_weights
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.spectral import improve
from geocolor.solvers.start import begin, stopped
from geocolor.wording import counted

__all__ = ["LARGEST", "prove_by_edges", "solve_edge_lp"]

# Nodes of the largest graph whose pairs are worth columns.
LARGEST = 400
# Bytes for each pair, with the cuts that come in: 90 MB were measured at 200 nodes.
_BYTES_A_PAIR = 5_000
_CLIQUE_WORK = 20_000_000
# Share of the time left that the heuristics get for a first clustering, and their most in seconds.
_SHARE, _SECONDS = 0.2, 2.0
# Rounds of cuts in which the bound may rise by next to nothing, relative to the gap.
_TAIL, _RISE = 5, 0.02
# Cuts that a round adds, at least and for each node.
_CUTS, _CUTS_A_NODE = 500, 10
# Sums of costs and of multipliers, in steps; the bound adds up each for hundreds of pairs.
_LARGEST_SUM = 2.0**53
# A pair this near to a half or the other answer is open.
_OPEN = 1e-6


def solve_edge_lp(problem: Problem, search: Search) -> Outcome:
    """Find the least cost of any clustering, and prove it.

    Heuristics give a first clustering. The linear program over the pairs gets triangle and
    two-partition inequalities as they are violated; its multipliers, in integers, give a bound, and
    decide pairs by their reduced costs; what is left open is branched on. Exponential time in the
    worst case.

    Grötschel and Wakabayashi, "A cutting plane algorithm for a clustering problem", Math. Program.
    45 (1989).

    Parameters
    ----------
    problem : CorrelationClusteringProblem
        Signed weights and hard conflicts.
    search : Search
        Gets incumbents and bounds.

    Returns
    -------
    Outcome
        COMPLETED if the clustering is proven.

    Raises
    ------
    InputError
        The weights spread too far for integers.
    """
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    assert isinstance(problem, CorrelationClusteringProblem)  # noqa: S101  the registry sees to it
    scale_weights(problem.graph.weights.edge_values())
    until = time.monotonic() + min(_SECONDS, _SHARE * search.remaining())
    improve(problem, search, Budget(search, until))
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    return prove_by_edges(problem, search)


def prove_by_edges(problem: CorrelationClusteringProblem, search: Search) -> Outcome:
    """Prove the incumbent, or find a better one and prove that; see :func:`solve_edge_lp`.

    Parameters
    ----------
    problem : CorrelationClusteringProblem
        The question.
    search : Search
        With an incumbent, without which nothing is done.
    """
    if search.coloring is None:
        return Outcome(stopped(search), message="no clustering is known to start from")
    if problem.graph.num_nodes > LARGEST:
        return Outcome(
            StopReason.COMPLETED, message=f"pairs of more than {LARGEST} nodes are not listed"
        )
    pairs = problem.graph.num_nodes * (problem.graph.num_nodes - 1) // 2
    refused = too_much(_BYTES_A_PAIR * pairs, "a linear program over all pairs")
    if refused is not None:
        return Outcome(StopReason.MEMORY, message=refused)
    return _Proof(problem, search).run()


@dataclass(order=True)
class _Branch:
    """Pairs decided, and the bound that holds then."""

    bound: int
    number: int
    together: NDArray[np.bool_] = field(compare=False)
    apart: NDArray[np.bool_] = field(compare=False)


class _Proof:
    def __init__(self, problem: CorrelationClusteringProblem, search: Search) -> None:
        graph = problem.graph
        self._problem = problem
        self._search = search
        self._budget = Budget(search, stream=search.workers + 5)
        count = graph.num_nodes
        self._pairs = pair_indices(count)
        scaled = scale_weights(graph.weights.edge_values())
        search.scaling_error = scaled.error
        self._scaled = scaled
        if float(np.abs(scaled.integers).sum(dtype=np.float64)) * FINE > _LARGEST_SUM:
            raise InputError("the weights are too large for integers; divide them")
        width = count * (count - 1) // 2
        self._costs = np.zeros(width, dtype=np.int64)
        self._costs[self._pairs[tuple(graph.weights.edges().T)]] = scaled.integers
        self._conflicts = np.zeros(width, dtype=np.bool_)
        self._conflicts[self._pairs[tuple(graph.conflicts.edges().T)]] = True
        # Costs of about one, which is what tolerances are made for.
        self._unit = float(max(1, np.abs(self._costs).max(initial=1)))
        self._relaxation = EdgeRelaxation(self._costs / self._unit, self._pairs)
        self._most = self._cost(self._incumbent())
        self._rounds = 0

    def run(self) -> Outcome:
        """Branch, the lowest bound first, until no branch is below the incumbent."""
        root = _Branch(-(1 << 62), 0, np.zeros_like(self._conflicts), self._conflicts)
        heap, number = [root], 0
        while heap and not self._halt():
            branch = heapq.heappop(heap)
            if branch.bound >= self._most:
                heap = []
                break
            pair = self._bound(branch)
            if branch.bound >= self._most:
                self._report(min([each.bound for each in heap], default=self._most))
                continue
            if pair is None:
                heapq.heappush(heap, branch)
                break
            for together in (True, False):
                number += 1
                child = _Branch(branch.bound, number, branch.together.copy(), branch.apart.copy())
                (child.together if together else child.apart)[pair] = True
                heapq.heappush(heap, child)
            self._report(heap[0].bound)
        self._report(min([each.bound for each in heap], default=self._most))
        cuts = counted(len(self._relaxation.cuts), "cut")
        told = f"{counted(self._rounds, 'linear program')}, {cuts}"
        return Outcome(
            stopped(self._search),
            message=f"{told}, {counted(number + 1, 'branch')}" if number else told,
        )

    def _bound(self, branch: _Branch) -> int | None:
        """Add cuts while the bound rises; the pair to branch on, None if time ran out."""
        relaxation = self._relaxation
        relaxation.fix(branch.together, branch.apart)
        most_cuts = max(_CUTS, _CUTS_A_NODE * len(self._pairs))
        stale = 0
        while True:
            if not relaxation.solve(self._halt):
                if not self._halt():
                    # No partition is left here.
                    branch.bound = self._most
                return None
            self._rounds += 1
            # Another thread may have found a better one.
            self._most = self._cost(self._incumbent())
            before = branch.bound
            self._raise(branch)
            if branch.bound >= self._most:
                return None
            if branch.number == 0:
                self._report(branch.bound)
            x = self._square(relaxation.x)
            self._round(x)
            if branch.bound >= self._most:
                return None
            gap = self._most - branch.bound
            stale = stale + 1 if branch.bound - before <= _RISE * gap else 0
            cuts = separate(x, most_cuts)
            open_pairs = np.minimum(relaxation.x, 1 - relaxation.x)
            if not len(cuts) or (stale >= _TAIL and open_pairs.max(initial=0.0) > _OPEN):
                if relaxation.sharp:
                    break
                relaxation.sharpen()
                stale = 0
                continue
            relaxation.drop_slack()
            relaxation.add(cuts)
        left = ~branch.together & ~branch.apart
        if not left.any():
            # One clustering, which has been offered.
            branch.bound = self._most
            return None
        # The dearest of the most open.
        score = open_pairs * (1 + np.abs(self._costs) / self._unit)
        return int(np.argmax(np.where(left, score, -1.0)))

    def _raise(self, branch: _Branch) -> None:
        """Raise the bound by the multipliers, and decide pairs by it."""
        steps = self._relaxation.multipliers * (self._unit * FINE)
        # Any multipliers give a bound; sums of very large ones would not fit.
        steps *= min(1.0, _LARGEST_SUM / max(1.0, float(steps.sum())))
        bound = EdgeBound(self._relaxation.cuts, np.floor(steps).astype(np.int64))
        value = bound.value(self._costs, branch.together, branch.apart)
        branch.bound = max(branch.bound, -(-value // FINE))
        # What an open pair's other answer would add takes it out of what could be better.
        reduced = bound.reduced(self._costs)
        decided = (
            ~branch.together & ~branch.apart & (value + np.abs(reduced) > (self._most - 1) * FINE)
        )
        together, apart = decided & (reduced < 0), decided & (reduced > 0)
        if together.any() or apart.any():
            branch.together, branch.apart = branch.together | together, branch.apart | apart
            self._relaxation.fix(branch.together, branch.apart)

    def _round(self, x: NDArray[np.float64]) -> None:
        """Make a clustering of what is mostly together, and improve it."""
        near = connected_components(csr_array(x > 0.5), directed=False)[1].astype(np.int32)
        graph = self._problem.graph
        edges = graph.conflicts.edges()
        if (near[edges[:, 0]] == near[edges[:, 1]]).any():
            return
        colors = settle(graph, near, graph.num_nodes, self._budget)
        self._search.offer(colors)
        self._most = self._cost(self._incumbent())

    def _square(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        square = x[self._pairs]
        np.fill_diagonal(square, 0.0)
        return square

    def _incumbent(self) -> NDArray[np.int32]:
        assert self._search.coloring is not None  # noqa: S101  asked before
        return self._search.coloring.colors

    def _cost(self, colors: NDArray[np.int32]) -> int:
        first, second = np.triu_indices(len(colors), 1)
        return int(self._costs[colors[first] == colors[second]].sum())

    def _report(self, bound: int) -> None:
        bound = min(bound, self._most)
        if bound > -(1 << 61):
            self._search.raise_lower_bound(self._scaled.lower_bound(bound))

    def _halt(self) -> bool:
        return self._search.out_of_time()
