"""SciPy: agglomerative clustering, what layers are grouped with most often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import LimitError
from geocolor.problem import Problem
from geocolor.solvers.external.peer import Divide, Divider
from geocolor.solvers.search import Search

__all__ = ["ScipyLinkage"]

# Nodes of the largest graph whose pairs are worth a matrix: 200 MB of them.
_LARGEST = 5_000


class ScipyLinkage(Divider):
    """``scipy.cluster.hierarchy.linkage`` with the weights as distances.

    The nearest two classes join while there are more than asked for, or while they are nearer than
    0: classes that attract. A pair without a weight is at 0, one in hard conflict farther than any
    average of others can make up for.

    Parameters
    ----------
    method : str
        How far classes are apart: ``complete``, the dearest of their pairs; ``average``, the mean.
        Both never join nearer than before, so that the order is that of the distances.
    """

    package = "scipy"

    def __init__(self, method: str) -> None:
        self._method = method

    def divider_of(self, problem: Problem) -> Divide:
        """List the distances of all pairs.

        Raises
        ------
        LimitError
            There are too many pairs.
        """
        # Late, as it takes a quarter of a second.
        from scipy.cluster.hierarchy import fcluster, linkage

        graph = problem.graph
        count = graph.num_nodes
        if count > _LARGEST:
            raise LimitError(
                f"linkage lists all pairs of {count:,} nodes; the limit is {_LARGEST:,} nodes"
            )
        matrix = graph.weights.to_dense()
        low, high = float(matrix.min(initial=0.0)), float(matrix.max(initial=0.0))
        matrix[graph.conflicts.to_dense() > 0] = high + (high - low or 1.0) * count**2
        # Distances must not be negative; neither method minds that all are moved alike.
        distances = matrix[np.triu_indices(count, 1)] - low

        def divide(search: Search) -> NDArray[np.int64]:
            if count < 2:
                return np.zeros(count, dtype=np.int64)
            tree = linkage(distances, self._method)
            attracted = int(np.searchsorted(tree[:, 2], -low))
            joins = max(count - problem.max_colors, attracted)
            # Cut by the number of joins: several may be at one distance.
            tree[:, 2] = np.arange(count - 1)
            return np.asarray(fcluster(tree, joins - 1, "distance"), dtype=np.int64)

        return divide
