"""What a campaign comes to: a row a solver, a row an instance, tests between solvers, warnings."""

from geocolor.bench.summary.caveats import find_warnings
from geocolor.bench.summary.rows import (
    InstanceRow,
    PairRow,
    Refutation,
    SolverCell,
    SolverRow,
    Statistic,
    Summary,
)
from geocolor.bench.summary.summarise import summarise
from geocolor.bench.summary.text import to_text

__all__ = [
    "InstanceRow",
    "PairRow",
    "Refutation",
    "SolverCell",
    "SolverRow",
    "Statistic",
    "Summary",
    "find_warnings",
    "summarise",
    "to_text",
]
