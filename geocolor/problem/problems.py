"""What can be asked of a conflict graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph

__all__ = [
    "ColoringProblem",
    "CorrelationClusteringProblem",
    "PartitionProblem",
    "Problem",
    "problem_for",
]


def _checked_k(k: int) -> int:
    if isinstance(k, bool) or not isinstance(k, int | np.integer):
        raise InputError(f"the number of classes must be an integer, not {k!r}")
    if k < 1:
        raise InputError(f"the number of classes must be at least 1, not {k}")
    return int(k)


def _cost_inside(graph: ConflictGraph, colors: NDArray[np.int32]) -> float:
    """Total weight inside classes; the fast sum, the checker has its own."""
    edges = graph.weights.edges()
    inside = colors[edges[:, 0]] == colors[edges[:, 1]]
    return float(graph.weights.edge_values()[inside].sum())


@dataclass(frozen=True, eq=False)
class ColoringProblem:
    """Fewest classes without a hard conflict inside any; weights play no part.

    Parameters
    ----------
    graph : ConflictGraph
        Its hard conflicts are the edges.
    k : int, optional
        Ask for at most k classes instead. Any such coloring answers the question; it is OPTIMAL
        only if fewer classes are proven impossible, and INFEASIBLE says that none exists.

    Raises
    ------
    InputError
        `k` is not a positive integer.
    """

    graph: ConflictGraph
    k: int | None = None
    kind: ClassVar[str] = "coloring"

    def __post_init__(self) -> None:
        if self.k is not None:
            object.__setattr__(self, "k", _checked_k(self.k))

    @property
    def max_colors(self) -> int:
        """Most classes a solution may have."""
        return self.graph.num_nodes if self.k is None else self.k

    def objective(self, colors: NDArray[np.int32]) -> float:
        """Count the classes in use."""
        return float(len(np.unique(colors)))


@dataclass(frozen=True, eq=False)
class PartitionProblem:
    """Min-k-partition: at most k classes, no hard conflict inside, least weight inside.

    Parameters
    ----------
    graph : ConflictGraph
        Weighted pairs and hard conflicts. Weights may be negative.
    k : int
        Most classes.

    Raises
    ------
    InputError
        `k` is not a positive integer.
    """

    graph: ConflictGraph
    k: int
    kind: ClassVar[str] = "partition"

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", _checked_k(self.k))

    @property
    def max_colors(self) -> int:
        """Most classes a solution may have."""
        return self.k

    def objective(self, colors: NDArray[np.int32]) -> float:
        """Add up the weights inside classes."""
        return _cost_inside(self.graph, colors)


@dataclass(frozen=True, eq=False)
class CorrelationClusteringProblem:
    """Least total signed weight inside classes, any number of classes.

    Also known as clique partitioning. Negative weights attract, positive weights repel.

    Parameters
    ----------
    graph : ConflictGraph
        Weighted pairs and hard conflicts.
    """

    graph: ConflictGraph
    kind: ClassVar[str] = "correlation"

    @property
    def max_colors(self) -> int:
        """Most classes a solution may have."""
        return self.graph.num_nodes

    def objective(self, colors: NDArray[np.int32]) -> float:
        """Add up the weights inside classes."""
        return _cost_inside(self.graph, colors)


Problem = ColoringProblem | PartitionProblem | CorrelationClusteringProblem


def problem_for(graph: ConflictGraph) -> Problem:
    """Choose the question a bare graph asks.

    Without weights it is a coloring problem; with a negative weight it is correlation clustering.

    Raises
    ------
    InputError
        All weights are positive: a partition needs the number of classes.
    """
    if not graph.is_weighted:
        return ColoringProblem(graph)
    if (graph.weights.edge_values() < 0).any():
        return CorrelationClusteringProblem(graph)
    raise InputError(
        "the graph has only positive weights: say how many classes, PartitionProblem(graph, k) "
        "or --problem partition --colors K; or color its hard conflicts alone, "
        "ColoringProblem(graph) or --problem coloring"
    )
