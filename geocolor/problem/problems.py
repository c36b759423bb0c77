"""What can be asked of a conflict graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.arguments import checked_whole
from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.graph.read_only import ReadOnlyArrays
from geocolor.problem.capacities import checked_capacity, checked_sizes
from geocolor.problem.group_costs import GroupCost, GroupOracle, NormalizedPairSum
from geocolor.problem.restrictions import (
    Allowed,
    Fixed,
    allowed_colors,
    fixed_colors,
    require_allowed,
)

__all__ = [
    "ColoringProblem",
    "CorrelationClusteringProblem",
    "EquitableColoringProblem",
    "GroupPartitionProblem",
    "PartitionProblem",
    "Problem",
    "problem_for",
]


# What makes a conflict graph of the graphs and matrices of other libraries.
_MAKERS = {
    "igraph": "from_igraph(graph)",
    "networkx": "from_networkx(graph)",
    "numpy": "from_dense(weights, conflicts)",
    "scipy": "from_scipy(weights, conflicts)",
}


def _require_graph(graph: Any) -> None:
    if isinstance(graph, ConflictGraph):
        return
    kind = type(graph)
    made = _MAKERS.get(kind.__module__.partition(".")[0], "from_edges(num_nodes, edges)")
    raise InputError(
        f"a ConflictGraph is needed, not a {kind.__name__}: ConflictGraph.{made} makes one"
    )


def _checked_k(k: int) -> int:
    number = checked_whole("number of classes", k)
    if number < 1:
        raise InputError(f"the number of classes must be at least 1, not {number}")
    return number


def _cost_inside(graph: ConflictGraph, colors: NDArray[np.int32]) -> float:
    """Total weight inside classes; the fast sum, the checker has its own."""
    edges = graph.weights.edges()
    inside = colors[edges[:, 0]] == colors[edges[:, 1]]
    return float(graph.weights.edge_values()[inside].sum())


@dataclass(frozen=True, eq=False, init=False)
class ColoringProblem:
    """Fewest classes without a hard conflict inside any; weights play no part.

    With `fixed` or `allowed` the numbers of the colors mean something: they are kept in the answer,
    where a plain coloring numbers its classes by first appearance.

    Parameters
    ----------
    graph : ConflictGraph
        Its hard conflicts are the edges.
    k : int, optional
        Ask for at most k classes instead. Any such coloring answers the question; it is OPTIMAL
        only if fewer classes are proven impossible, and INFEASIBLE says that none exists. With
        `fixed` or `allowed`, the colors are 0 to ``k - 1``.
    fixed : mapping of int or str to int, or array_like of int, shape (num_nodes,), optional
        Precoloring: the color of some nodes, by number or label; in an array, -1 leaves a node
        free. Without `k`, still the fewest classes in all are sought; the fixed ones count, and the
        others take the lowest numbers left.
    allowed : mapping of int or str to collection of int, optional
        List coloring: the colors that a node may have. A node without a list may have any color
        of the palette, which is 0 to ``k - 1`` or, without `k`, all colors that a list or `fixed`
        names. Any coloring that keeps to the lists answers the question, as with `k`: it is
        OPTIMAL only where it happens to use no more colors than a proven bound, and INFEASIBLE
        says that none exists.

    Attributes
    ----------
    fixed : mapping of int to int, or None
        By node number; None if no node is fixed.
    allowed : mapping of int to frozenset of int, or None
        By node number; None if no node has a list.

    Raises
    ------
    InputError
        `graph` is no conflict graph; `k` is not a positive integer; a node or color does not exist;
        neighbors are fixed to the same color; a list is empty, or does not have the color that its
        node is fixed to.
    LimitError
        The lists have more than 10,000,000 entries in all.

    Examples
    --------
    >>> path = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], labels="abc")
    >>> ColoringProblem(path, fixed={"a": 0, "c": 1}).fixed[2]
    1
    """

    graph: ConflictGraph
    k: int | None
    fixed: Mapping[int, int] | None
    allowed: Mapping[int, frozenset[int]] | None
    kind: ClassVar[str] = "coloring"

    def __init__(
        self,
        graph: ConflictGraph,
        k: int | None = None,
        fixed: Fixed | None = None,
        allowed: Allowed | None = None,
    ) -> None:
        _require_graph(graph)
        most = None if k is None else _checked_k(k)
        colors, lists = fixed_colors(graph, fixed, most), allowed_colors(graph, allowed, most)
        if colors is not None and lists is not None:
            require_allowed(graph, colors, lists)
        for name, value in (("graph", graph), ("k", most), ("fixed", colors), ("allowed", lists)):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what can be: a view of a mapping cannot."""
        fixed = None if self.fixed is None else dict(self.fixed)
        allowed = None if self.allowed is None else dict(self.allowed)
        return type(self), (self.graph, self.k, fixed, allowed)

    @property
    def is_restricted(self) -> bool:
        """Whether some node may not have any color, so that the numbers of colors matter."""
        return self.fixed is not None or self.allowed is not None

    @property
    def any_answers(self) -> bool:
        """Whether any solution answers the question: k classes or lists are given."""
        return self.k is not None or self.allowed is not None

    @property
    def max_colors(self) -> int:
        """Most classes a solution may have."""
        return self.graph.num_nodes if self.k is None else self.k

    def objective(self, colors: NDArray[np.int32]) -> float:
        """Count the classes in use."""
        return float(len(np.unique(colors)))


