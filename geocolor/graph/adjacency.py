"""Symmetric sparse adjacency in compressed rows, with read-only arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph.arrays import as_array, as_floats
from geocolor.graph.read_only import ReadOnlyArrays

__all__ = ["Adjacency", "frozen"]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return `array`, or a contiguous copy of it, marked read-only."""
    out = np.ascontiguousarray(array)
    if out.flags.writeable:
        out = out.view() if out is not array else out.copy()
        out.flags.writeable = False
    return out


def _stable_order(keys: NDArray[np.int64], bound: int) -> NDArray[np.int64]:
    """Order that sorts `keys`, all from 0 to `bound` - 1; equal ones stay as they come."""
    count = len(keys)
    if bound * count > np.iinfo(np.int64).max:
        return np.argsort(keys, kind="stable")
    # Sorting integers that carry their place is several times faster than sorting places.
    places: NDArray[np.int64] = keys * count
    places += np.arange(count)
    places.sort()
    places %= max(count, 1)
    return places


@dataclass(frozen=True, eq=False)
class Adjacency(ReadOnlyArrays):
    """An undirected simple graph stored once in each direction.

    Attributes
    ----------
    indptr : ndarray of int64, shape (num_nodes + 1,)
        Row starts.
    indices : ndarray of int32, shape (2 * num_edges,)
        Neighbors, ascending within a row.
    values : ndarray of float64, shape (2 * num_edges,), or None
        One value per stored entry, the same in both directions; None for a plain pattern.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float64] | None = None

    @classmethod
    def from_edges(
        cls, num_nodes: int, edges: ArrayLike, values: ArrayLike | None = None
    ) -> Adjacency:
        """Build from an edge list; O(m log m).

        Parameters
        ----------
        num_nodes : int
            Number of nodes.
        edges : array_like of int, shape (m, 2)
            Node pairs in any order and direction. Repeated pairs become one edge; their values
            are added.
        values : array_like of float, shape (m,), optional
            One value per pair.

        Raises
        ------
        InputError
            An end is out of range, an edge is a loop, or a value is no finite number.
        """
        pairs = as_array(edges, "edges")
        if pairs.size == 0:
            pairs = np.empty((0, 2), dtype=np.int64)
        if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
            raise InputError(
                f"edges must be integers of shape (m, 2), not {pairs.dtype} of shape {pairs.shape}"
            )
        ends = np.ascontiguousarray(pairs.T, dtype=np.int64)
        if ends.min(initial=0) < 0 or ends.max(initial=-1) >= num_nodes:
            bad = ((ends < 0) | (ends >= num_nodes)).any(axis=0)
            u, v = ends[:, np.argmax(bad)]
            raise InputError(f"edge ({u}, {v}) is outside the nodes 0 to {num_nodes - 1}")
        loops = ends[0] == ends[1]
        if loops.any():
            raise InputError(f"node {ends[0, np.argmax(loops)]} has an edge to itself")
        # An entry is one integer, the row's bits before the column's: integers sort many times
        # faster than pairs do, and bits come apart faster than digits.
        bits = int(num_nodes).bit_length()
        keys = np.minimum(ends[0], ends[1]) << bits | np.maximum(ends[0], ends[1])
        order = None
        if values is not None:
            given = as_floats(values, "weights")
            if given.shape != (len(pairs),):
                raise InputError(f"{len(pairs)} edges but values of shape {given.shape}")
            finite = np.isfinite(given)
            if not finite.all():
                at = int(np.argmin(finite))
                u, v = ends[:, at]
                raise InputError(f"the weight of edge ({u}, {v}) is {given[at]}, not finite")
            order = _stable_order(keys, 1 << 2 * bits)
            keys = keys[order]
        else:
            keys.sort()
        # Of the largest graphs that are read every array here takes half a gigabyte.
        del ends, loops
        first = np.ones(len(keys), dtype=np.bool_)
        np.not_equal(keys[1:], keys[:-1], out=first[1:])
        keys = keys[first]
        low = (1 << bits) - 1
        both = summed = None
        if order is not None:
            # Each sum adds in the order given.
            summed = np.bincount(np.cumsum(first) - 1, weights=given[order], minlength=len(keys))
            if not np.isfinite(summed).all():
                at = int(np.argmin(np.isfinite(summed)))
                raise InputError(
                    f"the weights of edge ({keys[at] >> bits}, {keys[at] & low}) add up beyond "
                    "float64"
                )
        del first, order
        entries = np.concatenate([keys, (keys & low) << bits | keys >> bits])
        del keys
        if summed is not None:
            order = _stable_order(entries, 1 << 2 * bits)
            entries = entries[order]
            order %= max(len(summed), 1)  # both directions of an edge have its value
            both = summed[order]
            del order, summed
        else:
            entries.sort()
        indptr = np.zeros(num_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(entries >> bits, minlength=num_nodes), out=indptr[1:])
        entries &= low
        indices = entries.astype(np.int32)
        del entries
        return cls(frozen(indptr), frozen(indices), None if both is None else frozen(both))

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def num_edges(self) -> int:
        """Number of edges, each pair counted once."""
        return len(self.indices) // 2

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Number of neighbors of every node, shape (num_nodes,)."""
        return np.diff(self.indptr)

    def neighbors(self, node: int) -> NDArray[np.int32]:
        """Neighbors of `node`, ascending."""
        return self.indices[self.indptr[node] : self.indptr[node + 1]]

    def _rows(self) -> NDArray[np.int32]:
        return np.repeat(np.arange(self.num_nodes, dtype=np.int32), self.degrees)

    def edges(self) -> NDArray[np.int32]:
        """Each edge once as ``(u, v)`` with u < v, in ascending order; shape (num_edges, 2)."""
        rows = self._rows()
        upper = rows < self.indices
        return np.stack([rows[upper], self.indices[upper]], axis=1)

    def edge_blocks(
        self, most: int = 1 << 18
    ) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float64]]]:
        """Give edges and values in pieces, of one node's or of at most so many neighbors."""
        start = 0
        while start < self.num_nodes:
            end = int(np.searchsorted(self.indptr, self.indptr[start] + most, side="right")) - 1
            stop = min(max(start + 1, end), self.num_nodes)
            here = slice(self.indptr[start], self.indptr[stop])
            nodes = np.arange(start, stop, dtype=np.int32)
            rows = np.repeat(nodes, np.diff(self.indptr[start : stop + 1]))
            upper = rows < self.indices[here]
            edges = np.stack([rows[upper], self.indices[here][upper]], axis=1)
            yield edges, np.ones(len(edges)) if self.values is None else self.values[here][upper]
            start = stop

    def edge_values(self) -> NDArray[np.float64]:
        """Values in the order of :meth:`edges`; ones for a plain pattern."""
        upper = self._rows() < self.indices
        if self.values is None:
            return np.ones(int(upper.sum()))
        return self.values[upper]

    @cached_property
    def matrix(self) -> NDArray[np.int8]:
        """The adjacency matrix, 1 for an edge: n squared bytes, kept."""
        matrix = np.zeros((self.num_nodes, self.num_nodes), dtype=np.int8)
        matrix[self._rows(), self.indices] = 1
        return frozen(matrix)

    def to_dense(self) -> NDArray[np.float64]:
        """Dense symmetric matrix, shape (num_nodes, num_nodes); a pattern gives ones."""
        dense = np.zeros((self.num_nodes, self.num_nodes))
        dense[self._rows(), self.indices] = 1.0 if self.values is None else self.values
        return dense
