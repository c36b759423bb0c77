"""Which heads of a model should share a basis: agglomeration against the search, and a graph."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geocolor.bench.models.head_units import Heads
from geocolor.bench.plaintext import plain_table
from geocolor.compression.progress import Progress, silent
from geocolor.criterion import oriented_views
from geocolor.criterion.stacked import StackedValues
from geocolor.errors import SolverError
from geocolor.graph import ConflictGraph
from geocolor.problem import GroupOracle, GroupPartitionProblem
from geocolor.solvers import SolveResult, solve
from geocolor.solvers.compiling import compile_kernels
from geocolor.solvers.search import Progress as SearchProgress

__all__ = ["Found", "HeadGrouping", "group_heads", "head_graph", "table"]

# Decimals of a graph's weights, in nats: a millionth of what a head costs.
_DECIMALS = 9
# Pairs valued between two words on progress.
_AT_ONCE = 100


@dataclass(frozen=True)
class Found:
    """What one solver found.

    Attributes
    ----------
    value : float
        Cost in nats plus price times parameters.
    groups, largest : int
        Groups of two heads and more, and heads in the largest.
    evaluations : int
        Groups whose value was computed exactly.
    told : str
        The solver's own words.
    seconds : float
        Wall clock.
    """

    value: float
    groups: int
    largest: int
    evaluations: int
    told: str
    seconds: float


@dataclass(frozen=True)
class HeadGrouping:
    """The heads of a model, grouped at one price.

    Attributes
    ----------
    keep, price : float
        Share kept of the whole model's matrices, and the nats per parameter that it means.
    heads, candidates : int
        Heads, and pairs of them that may be merged.
    private : float
        Value of all heads on their own.
    agglomeration, search : Found
    better : float
        Percent by which the search is below agglomeration.
    lower_bound, gap : float
        No grouping of any heads costs less; and the share of the search's value above it.
    members : tuple of tuple of str
        The groups found, by head.
    """

    keep: float
    price: float
    heads: int
    candidates: int
    private: float
    agglomeration: Found
    search: Found
    better: float
    lower_bound: float
    gap: float
    members: tuple[tuple[str, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def group_heads(
    heads: Heads,
    keep: float,
    *,
    reach: int,
    time_limit: float,
    seed: int = 0,
    on_progress: SearchProgress | None = None,
) -> HeadGrouping:
    """Group heads at the price of a budget, by agglomeration and by the search.

    Parameters
    ----------
    heads : Heads
        With the price of `keep`.
    keep : float
        Share of the model's matrices.
    reach : int
        Layers that two heads may be apart to be merged.
    time_limit : float
        Seconds that each of both may take.
    seed : int
        Of the search.
    on_progress : callable, optional
        Told of better groupings.

    Raises
    ------
    SolverError
        The time was too short for any grouping.
    """
    price = heads.prices[keep]
    values, labels = _values(heads, keep), [unit.name for unit in heads.slices.units]
    pairs = np.argwhere(np.triu(_near(heads, reach), 1))
    graph = ConflictGraph.from_edges(len(labels), pairs, np.zeros(len(pairs)), labels=labels)

    def solved(name: str) -> tuple[SolveResult, Found]:
        oracle = GroupOracle(values, values.floors, values.estimate)
        problem = GroupPartitionProblem(graph, len(labels), oracle)
        result = solve(
            problem, name, time_limit=time_limit, seed=seed, workers=1, on_progress=on_progress
        )
        if result.coloring is None or result.objective is None:
            raise SolverError(
                f"{time_limit:g} s are too short to price {len(labels)} heads on their own, with "
                f"which {name} begins; give more time"
            )
        sizes = np.bincount(result.coloring.colors)
        found = Found(
            result.objective,
            int((sizes > 1).sum()),
            int(sizes.max()),
            oracle.evaluations,
            result.message,
            result.runtime,
        )
        return result, found

    for name in ("agglomeration", "oracle"):
        compile_kernels(name, GroupPartitionProblem.kind)
    _, greedy = solved("agglomeration")
    result, best = solved("oracle")
    assert result.coloring is not None and result.lower_bound is not None  # noqa: S101, PT018  floors
    return HeadGrouping(
        keep=keep,
        price=price,
        heads=len(labels),
        candidates=len(pairs),
        private=float(values(np.eye(len(labels), dtype=np.bool_)).sum()),
        agglomeration=greedy,
        search=best,
        better=100 * (1 - best.value / greedy.value),
        lower_bound=result.lower_bound,
        gap=1 - result.lower_bound / best.value,
        members=tuple(
            tuple(labels[at] for at in np.flatnonzero(result.coloring.colors == color))
            for color in range(result.coloring.num_colors)
        ),
    )


def head_graph(
    heads: Heads, keep: float, *, reach: int, on_progress: Progress = silent
) -> ConflictGraph:
    """Weigh pairs of heads: what two on one basis cost more than each by itself, at a price.

    Parameters
    ----------
    heads : Heads
        With the price of `keep`.
    keep : float
        Share of the model's matrices.
    reach : int
        Layers that two heads may be apart; those further apart are in hard conflict.
    on_progress : callable, optional
        Told of pairs done.

    Returns
    -------
    ConflictGraph
        Heads by name, with their parameters as sizes; weights in nats, in multiples of 1e-9, of
        which negative ones gain.
    """
    values = _values(heads, keep)
    units, near = heads.slices.units, _near(heads, reach)
    count = len(units)
    pairs = np.argwhere(np.triu(near, 1))
    alone = values(np.eye(count, dtype=np.bool_))
    weights = np.empty(len(pairs))
    for at in range(0, len(pairs), _AT_ONCE):
        some = pairs[at : at + _AT_ONCE]
        rows = np.zeros((len(some), count), dtype=np.bool_)
        rows[np.arange(len(some))[:, None], some] = True
        weights[at : at + _AT_ONCE] = values(rows) - alone[some].sum(axis=1)
        on_progress("pricing pairs of heads", min(at + _AT_ONCE, len(pairs)), len(pairs))
    return ConflictGraph.from_edges(
        count,
        pairs,
        np.round(weights, _DECIMALS),
        conflicts=np.argwhere(np.triu(~near, 1)),
        labels=[unit.name for unit in units],
        sizes=[unit.parameters for unit in units],
    )


def _values(heads: Heads, keep: float) -> StackedValues:
    # Matrices this small are quicker without threads that wait for each other.
    torch.set_num_threads(1)
    slices = heads.slices
    # Views hold a second moment each, a gigabyte in all that nobody needs afterwards.
    views = oriented_views(slices.units, slices.weights, slices.curvature)
    return StackedValues(list(views.values()), heads.prices[keep])


def _near(heads: Heads, reach: int) -> NDArray[np.bool_]:
    layers = np.array([unit.layer for unit in heads.slices.units])
    near: NDArray[np.bool_] = np.abs(layers[:, None] - layers) <= reach
    return near


def table(groupings: list[HeadGrouping]) -> str:
    """Give groupings as a table in plain text."""
    header = ("keep", "price", "heads by", "value", "groups", "evaluations", "seconds", "better")
    rows = []
    for found in groupings:
        start = (f"{found.keep:g}", f"{found.price:.4g}")
        rows.append((*start, "themselves", f"{found.private:.6f}", "", "", "", ""))
        for name, by, better in (
            ("agglomeration", found.agglomeration, ""),
            ("search", found.search, f"{found.better:.2f}%"),
        ):
            counts = (str(by.groups), str(by.evaluations), f"{by.seconds:.0f}", better)
            rows.append(("", "", name, f"{by.value:.6f}", *counts))
        rows.append(
            ("", "", "bound", f"{found.lower_bound:.6f}", "", "", "", f"gap {found.gap:.0%}")
        )
    return plain_table(header, rows, left=3)
