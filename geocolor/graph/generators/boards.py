"""Squares of a board, in conflict if one sees the other."""

from __future__ import annotations

import numpy as np

from geocolor.arguments import checked_whole
from geocolor.errors import InputError
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators.edges import cliques, pairs, require_edges

__all__ = ["latin_square", "queen", "rook"]


def queen(rows: int, columns: int) -> ConflictGraph:
    """Queen graph: squares of a board, in conflict if a queen moves between them.

    Parameters
    ----------
    rows, columns : int
        Size of the board. Nodes are its squares row by row, as in the DIMACS files.

    Returns
    -------
    ConflictGraph
        It needs at least ``max(rows, columns)`` colors; an n x n board with n neither a multiple
        of 2 nor of 3 needs exactly n.

    Raises
    ------
    InputError
        The board has no squares.
    LimitError
        It has too many moves.

    Examples
    --------
    >>> queen(5, 5)
    ConflictGraph(num_nodes=25, conflicts=160, weights=0)
    """
    rows = checked_whole("number of rows", rows)
    columns = checked_whole("number of columns", columns)
    if rows < 1 or columns < 1:
        raise InputError(f"a board needs at least one row and column, not {rows} x {columns}")
    # At most so many moves: along its row, its column and two diagonals from each square.
    require_edges(2 * rows * columns * (rows + columns), f"the queen graph of {rows} x {columns}")
    board = np.arange(rows * columns).reshape(rows, columns)
    parts = [pairs(board[:, :-d], board[:, d:]) for d in range(1, columns)]
    parts += [pairs(board[:-d], board[d:]) for d in range(1, rows)]
    for d in range(1, min(rows, columns)):
        parts.append(pairs(board[:-d, :-d], board[d:, d:]))
        parts.append(pairs(board[:-d, d:], board[d:, :-d]))
    return ConflictGraph.from_edges(rows * columns, np.concatenate([pairs([], []), *parts]))


def rook(rows: int, columns: int) -> ConflictGraph:
    """Rook's graph: squares of a board, in conflict if in one row or column.

    A coloring of the square board is a Latin square; so this is quasigroup completion with nothing
    filled in, DIMACS ``qg.orderN`` (Gomes and Shmoys 2002, "Completing quasigroups or Latin
    squares: a structured graph coloring problem").

    Parameters
    ----------
    rows, columns : int
        Size of the board. Nodes are its squares row by row.

    Returns
    -------
    ConflictGraph
        Its chromatic number is ``max(rows, columns)``: a row is a clique, and ``row + column``
        modulo the larger side is a coloring.

    Raises
    ------
    InputError
        The board has no squares.
    LimitError
        It has too many conflicts.

    Examples
    --------
    >>> rook(3, 3)
    ConflictGraph(num_nodes=9, conflicts=18, weights=0)
    """
    rows = checked_whole("number of rows", rows)
    columns = checked_whole("number of columns", columns)
    if rows < 1 or columns < 1:
        raise InputError(f"a board needs at least one row and column, not {rows} x {columns}")
    require_edges(rows * columns * (rows + columns), f"the rook's graph of {rows} x {columns}")
    board = np.arange(rows * columns).reshape(rows, columns)
    return ConflictGraph.from_edges(
        rows * columns, np.concatenate([cliques(board), cliques(board.T)])
    )


def latin_square(n: int) -> ConflictGraph:
    """Graph of the cyclic Latin square: cells in conflict in one row, column or symbol.

    Row i of the square is 0 to n - 1 turned by i places: the addition table of the integers
    modulo n.

    Parameters
    ----------
    n : int
        Order of the square. Nodes are its cells row by row.

    Returns
    -------
    ConflictGraph
        Of ``n**2`` nodes with ``3 * (n - 1)`` conflicts each (for n of at least 3). A color class
        is a partial transversal. The chromatic number is n if n is odd, and n + 2 if n is even,
        when no class can have n cells (Besharati, Goddyn, Mahmoodian and Mortezaeefar 2016, "On
        the chromatic number of Latin square graphs").

    Raises
    ------
    InputError
        The square has no cells.
    LimitError
        It has too many conflicts.

    Examples
    --------
    >>> latin_square(5)
    ConflictGraph(num_nodes=25, conflicts=150, weights=0)
    """
    n = checked_whole("order", n)
    if n < 1:
        raise InputError(f"a Latin square needs an order of at least 1, not {n}")
    require_edges(3 * n * n * n, f"the graph of a Latin square of order {n}")
    square = np.arange(n * n).reshape(n, n)
    row = np.arange(n)
    of_symbol = square[row, (row[:, None] - row) % n]
    return ConflictGraph.from_edges(
        n * n, np.concatenate([cliques(square), cliques(square.T), cliques(of_symbol)])
    )
