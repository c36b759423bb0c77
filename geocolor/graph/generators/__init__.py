"""Graphs made from nothing: known families and random ones.

=================  ==========================================================================
``boards``         squares of a board: queen, rook, latin_square
``cones``          Mycielski's construction, generalized: mycielski, insertions, full_insertions
``sets``           subsets of a set: kneser
``random_graphs``  pairs drawn one by one: gnp
``geometry``       points of a square, ranges of a line: geometric, intervals
``planted``        random graphs around a hidden coloring: flat, leighton, timetable
``models``         what sharing the layers of a model costs: layers
``heads``          what sharing bases costs a model's attention heads: heads
=================  ==========================================================================

Random graphs use only the raw 64-bit stream of PCG64, which numpy promises never to change
(``stream``), and arithmetic that is rounded the same everywhere; so a seed means the same graph on
any machine.
"""

from geocolor.graph.generators.boards import latin_square, queen, rook
from geocolor.graph.generators.cones import full_insertions, insertions, mycielski
from geocolor.graph.generators.geometry import geometric, intervals
from geocolor.graph.generators.heads import heads
from geocolor.graph.generators.models import layers
from geocolor.graph.generators.planted import flat, leighton, timetable
from geocolor.graph.generators.random_graphs import gnp
from geocolor.graph.generators.sets import kneser

__all__ = [
    "flat",
    "full_insertions",
    "geometric",
    "gnp",
    "heads",
    "insertions",
    "intervals",
    "kneser",
    "latin_square",
    "layers",
    "leighton",
    "mycielski",
    "queen",
    "rook",
    "timetable",
]
