"""The linear program over the stable sets known so far."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geocolor.errors import SolverError

__all__ = ["Master", "Relaxation"]

# How linprog says that a limit was met.
_LIMIT = 1


@dataclass(frozen=True, eq=False)
class Relaxation:
    """An optimum of the linear program.

    Attributes
    ----------
    value : float
        Fewest sets, counted in fractions.
    shares : ndarray of float64, shape (columns,)
        How much of each set is used.
    duals : ndarray of float64, shape (num_nodes,)
        What each node costs; no set known weighs more than 1.
    """

    value: float
    shares: NDArray[np.float64]
    duals: NDArray[np.float64]


class Master:
    """Stable sets, each known once, that must cover every node.

    Parameters
    ----------
    num_nodes : int
        Nodes to cover.
    """

    def __init__(self, num_nodes: int) -> None:
        self._num_nodes = num_nodes
        self._known: set[bytes] = set()
        self._columns: list[NDArray[np.int32]] = []

    def __len__(self) -> int:
        """Count the sets."""
        return len(self._columns)

    def add(self, sets: NDArray[np.bool_]) -> int:
        """Take in stable sets, shape (sets, num_nodes); the number of new ones."""
        before = len(self)
        for members in sets:
            nodes = np.flatnonzero(members).astype(np.int32)
            key = nodes.tobytes()
            if key not in self._known:
                self._known.add(key)
                self._columns.append(nodes)
        return len(self) - before

    def matrix(self) -> sp.csc_array:
        """Nodes by sets: 1 where a set has a node."""
        starts = np.zeros(len(self) + 1, dtype=np.int64)
        np.cumsum([len(column) for column in self._columns], out=starts[1:])
        nodes = np.concatenate([np.empty(0, dtype=np.int32), *self._columns])
        return sp.csc_array(
            (np.ones(len(nodes)), nodes, starts), shape=(self._num_nodes, len(self))
        )

    def sets(self) -> NDArray[np.bool_]:
        """Give the sets, shape (sets, num_nodes)."""
        return np.asarray(self.matrix().T.toarray() > 0.5)

    def solve(self, seconds: float) -> Relaxation | None:
        """Cover every node by fractions of sets; None if that took longer than `seconds`."""
        return cover(self.matrix(), seconds)

    def coloring(self, most: int, seconds: float) -> NDArray[np.int32] | None:
        """Look for `most` sets that cover every node, by HiGHS' branch and cut.

        Parameters
        ----------
        most : int
            Colors allowed.
        seconds : float
            Time limit.

        Returns
        -------
        ndarray of int32, shape (num_nodes,), or None
            A coloring; None if none was found, which proves nothing.
        """
        matrix = self.matrix()
        limit = {"time_limit": seconds} if math.isfinite(seconds) else {}
        from scipy.optimize import Bounds, LinearConstraint, milp

        found = milp(
            np.ones(len(self)),
            integrality=np.ones(len(self)),
            bounds=Bounds(0.0, 1.0),
            constraints=[
                LinearConstraint(matrix, lb=1.0),
                LinearConstraint(np.ones((1, len(self))), ub=most),
            ],
            options=limit,
        )
        if found.x is None:
            return None
        chosen = matrix[:, found.x > 0.5].tocsr()
        # A node in several of the sets takes the first.
        first = np.argmax(chosen.toarray() > 0.5, axis=1)
        colors: NDArray[np.int32] = np.unique(first, return_inverse=True)[1].astype(np.int32)
        return colors


def cover(matrix: sp.csc_array, seconds: float) -> Relaxation | None:
    """Cover every row by fractions of columns, as few as possible.

    Parameters
    ----------
    matrix : csc_array, shape (rows, columns)
        1 where a column covers a row; every row is covered by one at least.
    seconds : float
        Time limit.

    Returns
    -------
    Relaxation or None
        None if the time ran out.

    Raises
    ------
    SolverError
        HiGHS could not solve it.
    """
    # Late, as it takes a third of a second and large graphs never come here.
    from scipy.optimize import linprog

    rows, columns = matrix.shape
    # The interior point method, with its crossover, is the fastest here: there is no warm start.
    for method in ("highs-ipm", "highs-ds"):
        if seconds <= 0.0:
            return None
        found = linprog(
            np.ones(columns),
            A_ub=-matrix,
            b_ub=-np.ones(rows),
            method=method,
            options={"time_limit": seconds} if math.isfinite(seconds) else {},
        )
        if found.status == 0:
            duals = np.maximum(-found.ineqlin.marginals, 0.0)
            return Relaxation(float(found.fun), found.x, duals)
        if found.status == _LIMIT:
            return None
    raise SolverError(f"HiGHS could not solve a linear program: {found.message}")
