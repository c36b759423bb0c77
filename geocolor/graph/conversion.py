"""Conflict graphs from and to the graphs of other libraries; none is imported before it is used."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph.arrays import as_array

if TYPE_CHECKING:
    import networkx as nx
    import scipy.sparse as sp

    from geocolor.graph.adjacency import Adjacency
    from geocolor.graph.conflict_graph import ConflictGraph

__all__ = [
    "attributed_pairs",
    "require_symmetric",
    "sparse_pairs",
    "square",
    "to_igraph",
    "to_networkx",
    "to_scipy",
]

Pair = tuple[int, int]


def attributed_pairs(
    edges: list[tuple[int, int, Any, Any]],
) -> tuple[list[Pair], list[float], list[Pair]]:
    """Tell weighted pairs from hard conflicts by the attributes of edges.

    Parameters
    ----------
    edges : list of (u, v, weight, conflict)
        An edge without a weight, None, is a hard conflict; one with a weight is one too if its
        `conflict` is true or 1; None and NaN, which libraries put where nothing was said, are no.

    Returns
    -------
    pairs, values, hard
        Weighted pairs, their weights, and the hard conflicts.

    Raises
    ------
    InputError
        A weight is not a number, or a `conflict` neither yes nor no.
    """
    pairs, values, hard = [], [], []
    for u, v, weight, conflict in edges:
        if weight is None or _is_conflict(u, v, conflict):
            hard.append((u, v))
        if weight is not None:
            pairs.append((u, v))
            try:
                values.append(float(weight))
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"the weight of edge ({u}, {v}) is {weight!r}, not a number"
                ) from error
            except OverflowError as error:
                raise InputError(
                    f"the weight of edge ({u}, {v}) is beyond what float64 can hold"
                ) from error
    return pairs, values, hard


def _is_conflict(u: int, v: int, told: Any) -> bool:
    if told is None:
        return False
    if isinstance(told, Real | np.bool_) and (told in (0, 1) or told != told):
        return bool(told == 1)
    raise InputError(f"the conflict of edge ({u}, {v}) is {told!r}, neither true nor false")


def sparse_pairs(
    matrix: sp.sparray | sp.spmatrix, name: str
) -> tuple[int, NDArray[np.int64], NDArray[np.float64]]:
    """Size, pairs u < v and their values of a symmetric matrix; zeros and the diagonal say nothing.

    Raises
    ------
    InputError
        It is not square or not symmetric, or an entry is no finite real number.
    """
    import scipy.sparse as sp

    if np.iscomplexobj(matrix):
        raise InputError(f"{name} must be real numbers, not {matrix.dtype}")
    try:
        coo = sp.coo_array(matrix).astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name} is no matrix of numbers: {error}") from error
    if coo.ndim != 2 or coo.shape[0] != coo.shape[1]:
        raise InputError(f"{name} must be square, not of shape {coo.shape}")
    coo.sum_duplicates()
    if not np.isfinite(coo.data).all():
        raise InputError(f"{name} has an entry that is not finite")
    if (abs(coo - coo.T) > 0).nnz:
        raise InputError(f"{name} is not symmetric")
    rows, cols = coo.coords
    keep = (rows < cols) & (coo.data != 0)
    pairs = np.stack([rows[keep], cols[keep]], axis=1).astype(np.int64)
    return int(coo.shape[0]), pairs, coo.data[keep]


def _attributed(graph: ConflictGraph) -> list[tuple[int, int, dict[str, Any]]]:
    """Edges with the attributes that the constructors read."""
    found: dict[Pair, dict[str, Any]] = {}
    weights = graph.weights.edge_values().tolist()
    for (u, v), weight in zip(graph.weights.edges().tolist(), weights, strict=True):
        found[u, v] = {"weight": weight}
    for u, v in graph.conflicts.edges().tolist():
        if (u, v) in found:
            found[u, v]["conflict"] = True
        else:
            found[u, v] = {}
    return [(u, v, attributes) for (u, v), attributes in found.items()]


def to_networkx(graph: ConflictGraph) -> nx.Graph[Any]:
    """See :meth:`geocolor.graph.ConflictGraph.to_networkx`."""
    import networkx as nx

    names = range(graph.num_nodes) if graph.labels is None else graph.labels
    out = nx.Graph()
    out.add_nodes_from(names)
    out.add_edges_from((names[u], names[v], data) for u, v, data in _attributed(graph))
    return out


def to_igraph(graph: ConflictGraph) -> Any:
    """See :meth:`geocolor.graph.ConflictGraph.to_igraph`."""
    try:
        import igraph
    except ImportError as error:
        raise InputError("this needs igraph: pip install igraph") from error
    edges = _attributed(graph)
    out = igraph.Graph(graph.num_nodes, [(u, v) for u, v, _ in edges])
    if graph.labels is not None:
        out.vs["name"] = list(graph.labels)
    if graph.is_weighted:
        for name in ("weight", "conflict"):
            out.es[name] = [data.get(name) for _, _, data in edges]
    return out


def to_scipy(graph: ConflictGraph) -> tuple[sp.csr_array, sp.csr_array]:
    """See :meth:`geocolor.graph.ConflictGraph.to_scipy`."""
    import scipy.sparse as sp

    def matrix(part: Adjacency, data: NDArray[Any]) -> sp.csr_array:
        shape = (graph.num_nodes, graph.num_nodes)
        # Copies: scipy may sort in place, and the arrays here cannot be written.
        return sp.csr_array((data, part.indices.copy(), part.indptr.copy()), shape=shape)

    values = graph.weights.values
    weights = np.empty(0) if values is None else values.copy()
    return (
        matrix(graph.weights, weights),
        matrix(graph.conflicts, np.ones(len(graph.conflicts.indices), dtype=np.bool_)),
    )


def square(matrix: ArrayLike, name: str) -> NDArray[Any]:
    """Take what is a square matrix, or raise InputError."""
    array = as_array(matrix, name)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise InputError(f"{name} must be a square matrix, not of shape {array.shape}")
    return array


def require_symmetric(matrix: NDArray[Any], name: str) -> None:
    """Raise InputError at the first entry that differs from its mirror image."""
    off = np.argwhere(matrix != matrix.T)
    if off.size:
        i, j = off[0]
        raise InputError(
            f"{name} is not symmetric: [{i}, {j}] is {matrix[i, j]}, [{j}, {i}] is {matrix[j, i]}"
        )
