"""Files that are given beside a graph, or in place of one: what reads each, and small ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geocolor.graph import ConflictGraph
from geocolor.io import Limits
from geocolor.io.frontier import read_frontier
from geocolor.io.restrictions import read_fixed, read_lists, read_order
from geocolor.io.sharing_options import read_options
from geocolor.io.sizes import read_sizes
from geocolor.io.solution import read_solution

GRAPH = ConflictGraph.from_edges(4, [(0, 1), (1, 2), (0, 3)], labels=["a", "b", "c d", "é"])
LIMITS = Limits(file_bytes=1 << 20, text_bytes=1 << 20, json_bytes=1 << 20, nodes=500, edges=5000)


@dataclass(frozen=True)
class Beside:
    """A kind of file.

    Attributes
    ----------
    suffix : str
        Of its name.
    home : str
        Module of its reader.
    read : callable
        Reads a file, all that is said of it.
    seeds : tuple of str
        Whole ones.
    """

    suffix: str
    home: str
    read: Callable[[Path], object]
    seeds: tuple[str, ...]


def _solution(path: Path) -> object:
    return read_solution(path, LIMITS).colors_of(GRAPH)


BESIDE = {
    "options": Beside(
        ".json",
        "geocolor.io.sharing_options",
        lambda path: read_options(path, limits=LIMITS).fingerprint,
        (
            '{"format": "geocolor.options", "version": 1, "units": ["q", "k"], "options": '
            '[[[0], "dense", 0, 16], [["k"], "rank 2", -0.25, 8], [[0, 1], "tied", 5e-1, 16]]}',
        ),
    ),
    "frontier": Beside(
        ".json",
        "geocolor.io.frontier",
        lambda path: read_frontier(path, limits=LIMITS),
        (
            '{"format": "geocolor.frontier", "version": 1, "options_hash": "a1", "points": [{'
            '"budget": 12, "status": "OPTIMAL", "cost": 0.5, "parameters": 10, "lower_bound": 0.5, '
            '"gap": 0.0, "chosen": [{"option": 4}], "certificate": {"unit_prices": [1, 2], '
            '"size_price": 3, "step": 0.5, "grain": 4}}, {"budget": 1, "status": "INFEASIBLE", '
            '"chosen": null, "certificate": null}]}',
        ),
    ),
    "solution-json": Beside(
        ".json",
        "geocolor.io.solution",
        _solution,
        (
            '{"format": "geocolor.solution", "version": 1, "colors": [0, 1, 0, 1], "objective": 2,'
            '"nodes": ["a", "b", "c d", "\u00e9"], "options": {"problem": "coloring", "k": 3}}',
            '{"format": "geocolor.solution", "version": 1, "colors": null}',
        ),
    ),
    "solution-csv": Beside(
        ".csv",
        "geocolor.io.solution",
        _solution,
        ("node,color\na,0\nb,1\nc d,0\n\u00e9,1\n", 'node,color\r\n"a",3\r\n'),
    ),
    "solution-text": Beside(
        ".sol",
        "geocolor.io.solution",
        _solution,
        (
            "c graph 12\nc problem partition 3\ns col 2\nl 1 1\nl 2 2\nl 3 1\nl 4 2\n",
            "c problem capacitated-partition 2\nc capacity 9\nc sizes 1 2\nc sizes 3 4\ns col 2\n"
            "l 4 1\nl 3 1\nl 2 2\nl 1 1\n",
        ),
    ),
    "fixed": Beside(
        ".txt",
        "geocolor.io.restrictions",
        lambda path: read_fixed(path, GRAPH, LIMITS),
        ("# fixed\na 0\nb 2147483647\n",),
    ),
    "lists": Beside(
        ".txt",
        "geocolor.io.restrictions",
        lambda path: read_lists(path, GRAPH, LIMITS),
        ("a 0 1 2\nb 3\n\u00e9 1\n",),
    ),
    "order": Beside(
        ".txt",
        "geocolor.io.restrictions",
        lambda path: read_order(path, GRAPH, LIMITS),
        ("b\na\n# last\n\u00e9\n",),
    ),
    "sizes": Beside(
        ".txt",
        "geocolor.io.sizes",
        lambda path: read_sizes(path, GRAPH, LIMITS),
        ("a 1\nb 20\n\u00e9 3\n",),
    ),
}