@dataclass(frozen=True, eq=False)
class EquitableColoringProblem:
    """Fewest classes without a hard conflict inside any, their sizes differing by at most one.

    Parameters
    ----------
    graph : ConflictGraph
        Its hard conflicts are the edges.
    k : int, optional
        Ask for exactly k classes instead (of which some stay empty if there are fewer nodes). An
        equitable coloring with k classes does not imply one with more. The number of classes being
        given, any answer is OPTIMAL, and INFEASIBLE says that none exists.

    Raises
    ------
    InputError
        `graph` is no conflict graph, or `k` no positive integer.
    """

    graph: ConflictGraph
    k: int | None = None
    kind: ClassVar[str] = "equitable"

    def __post_init__(self) -> None:
        _require_graph(self.graph)
        if self.k is not None:
            object.__setattr__(self, "k", _checked_k(self.k))

    @property
    def any_answers(self) -> bool:
        """Whether any solution answers the question: k is given."""
        return self.k is not None

    @property
    def max_colors(self) -> int:
        """Most classes a solution may have."""
        return self.graph.num_nodes if self.k is None else self.k

    def objective(self, colors: NDArray[np.int32]) -> float:
        """Count the classes in use."""
        return float(len(np.unique(colors)))


@dataclass(frozen=True, eq=False, init=False)
class PartitionProblem(ReadOnlyArrays):
    """Min-k-partition: at most k classes, no hard conflict inside, least weight inside.

    Parameters
    ----------
    graph : ConflictGraph
        Weighted pairs and hard conflicts. Weights may be negative.
    k : int
        Most classes.
    sizes : array_like of int, shape (num_nodes,), optional
        Positive size of each node, for `capacity`; the graph's own unless given, which must be
        whole numbers then.
    capacity : int, optional
        What the nodes of a class add up to at most.

    Attributes
    ----------
    sizes : ndarray of int64, shape (num_nodes,), or None
        None without a capacity.
    kind : str
        ``capacitated-partition`` with a capacity, else ``partition``.

    Raises
    ------
    InputError
        `graph` is no conflict graph, `k` or `capacity` is not a positive integer, there are sizes
        without a capacity, or they are not one positive integer for each node, within the capacity.

    Examples
    --------
    >>> square = ConflictGraph.from_edges(4, [(0, 1), (2, 3)], [5.0, 5.0])
    >>> PartitionProblem(square, 2, sizes=[1, 2, 1, 2], capacity=3).kind
    'capacitated-partition'
    """

    graph: ConflictGraph
    k: int
    sizes: NDArray[np.int64] | None
    capacity: int | None

    def __init__(
        self,
        graph: ConflictGraph,
        k: int,
        sizes: ArrayLike | None = None,
        capacity: int | None = None,
    ) -> None:
        _require_graph(graph)
        if capacity is None and sizes is not None:
            raise InputError("sizes say nothing without a capacity: give capacity=, or leave both")
        room = None if capacity is None else checked_capacity(capacity)
        held = None if room is None else checked_sizes(graph, sizes, room)
        for name, value in (
            ("graph", graph),
            ("k", _checked_k(k)),
            ("sizes", held),
            ("capacity", room),
        ):
            object.__setattr__(self, name, value)

    @property
    def kind(self) -> str:
        """What solvers that know nothing of capacities tell it from."""
        return "partition" if self.capacity is None else "capacitated-partition"

    @property
    def max_colors(self) -> int:
        """Most classes a solution may have."""
        return self.k

    def objective(self, colors: NDArray[np.int32]) -> float:
        """Add up the weights inside classes."""
        return _cost_inside(self.graph, colors)


