"""What a color class costs where that is more than the sum over its pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.graph.adjacency import frozen
from geocolor.graph.arrays import as_floats
from geocolor.graph.read_only import ReadOnlyArrays

__all__ = ["GroupCost", "GroupOracle", "NormalizedPairSum"]

# Rounding that a cost may fall short of its pairs by, relative to them.
_ROUNDING = 1e-9


class GroupCost(Protocol):
    """The cost of a color class.

    Attributes
    ----------
    name : str
        For people and for files.
    """

    name: ClassVar[str]

    def of(self, graph: ConflictGraph, groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Cost each of several classes.

        Parameters
        ----------
        graph : ConflictGraph
            Its weights are the costs of pairs.
        groups : ndarray of bool, shape (groups, num_nodes)
            The nodes of each class, one at least.

        Returns
        -------
        ndarray of float64, shape (groups,)
        """
        ...


@dataclass(frozen=True)
class NormalizedPairSum:
    r"""Pair costs inside, normalised by the size of the class.

    .. math:: C(S) = \sum_{i<j \in S} w_{ij} \frac{s_i + s_j}{\sum_{l \in S} s_l}

    with the weights w and the node sizes s of the graph. A pair costs its weight; with equal sizes
    a class costs 2/\|S\| times the sum over its pairs, which is what tying layers of equal
    curvature costs. With the weights ``s_i s_j / (s_i + s_j) * |x_i - x_j|**2`` of points x it is
    the sum of squares of weighted k-means.

    Examples
    --------
    >>> graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2), (0, 2)], [1.0, 2.0, 3.0])
    >>> float(NormalizedPairSum().of(graph, np.ones((1, 3), dtype=bool))[0])
    4.0
    """

    name: ClassVar[str] = "normalized"

    def of(self, graph: ConflictGraph, groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Cost each of several classes; see :class:`GroupCost`."""
        edges, sizes = graph.weights.edges(), graph.sizes
        parts = graph.weights.edge_values() * sizes[edges].sum(axis=1)
        inside = groups[:, edges[:, 0]] & groups[:, edges[:, 1]]
        costs: NDArray[np.float64] = (inside @ parts) / (groups @ sizes)
        return costs


@dataclass(frozen=True, eq=False)
class GroupOracle(ReadOnlyArrays):
    r"""Any cost that is bounded from below by its nodes and pairs.

    .. math:: C(S) \ge \sum_{i \in S} u_i + \frac{1}{|S| - 1} \sum_{i<j \in S} w_{ij}

    with the floors u of the nodes and the weights w of the graph. With floors of nothing it holds
    whenever a class pays, for each member, what a common value costs that member, the common value
    being the best for all, and w are the costs of pairs: the cost of tying layers of different
    curvature, say. With weights of nothing the floors are what a member costs in any company: its
    own part of a shared basis, if the basis were free. The function is asked once about each class.

    Parameters
    ----------
    function : callable
        Takes classes as an array of bool of shape (groups, num_nodes), and gives their costs. The
        same class must cost the same each time, and one that costs nothing exactly 0: rounding
        that is left over cannot be told from a cost.
    floors : array_like of float, shape (num_nodes,), optional
        Of any sign; none are 0.
    estimate : callable, optional
        As `function`, cheaper and nearly right. It guides searches, and decides nothing.

    Raises
    ------
    InputError
        The floors are not one finite number for each of the nodes, or what should be a function is
        none.

    Examples
    --------
    >>> graph = ConflictGraph.from_edges(3, [])
    >>> oracle = GroupOracle(lambda groups: 0.5 * (groups.sum(axis=1) == 3))
    >>> float(oracle.of(graph, np.ones((1, 3), dtype=bool))[0])
    0.5
    """

    function: Callable[[NDArray[np.bool_]], ArrayLike]
    floors: ArrayLike | None = None
    estimate: Callable[[NDArray[np.bool_]], ArrayLike] | None = None
    _known: dict[bytes, float] = field(default_factory=dict, init=False, repr=False)
    name: ClassVar[str] = "oracle"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise InputError(f"a cost function must be callable, not {self.function!r}")
        if self.estimate is not None and not callable(self.estimate):
            raise InputError(f"an estimate must be callable, not {self.estimate!r}")
        if self.floors is None:
            return
        floors = as_floats(self.floors, "floors")
        if floors.ndim != 1 or not np.isfinite(floors).all():
            raise InputError("floors must be one finite number for each node")
        object.__setattr__(self, "floors", frozen(floors))

    @property
    def evaluations(self) -> int:
        """Classes that the function was asked about."""
        return len(self._known)

    def floors_of(self, graph: ConflictGraph) -> NDArray[np.float64]:
        """Give the floor of each node.

        Raises
        ------
        InputError
            There are floors of another number of nodes.
        """
        if self.floors is None:
            return np.zeros(graph.num_nodes)
        floors = np.asarray(self.floors)
        if len(floors) != graph.num_nodes:
            raise InputError(f"{len(floors)} floors for the {graph.num_nodes} nodes of the graph")
        return floors

    def of(self, graph: ConflictGraph, groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Cost each of several classes; see :class:`GroupCost`.

        Raises
        ------
        InputError
            The function gives no finite number for each, or less than nodes and pairs say.
        """
        keys = [_key(group) for group in groups]
        new = {key: at for at, key in enumerate(keys) if key not in self._known}
        if new:
            asked = as_floats(self.function(groups[list(new.values())]), "costs of classes")
            if asked.shape != (len(new),):
                raise InputError(
                    f"the cost function gave shape {asked.shape} for {len(new)} classes"
                )
            self._known.update(zip(new, asked.tolist(), strict=True))
        costs = np.array([self._known[key] for key in keys], dtype=np.float64)
        self._require_bounded(graph, groups, costs)
        return costs

    def _require_bounded(
        self, graph: ConflictGraph, groups: NDArray[np.bool_], costs: NDArray[np.float64]
    ) -> None:
        edges, floors = graph.weights.edges(), self.floors_of(graph)
        inside = groups[:, edges[:, 0]] & groups[:, edges[:, 1]]
        least = inside @ graph.weights.edge_values() / np.maximum(groups.sum(axis=1) - 1, 1)
        least += groups @ floors
        # Rounding is relative to the floors too, which may cancel.
        room = _ROUNDING * (np.abs(least) + groups @ np.abs(floors))
        # Written so that NaN is caught.
        low = np.flatnonzero(~(costs >= least - room) | np.isinf(costs))
        if low.size:
            at = int(low[0])
            names = ", ".join(graph.label(int(v)) for v in np.flatnonzero(groups[at])[:10])
            told = "pairs say" if self.floors is None else "floors and pairs say"
            raise InputError(
                f"the cost function gives {costs[at]:g} for the class {names}, whose {told} "
                f"at least {least[at]:g}: give finite costs, and bounds that hold"
            )


def _key(group: NDArray[np.bool_]) -> bytes:
    return np.packbits(group).tobytes()
