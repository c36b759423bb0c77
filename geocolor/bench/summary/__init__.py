"""What a campaign comes to: a row a solver, a row an instance, tests between solvers, warnings."""

from geocolor.bench.summary.caveats import crowded, find_warnings
from geocolor.bench.summary.markdown import kinds_to_markdown, to_markdown
from geocolor.bench.summary.rows import (
    Failure,
    InstanceRow,
    PairRow,
    SolverCell,
    SolverRow,
    Statistic,
    Summary,
)
from geocolor.bench.summary.summarise import summarise, summarise_kinds
from geocolor.bench.summary.text import to_text

__all__ = [
    "Failure",
    "InstanceRow",
    "PairRow",
    "SolverCell",
    "SolverRow",
    "Statistic",
    "Summary",
    "crowded",
    "find_warnings",
    "kinds_to_markdown",
    "summarise",
    "summarise_kinds",
    "to_markdown",
    "to_text",
]
