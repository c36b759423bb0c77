"""Everything there is for coloring, shared over the workers and the time given.

``parts``    from a graph to the parts of its kernel, and back
``exact``    bounds and proofs, one after another, for one part
``race``     heuristics in threads beside them
"""

from geocolor.solvers.portfolio.parts import color

__all__ = ["color"]
