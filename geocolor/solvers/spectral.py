"""Spectral embedding, rounding under hard conflicts, local search."""

from __future__ import annotations

import time

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh

from geocolor.blas import one_blas_thread
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.chains import exchange
from geocolor.solvers.contraction import offer_contraction
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.fixed_k import kcolor, table_fits
from geocolor.solvers.kernels.moving import rounding_chunk
from geocolor.solvers.local_search import polish, settle
from geocolor.solvers.partition_search import improve_partition
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin
from geocolor.solvers.tabucol import fewer_colors
from geocolor.wording import counted

__all__ = ["embed", "improve", "solve_spectral"]

# Up to this many nodes all eigenvectors are computed at once; it takes 10 ms.
_DENSE = 200
_DIMENSIONS = 12
_MATVECS = 600
# Starting points; the local search runs from each.
_ROUNDINGS = 3
_CHUNK = 5_000_000
_CLIQUE_WORK = 100_000_000


class _OutOfTimeError(Exception):
    """Ends an eigensolver from within its matrix product."""


def solve_spectral(problem: Problem, search: Search) -> Outcome:
    """Round a spectral embedding and improve it until nothing helps for long.

    Parameters
    ----------
    problem : Problem
        Any kind.
    search : Search
        Gets every improvement; its time and iterations are the budget.

    Returns
    -------
    Outcome
        COMPLETED if the search converged by itself.
    """
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    return improve(problem, search, Budget(search), embedded=True)


def improve(problem: Problem, search: Search, budget: Budget, *, embedded: bool = False) -> Outcome:
    """Run the embedding, the roundings and the local search within `budget`.

    Parameters
    ----------
    problem : Problem
        Any kind.
    search : Search
        Gets every improvement.
    budget : Budget
        What may be spent.
    embedded : bool
        Whether to embed in any case. Partitions of more than some nodes are else annealed from the
        incumbent at once, or from what contraction makes: the time is worth more there.
    """
    if not (embedded or isinstance(problem, ColoringProblem)) and problem.graph.num_nodes > _DENSE:
        if search.coloring is None:
            offer_contraction(problem, search, budget)
        if search.coloring is not None:
            if not budget.over():
                improve_partition(problem, search, budget)
            return Outcome(StopReason.COMPLETED if search.answered() else budget.reason())
    return _improve_embedded(problem, search, budget)


def _improve_embedded(problem: Problem, search: Search, budget: Budget) -> Outcome:
    greedy = dsatur(problem.graph.conflicts, search)
    if greedy is None:
        return Outcome(StopReason.TIME, message="the time ended before every node had a class")
    colors, order = greedy
    # A partition at once, so that there is one however large the graph is.
    if int(colors.max()) < problem.max_colors:
        search.offer(colors)
        if not isinstance(problem, ColoringProblem) and not search.answered():
            most = min(problem.max_colors, problem.graph.num_nodes)
            search.offer(settle(problem.graph, colors, most, budget))
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    if budget.over():
        return Outcome(budget.reason())
    embedding = embed(problem, search, budget)
    orders = _orders(problem, order, budget)
    if isinstance(problem, ColoringProblem):
        reason = _color(problem, search, budget, embedding, orders)
    else:
        reason = _partition(problem, search, budget, embedding, orders)
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    if search.coloring is not None:
        return Outcome(reason)
    return Outcome(
        reason,
        message=f"no partition into {counted(problem.max_colors, 'class')} without a hard "
        "conflict was found; there may be none",
    )


@one_blas_thread()
def embed(problem: Problem, search: Search, budget: Budget) -> NDArray[np.float64]:
    """Embed nodes so that those that should share a class point the same way.

    The rows, normalized, of the eigenvectors with the most negative eigenvalues of the
    normalized matrix of weights and hard conflicts: what is cheap together comes together.

    Returns
    -------
    ndarray of shape (num_nodes, dimensions)
        All alike, which leaves the rounding to the conflicts, if a third of the budget's time
        was not enough.
    """
    graph = problem.graph
    count = graph.num_nodes
    matrix = _matrix(problem)
    scale = 1.0 / np.sqrt(np.maximum(np.abs(matrix).sum(axis=1), 1e-300))
    scale[scale > 1e140] = 0.0
    if count <= _DENSE:
        values, vectors = np.linalg.eigh(matrix.toarray() * scale[:, None] * scale[None, :])
        values, vectors = values[:_DIMENSIONS], vectors[:, :_DIMENSIONS]
    else:
        start = np.random.default_rng(search.seed).standard_normal(count)
        until = time.monotonic() + budget.seconds_left() / 3

        def product(x: NDArray[np.float64]) -> NDArray[np.float64]:
            if time.monotonic() >= until:
                raise _OutOfTimeError
            flat = x.ravel()
            out: NDArray[np.float64] = scale * (matrix @ (scale * flat))
            return out

        operator = LinearOperator((count, count), matvec=product, dtype=np.float64)
        try:
            values, vectors = eigsh(
                operator, k=_DIMENSIONS, which="SA", v0=start, tol=1e-2, maxiter=_MATVECS
            )
        except _OutOfTimeError:
            return np.ones((count, 1))
        except ArpackNoConvergence as partial:
            values, vectors = partial.eigenvalues, partial.eigenvectors
        except ArpackError:  # the start lies in an invariant subspace: no edges, say
            values, vectors = np.empty(0), np.empty((count, 0))
    kept = values < -1e-9
    rows = vectors[:, kept] * np.sqrt(-values[kept])
    if rows.shape[1] == 0:
        return np.ones((count, 1))
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows / np.maximum(norms, 1e-12))


