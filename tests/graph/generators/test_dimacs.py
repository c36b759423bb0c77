"""Families of the DIMACS collection, down to the edges of its files."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import geocolor
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import full_insertions, insertions, mycielski, queen, rook

# Nodes and edges as the header lines of the files give them.
DIMACS: dict[str, tuple[Callable[[], ConflictGraph], int, int]] = {
    "1-FullIns_3": (lambda: full_insertions(1, 3), 30, 100),
    "2-FullIns_3": (lambda: full_insertions(2, 3), 52, 201),
    "3-FullIns_3": (lambda: full_insertions(3, 3), 80, 346),
    "1-FullIns_5": (lambda: full_insertions(1, 5), 282, 3247),
    "5-FullIns_4": (lambda: full_insertions(5, 4), 1085, 11395),
    "3-FullIns_5": (lambda: full_insertions(3, 5), 2030, 33751),
    "1-Insertions_4": (lambda: insertions(1, 4), 67, 232),
    "2-Insertions_3": (lambda: insertions(2, 3), 37, 72),
    "4-Insertions_3": (lambda: insertions(4, 3), 79, 156),
    "1-Insertions_6": (lambda: insertions(1, 6), 607, 6337),
    "3-Insertions_5": (lambda: insertions(3, 5), 1406, 9695),
    "myciel4": (lambda: mycielski(4), 23, 71),
    "myciel7": (lambda: mycielski(7), 191, 2360),
    "qg.order30": (lambda: rook(30, 30), 900, 26100),
    "queen8_12": (lambda: queen(8, 12), 96, 1368),
}


@pytest.mark.parametrize("name", DIMACS)
def test_sizes_of_the_dimacs_files(name: str) -> None:
    make, nodes, edges = DIMACS[name]
    graph = make()
    assert (graph.num_nodes, graph.conflicts.num_edges) == (nodes, edges)


@pytest.mark.parametrize("name", DIMACS)
def test_edges_of_the_dimacs_files(name: str) -> None:
    folder = os.environ.get("GEOCOLOR_INSTANCES")
    if not folder:
        pytest.skip("GEOCOLOR_INSTANCES names no folder of instances")
    files = [
        path for ending in ("col", "col.gz") for path in Path(folder).rglob(f"{name}.{ending}")
    ]
    if not files:
        pytest.skip(f"the folder has no {name}")
    np.testing.assert_array_equal(
        DIMACS[name][0]().conflicts.edges(), geocolor.read(files[0]).conflicts.edges()
    )
