"""Boards by the rules of the game."""

from collections.abc import Callable
from itertools import combinations, product

import numpy as np
import pytest

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import latin_square, queen, rook


def edge_set(graph: ConflictGraph) -> set[tuple[int, int]]:
    return {(u, v) for u, v in graph.conflicts.edges().tolist()}


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (3, 2), (4, 4), (5, 8)])
def test_queen_and_rook_by_their_definition(rows: int, columns: int) -> None:
    queens, rooks = edge_set(queen(rows, columns)), edge_set(rook(rows, columns))
    for a, b in combinations(range(rows * columns), 2):
        down, right = b // columns - a // columns, b % columns - a % columns
        straight = down == 0 or right == 0
        assert ((a, b) in rooks) == straight
        assert ((a, b) in queens) == (straight or abs(down) == abs(right))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 3), (6, 4), (7, 7)])
def test_rook_needs_the_longer_side(rows: int, columns: int) -> None:
    graph = rook(rows, columns)
    longer = max(rows, columns)
    square = np.arange(rows)[:, None] + np.arange(columns)
    u, v = graph.conflicts.edges().T
    colors = square.ravel() % longer
    assert (colors[u] != colors[v]).all()
    line = range(columns) if columns == longer else range(0, rows * columns, columns)
    assert set(combinations(line, 2)) <= edge_set(graph)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6])
def test_latin_square_by_its_definition(n: int) -> None:
    cells = [(i, j, (i + j) % n) for i, j in product(range(n), repeat=2)]
    expected = {
        (a, b)
        for a, b in combinations(range(n * n), 2)
        if any(x == y for x, y in zip(cells[a], cells[b], strict=True))
    }
    assert edge_set(latin_square(n)) == expected


@pytest.mark.parametrize(("n", "chi"), [(1, 1), (2, 4), (3, 3), (4, 6), (5, 5)])
def test_latin_squares_of_even_order_need_two_more(
    n: int, chi: int, chromatic_number: Callable[[ConflictGraph], int]
) -> None:
    assert chromatic_number(latin_square(n)) == chi


@pytest.mark.parametrize("make", [lambda: queen(0, 5), lambda: rook(3, 0), lambda: latin_square(0)])
def test_no_squares(make: Callable[[], ConflictGraph]) -> None:
    with pytest.raises(InputError, match="at least"):
        make()


@pytest.mark.parametrize(
    "make", [lambda: queen(5000, 5000), lambda: rook(10**6, 2), lambda: latin_square(10**9)]
)
def test_too_large(make: Callable[[], ConflictGraph]) -> None:
    with pytest.raises(LimitError, match="is too large"):
        make()
