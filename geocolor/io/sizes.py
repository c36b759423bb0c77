"""Files of node sizes, lines ``NODE SIZE``; see :mod:`geocolor.io.node_lines`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.node_lines import node_lines
from geocolor.io.source import shown

__all__ = ["read_sizes"]

# Digits of numbers that add up in 64 bits.
_DIGITS = 15


def read_sizes(
    path: str | os.PathLike[str], graph: ConflictGraph, limits: Limits | None = None
) -> NDArray[np.int64]:
    """Read how large each node is, lines ``NODE SIZE`` for all of them, in any order.

    Parameters
    ----------
    path : path-like
        The file.
    graph : ConflictGraph
        Whose nodes it names.
    limits : Limits, optional
        What a file may be at most.

    Returns
    -------
    ndarray of int64, shape (num_nodes,)
        Positive sizes, in node order.

    Raises
    ------
    FormatError
        With the line: it is not of that form, there is no such node, or it has a size already; or
        a node has none.
    InputError
        The file cannot be read.
    """
    sizes = np.zeros(graph.num_nodes, dtype=np.int64)
    for line, node, words in node_lines(Path(path), graph, limits or Limits()):
        if len(words) != 1:
            raise FormatError("expected 'NODE SIZE'", str(path), line)
        if not words[0].isdigit() or len(words[0]) > _DIGITS or int(words[0]) == 0:
            raise FormatError(
                f"{shown(words[0])} is no size; sizes are whole numbers from 1, of at most "
                f"{_DIGITS} digits",
                str(path),
                line,
            )
        sizes[node] = int(words[0])
    missing = np.flatnonzero(sizes == 0)
    if missing.size:
        raise FormatError(
            f"no size for node {graph.label(int(missing[0]))}; every node needs a line 'NODE SIZE'",
            str(path),
        )
    return sizes