@dataclass(frozen=True, eq=False)
class GroupPartitionProblem:
    """At most k classes, no hard conflict inside, least total cost of the classes.

    Parameters
    ----------
    graph : ConflictGraph
        Hard conflicts, and weights that say what pairs cost.
    k : int
        Most classes.
    cost : GroupCost
        What a class costs: :class:`~geocolor.problem.group_costs.NormalizedPairSum`, or a
        :class:`~geocolor.problem.group_costs.GroupOracle`. For plain sums over pairs there is
        :class:`PartitionProblem`.

    Raises
    ------
    InputError
        `graph` is no conflict graph, `k` no positive integer, or `cost` neither of the two.
    """

    graph: ConflictGraph
    k: int
    cost: GroupCost
    kind: ClassVar[str] = "group-partition"

    def __post_init__(self) -> None:
        _require_graph(self.graph)
        object.__setattr__(self, "k", _checked_k(self.k))
        if not isinstance(self.cost, NormalizedPairSum | GroupOracle):
            raise InputError(
                f"the cost must be NormalizedPairSum() or a GroupOracle(function), not "
                f"{self.cost!r}"
            )

    @property
    def max_colors(self) -> int:
        """Most classes a solution may have."""
        return self.k

    def objective(self, colors: NDArray[np.int32]) -> float:
        """Add up what the classes cost."""
        groups = np.unique(colors)[:, None] == colors
        return float(self.cost.of(self.graph, groups).sum()) if len(colors) else 0.0


@dataclass(frozen=True, eq=False)
class CorrelationClusteringProblem:
    """Least total signed weight inside classes, any number of classes.

    Also known as clique partitioning. Negative weights attract, positive weights repel.

    Parameters
    ----------
    graph : ConflictGraph
        Weighted pairs and hard conflicts.

    Raises
    ------
    InputError
        `graph` is no conflict graph.
    """

    graph: ConflictGraph
    kind: ClassVar[str] = "correlation"

    def __post_init__(self) -> None:
        _require_graph(self.graph)

    @property
    def max_colors(self) -> int:
        """Most classes a solution may have."""
        return self.graph.num_nodes

    def objective(self, colors: NDArray[np.int32]) -> float:
        """Add up the weights inside classes."""
        return _cost_inside(self.graph, colors)


Problem = (
    ColoringProblem
    | EquitableColoringProblem
    | PartitionProblem
    | GroupPartitionProblem
    | CorrelationClusteringProblem
)


def problem_for(graph: ConflictGraph) -> Problem:
    """Choose the question a bare graph asks.

    Without weights it is a coloring problem; with a negative weight it is correlation clustering.

    Raises
    ------
    InputError
        All weights are positive: a partition needs the number of classes; or it is no conflict
        graph.
    """
    _require_graph(graph)
    if not graph.is_weighted:
        return ColoringProblem(graph)
    if (graph.weights.edge_values() < 0).any():
        return CorrelationClusteringProblem(graph)
    raise InputError(
        "the graph has only positive weights: say how many classes, PartitionProblem(graph, k) "
        "or --problem partition --colors K; or color its hard conflicts alone, "
        "ColoringProblem(graph) or --problem coloring"
    )