def _matrix(problem: Problem) -> sp.csr_array:
    """Weights, and hard conflicts as heavy as the heaviest weight."""
    graph = problem.graph
    count = graph.num_nodes
    shape = (count, count)
    hard, soft = graph.conflicts, graph.weights
    conflicts = sp.csr_array((np.ones(len(hard.indices)), hard.indices, hard.indptr), shape=shape)
    if isinstance(problem, ColoringProblem) or soft.values is None or not len(soft.values):
        return conflicts
    heaviest = float(np.abs(soft.values).max()) or 1.0
    weights = sp.csr_array((soft.values / heaviest, soft.indices, soft.indptr), shape=shape)
    return sp.csr_array(weights + conflicts)


def _rounded(
    problem: Problem,
    embedding: NDArray[np.float64],
    order: NDArray[np.int32],
    most: int,
    threshold: float,
    budget: Budget,
) -> NDArray[np.int32] | None:
    """Round once, in the given order; None if the budget ran out."""
    conflicts = problem.graph.conflicts
    colors = np.full(len(order), -1, dtype=np.int32)
    sums = np.zeros((most, embedding.shape[1]))
    position, used = 0, 0
    while position < len(order):
        if budget.over():
            return None
        position, used = rounding_chunk(
            conflicts.indptr,
            conflicts.indices,
            embedding,
            colors,
            sums,
            order,
            position,
            used,
            most,
            threshold,
            _CHUNK,
        )
    return colors


def _holds(problem: Problem, colors: NDArray[np.int32]) -> bool:
    edges = problem.graph.conflicts.edges()
    return not bool((colors[edges[:, 0]] == colors[edges[:, 1]]).any())


def _orders(
    problem: Problem, saturation: NDArray[np.int32], budget: Budget
) -> list[NDArray[np.int32]]:
    """Order nodes for rounding: as DSATUR colored them, by degree, then at random."""
    count = problem.graph.num_nodes
    degrees = problem.graph.conflicts.degrees + problem.graph.weights.degrees
    by_degree = np.argsort(-degrees, kind="stable").astype(np.int32)
    rest = [budget.random.permutation(count).astype(np.int32) for _ in range(_ROUNDINGS - 2)]
    return [saturation, by_degree, *rest]


def _color(
    problem: ColoringProblem,
    search: Search,
    budget: Budget,
    embedding: NDArray[np.float64],
    orders: list[NDArray[np.int32]],
) -> StopReason:
    """Round in several orders, then take the best to fewer classes by TabuCol."""
    graph = problem.graph
    best: NDArray[np.int32] | None = None
    most = int(graph.conflicts.degrees.max(initial=0)) + 1
    for order in orders:
        colors = _rounded(problem, embedding, order, most, -2.0, budget)
        if colors is None:
            break
        if best is None or colors.max() < best.max():
            best = colors
            if colors.max() < problem.max_colors:
                search.offer(colors)
                if search.answered():
                    return StopReason.COMPLETED
    if best is None:
        return budget.reason()
    start = best if search.coloring is None else search.coloring.colors
    return fewer_colors(problem, search, budget, start)


def _partition(
    problem: Problem,
    search: Search,
    budget: Budget,
    embedding: NDArray[np.float64],
    orders: list[NDArray[np.int32]],
) -> StopReason:
    """Round and settle from several starting points, then anneal what came out best."""
    graph = problem.graph
    most = min(problem.max_colors, graph.num_nodes)
    for number, order in enumerate(orders):
        # A wide and a narrow cone in turn: few large classes, then many small ones.
        threshold = 0.0 if number % 2 == 0 else 0.5
        colors = _rounded(problem, embedding, order, most, threshold, budget)
        if colors is None or budget.over():
            break
        if not _holds(problem, colors):
            repaired = kcolor(graph.conflicts, colors, most, budget, 100 * graph.num_nodes)
            if repaired is None:
                continue
            colors = repaired
        colors = exchange(graph, settle(graph, colors, most, budget), most, budget)
        search.offer(settle(graph, colors, most, budget))
        if search.answered():
            return StopReason.COMPLETED
    if search.coloring is None:
        _repair(problem, search, budget, embedding, orders[0])
    if search.coloring is not None:
        improve_partition(problem, search, budget)
    return budget.reason()


def _repair(
    problem: Problem,
    search: Search,
    budget: Budget,
    embedding: NDArray[np.float64],
    order: NDArray[np.int32],
) -> None:
    """Look for a first partition by tabu search with a price for conflicts."""
    most = min(problem.max_colors, problem.graph.num_nodes)
    colors = _rounded(problem, embedding, order, most, 0.5, budget)
    if colors is not None and table_fits(len(colors), most):
        polish(problem, search, colors, most, budget, 5_000 + 100 * len(colors))
