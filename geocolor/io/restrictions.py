r"""Files of fixed and of allowed colors and of orders, one node a line.

A line of fixed colors is ``NODE COLOR``, a line of lists ``NODE COLOR COLOR ...``, one of an order
``NODE``; see :mod:`geocolor.io.node_lines`. Colors are whole numbers from 0, as in Python and in
JSON solutions.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.node_lines import node_lines

__all__ = ["read_fixed", "read_lists", "read_order"]


def read_fixed(
    path: str | os.PathLike[str], graph: ConflictGraph, limits: Limits | None = None
) -> dict[int, int]:
    """Read which nodes are fixed to which colors, lines ``NODE COLOR``.

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
    dict of int to int
        Colors by node number.

    Raises
    ------
    FormatError
        With the line: it is not of that form, there is no such node, or it has a color already.
    InputError
        The file cannot be read.
    """
    fixed = {}
    for line, node, colors in _rows(Path(path), graph, limits or Limits()):
        if len(colors) != 1:
            raise FormatError("expected 'NODE COLOR'", str(path), line)
        fixed[node] = colors[0]
    return fixed


def read_lists(
    path: str | os.PathLike[str], graph: ConflictGraph, limits: Limits | None = None
) -> dict[int, list[int]]:
    """Read which colors nodes may have, lines ``NODE COLOR COLOR ...``.

    Parameters
    ----------
    path, graph, limits
        As for :func:`read_fixed`.

    Returns
    -------
    dict of int to list of int
        Colors by node number.

    Raises
    ------
    FormatError
        With the line: it is not of that form, there is no such node, or it has a list already.
    InputError
        The file cannot be read.
    """
    lists = {}
    for line, node, colors in _rows(Path(path), graph, limits or Limits()):
        if not colors:
            raise FormatError("expected 'NODE COLOR COLOR ...'", str(path), line)
        lists[node] = colors
    return lists


def read_order(
    path: str | os.PathLike[str], graph: ConflictGraph, limits: Limits | None = None
) -> NDArray[np.int64]:
    """Read an order of the nodes, lines ``NODE``; those that are left out come last, as they are.

    Parameters
    ----------
    path, graph, limits
        As for :func:`read_fixed`.

    Returns
    -------
    ndarray of int64, shape (num_nodes,)
        Every node once.

    Raises
    ------
    FormatError
        With the line: it is not of that form, there is no such node, or it was named already.
    InputError
        The file cannot be read.
    """
    named = []
    for line, node, colors in _rows(Path(path), graph, limits or Limits()):
        if colors:
            raise FormatError("expected one node a line", str(path), line)
        named.append(node)
    first = np.array(named, dtype=np.int64)
    return np.concatenate([first, np.setdiff1d(np.arange(graph.num_nodes), first)])


def _rows(path: Path, graph: ConflictGraph, limits: Limits) -> Iterator[tuple[int, int, list[int]]]:
    """Line number, node and colors of every line that says something."""
    for line, node, words in node_lines(path, graph, limits):
        yield line, node, [_color(word, path, line) for word in words]


def _color(token: bytes, path: Path, line: int) -> int:
    if not token.isdigit() or len(token) > 10 or int(token) >= 1 << 31:
        shown = token[:40].decode(errors="replace")
        raise FormatError(
            f"{shown!r} is no color; colors are whole numbers from 0 to {(1 << 31) - 1}",
            str(path),
            line,
        )
    return int(token)
