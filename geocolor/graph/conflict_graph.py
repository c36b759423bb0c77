"""The conflict graph: hard conflicts apart from weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.arguments import checked_whole
from geocolor.errors import InputError, LimitError
from geocolor.graph import conversion
from geocolor.graph.adjacency import Adjacency
from geocolor.graph.arrays import as_floats
from geocolor.graph.parts import as_labels, as_nodes, as_pairs, as_sizes, require_total
from geocolor.graph.read_only import ReadOnlyArrays

if TYPE_CHECKING:
    import networkx as nx
    import scipy.sparse as sp

__all__ = ["ConflictGraph"]

# Nodes are stored as int32.
_MOST_NODES = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class ConflictGraph(ReadOnlyArrays):
    """An immutable undirected graph with hard conflicts and weighted pairs.

    A *hard conflict* forbids two nodes to share a color class. A *weight* is what it costs when
    they do: positive weights are costs, negative weights gains, a missing pair costs nothing.
    A pair may carry both; the conflict then decides.

    Build one with :meth:`from_edges`, :meth:`from_dense`, :meth:`from_networkx`,
    :meth:`from_igraph` or :meth:`from_scipy`; the constructor takes finished parts.

    Attributes
    ----------
    conflicts : Adjacency
        Hard conflicts, without values.
    weights : Adjacency
        Weighted pairs, with float64 values, whose absolute values add up to less than 1e300.
    labels : tuple of str, or None
        Node names, in node order.
    sizes : ndarray of float64, shape (num_nodes,)
        Node sizes (parameters of a layer, say); ones unless given. They too add up to less than
        1e300.

    Raises
    ------
    InputError
        Weights or sizes add up to more.
    """

    conflicts: Adjacency
    weights: Adjacency
    labels: tuple[str, ...] | None
    sizes: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.weights.values is not None:
            # Every weight is stored in both directions.
            require_total(self.weights.values / 2, "weights")
        require_total(self.sizes, "node sizes")

    @classmethod
    def from_edges(
        cls,
        num_nodes: int,
        edges: ArrayLike = (),
        weights: ArrayLike | None = None,
        *,
        conflicts: ArrayLike = (),
        labels: Iterable[str] | None = None,
        sizes: ArrayLike | None = None,
    ) -> ConflictGraph:
        """Build from edge lists.

        Parameters
        ----------
        num_nodes : int
            Number of nodes; they are 0 to ``num_nodes - 1``.
        edges : array_like of int, shape (m, 2)
            Weighted pairs if `weights` is given, else hard conflicts. Weights of repeated pairs
            are added.
        weights : array_like of float, shape (m,), optional
            Cost of each pair in `edges` inside one class.
        conflicts : array_like of int, shape (c, 2)
            Further hard conflicts.
        labels : iterable of str, optional
            Distinct node names, which UTF-8 can hold.
        sizes : array_like of float, shape (num_nodes,), optional
            Positive node sizes; default 1.

        Raises
        ------
        InputError
            Something is out of range, not finite, too large, a loop, or of the wrong length.
        LimitError
            There are more nodes than 32 bits can number.

        Examples
        --------
        >>> triangle = ConflictGraph.from_edges(3, [(0, 1), (1, 2), (0, 2)])
        >>> triangle.conflicts.num_edges
        3
        """
        count = checked_whole("number of nodes", num_nodes)
        if count < 0:
            raise InputError(f"num_nodes must not be negative: {count}")
        if count > _MOST_NODES:
            raise LimitError(f"a graph has at most {_MOST_NODES} nodes")
        hard = as_pairs(conflicts)
        if weights is None:
            hard = np.concatenate([as_pairs(edges), hard])
            weighted = Adjacency.from_edges(count, as_pairs(()), ())
        else:
            weighted = Adjacency.from_edges(count, as_pairs(edges), weights)
        return cls(
            conflicts=Adjacency.from_edges(count, hard),
            weights=weighted,
            labels=as_labels(labels, count),
            sizes=as_sizes(sizes, count),
        )

    @classmethod
    def from_dense(
        cls,
        weights: ArrayLike,
        conflicts: ArrayLike | None = None,
        *,
        labels: Iterable[str] | None = None,
        sizes: ArrayLike | None = None,
    ) -> ConflictGraph:
        """Build from symmetric matrices.

        Parameters
        ----------
        weights : array_like of float, shape (n, n)
            Symmetric; the diagonal is ignored, zero means no weighted pair.
        conflicts : array_like of bool, shape (n, n), optional
            Symmetric pattern of hard conflicts; the diagonal is ignored.
        labels, sizes
            As in :meth:`from_edges`.

        Raises
        ------
        InputError
            A matrix is not square or not symmetric, or an entry is not finite.
        """
        matrix = as_floats(conversion.square(weights, "weights"), "weights")
        wrong = np.argwhere(~np.isfinite(matrix))
        if wrong.size:
            i, j = wrong[0]
            raise InputError(f"weights[{i}, {j}] is {matrix[i, j]}, not finite")
        conversion.require_symmetric(matrix, "weights")
        upper = np.argwhere(np.triu(matrix, 1) != 0.0)
        hard: NDArray[np.int64] = np.empty((0, 2), dtype=np.int64)
        if conflicts is not None:
            entries = as_floats(conversion.square(conflicts, "conflicts"), "conflicts")
            if not np.isfinite(entries).all():
                raise InputError("conflicts has an entry that is not finite")
            pattern = entries != 0
            if pattern.shape != matrix.shape:
                raise InputError(
                    f"weights have shape {matrix.shape}, conflicts shape {pattern.shape}"
                )
            conversion.require_symmetric(pattern, "conflicts")
            hard = np.argwhere(np.triu(pattern, 1))
        return cls.from_edges(
            len(matrix),
            upper,
            matrix[upper[:, 0], upper[:, 1]],
            conflicts=hard,
            labels=labels,
            sizes=sizes,
        )

    @classmethod
    def from_networkx(
        cls, graph: nx.Graph[Any], weight: str | None = "weight", conflict: str = "conflict"
    ) -> ConflictGraph:
        """Build from a networkx graph, nodes in its own order.

        An edge without the attribute `weight` is a hard conflict; an edge with it is a weighted
        pair, and also a hard conflict if its attribute `conflict` is true or 1; None and NaN, which
        libraries put where nothing was said, mean no. With `weight` None all
        edges are hard conflicts. Parallel edges become one, weights added. Node names become
        labels; ``coloring.by_node(graph)`` gives the colors back by node.

        Raises
        ------
        InputError
            The graph is directed, has a loop, a weight is not a finite number, or it is not clear
            whether an edge is a conflict.
        """
        if graph.is_directed():
            raise InputError("the networkx graph is directed; pass graph.to_undirected()")
        index = {node: i for i, node in enumerate(graph)}
        pairs, values, hard = conversion.attributed_pairs(
            [
                (
                    index[u],
                    index[v],
                    None if weight is None else data.get(weight),
                    data.get(conflict, False),
                )
                for u, v, data in graph.edges(data=True)
            ]
        )
        return cls.from_edges(
            len(index), pairs, values, conflicts=hard, labels=[str(node) for node in index]
        )

    @classmethod
    def from_igraph(
        cls, graph: Any, weight: str | None = "weight", conflict: str = "conflict"
    ) -> ConflictGraph:
        """Build from an igraph graph, as :meth:`from_networkx`; names are its ``vs["name"]``.

        Raises
        ------
        InputError
            The graph is directed, has a loop, a weight is not a finite number, or it is not clear
            whether an edge is a conflict.
        """
        if graph.is_directed():
            raise InputError("the igraph graph is directed; pass graph.as_undirected()")

        def column(name: str | None) -> list[Any]:
            return graph.es[name] if name in graph.es.attributes() else [None] * graph.ecount()

        ends = zip(graph.get_edgelist(), column(weight), column(conflict), strict=True)
        pairs, values, hard = conversion.attributed_pairs([(*pair, w, c) for pair, w, c in ends])
        named = "name" in graph.vs.attributes()
        labels = [str(name) for name in graph.vs["name"]] if named else None
        return cls.from_edges(graph.vcount(), pairs, values, conflicts=hard, labels=labels)

    @classmethod
    def from_scipy(
        cls,
        weights: sp.sparray | sp.spmatrix | None = None,
        conflicts: sp.sparray | sp.spmatrix | None = None,
        *,
        labels: Iterable[str] | None = None,
        sizes: ArrayLike | None = None,
    ) -> ConflictGraph:
        """Build from symmetric scipy sparse matrices; diagonals and stored zeros are ignored.

        An adjacency matrix to be colored is `conflicts`.

        Raises
        ------
        InputError
            There is no matrix, or one is not square or not symmetric, or an entry is not finite.
        """
        given = {"weights": weights, "conflicts": conflicts}
        found = {
            name: conversion.sparse_pairs(matrix, name)
            for name, matrix in given.items()
            if matrix is not None
        }
        if not found:
            raise InputError("give weights, conflicts or both")
        counts = {name: count for name, (count, _, _) in found.items()}
        if len(set(counts.values())) > 1:
            raise InputError(
                f"weights have {counts['weights']} nodes, conflicts {counts['conflicts']}"
            )
        _, pairs, values = found.get("weights", (0, as_pairs(()), ()))
        return cls.from_edges(
            max(counts.values()),
            pairs,
            values,
            conflicts=found["conflicts"][1] if "conflicts" in found else (),
            labels=labels,
            sizes=sizes,
        )

    def to_networkx(self) -> nx.Graph[Any]:
        """Make a networkx graph that :meth:`from_networkx` reads back; sizes are left out.

        Nodes are the labels, or numbers where there are none.
        """
        return conversion.to_networkx(self)

    def to_igraph(self) -> Any:
        """Make an igraph graph that :meth:`from_igraph` reads back; sizes are left out.

        Raises
        ------
        InputError
            igraph is not installed.
        """
        return conversion.to_igraph(self)

    def to_scipy(self) -> tuple[sp.csr_array, sp.csr_array]:
        """Give the symmetric matrices of weights and of conflicts that :meth:`from_scipy` takes.

        A weight of zero is a stored zero there, which says nothing when it is read back.
        """
        return conversion.to_scipy(self)

    def induced(self, nodes: ArrayLike) -> ConflictGraph:
        """Restrict to some nodes, which become 0, 1, ... in the order given; O(m).

        Parameters
        ----------
        nodes : array_like of int, shape (k,)
            Distinct nodes.

        Raises
        ------
        InputError
            One does not exist or is there twice, or they are no integers; of a mask of booleans
            :func:`numpy.flatnonzero` makes nodes.
        """
        chosen = as_nodes(nodes, self.num_nodes)
        place = np.full(self.num_nodes, -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))

        def inside(adjacency: Adjacency) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
            ends = place[adjacency.edges()]
            kept: NDArray[np.bool_] = np.asarray((ends >= 0).all(axis=1))
            return ends[kept], kept

        pairs, kept = inside(self.weights)
        return ConflictGraph.from_edges(
            len(chosen),
            pairs,
            self.weights.edge_values()[kept],
            conflicts=inside(self.conflicts)[0],
            labels=None if self.labels is None else [self.labels[node] for node in chosen],
            sizes=self.sizes[chosen],
        )

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self.conflicts.num_nodes

    @property
    def is_weighted(self) -> bool:
        """Whether any pair carries a weight."""
        return self.weights.num_edges > 0

    def label(self, node: int) -> str:
        """Name of `node`; its number, counted from 0, where no names were given."""
        return str(node) if self.labels is None else self.labels[node]

    def node(self, label: str) -> int:
        """Give the number of the node called `label`, the inverse of :meth:`label`.

        Raises
        ------
        InputError
            There is none.
        """
        found = self._numbers.get(label)
        if found is None:
            raise InputError(f"no node is called {label!r}")
        return found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {self.label(node): node for node in range(self.num_nodes)}

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 of nodes, conflicts, weights and sizes; names do not count."""
        digest = hashlib.sha256(b"geocolor conflict graph 1")
        digest.update(np.int64(self.num_nodes).tobytes())
        hard, weighted = self.conflicts, self.weights
        # In pieces: it is asked for where memory is short, too.
        for size, kind, arrays in (
            (2 * hard.num_edges, "<i4", (edges for edges, _ in hard.edge_blocks())),
            (2 * weighted.num_edges, "<i4", (edges for edges, _ in weighted.edge_blocks())),
            (weighted.num_edges, "<f8", (values for _, values in weighted.edge_blocks())),
            (self.num_nodes, "<f8", iter([self.sizes])),
        ):
            digest.update(np.int64(size).tobytes())
            for array in arrays:
                digest.update(array.astype(kind, copy=False).data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"ConflictGraph(num_nodes={self.num_nodes}, conflicts={self.conflicts.num_edges}, "
            f"weights={self.weights.num_edges})"
        )
