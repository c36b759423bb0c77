"""What a run was worth: references, refuted claims, gaps and times, computed from results."""

from geocolor.bench.measures.campaign import Measured, measure
from geocolor.bench.measures.reference import (
    Question,
    Reference,
    Source,
    find_references,
    is_worse,
    question,
    refutation,
    wanted_classes,
)
from geocolor.bench.measures.run import Run, gap, measure_run

__all__ = [
    "Measured",
    "Question",
    "Reference",
    "Run",
    "Source",
    "find_references",
    "gap",
    "is_worse",
    "measure",
    "measure_run",
    "question",
    "refutation",
    "wanted_classes",
]
