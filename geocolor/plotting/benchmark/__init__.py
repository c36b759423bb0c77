"""Pictures of a benchmark, as plotly figures made from plain arrays.

Text and axes have no color of their own, so that a page can dress them light or dark.
"""

from geocolor.plotting.benchmark.figures import (
    draw_anytime,
    draw_cactus,
    draw_profile,
    draw_trace_axes,
)
from geocolor.plotting.benchmark.looks import Look, solver_looks

__all__ = [
    "Look",
    "draw_anytime",
    "draw_cactus",
    "draw_profile",
    "draw_trace_axes",
    "solver_looks",
]
