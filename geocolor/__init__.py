"""geocolor: which layers of a model may share parameters, decided by graph coloring.

The public names are loaded when first used, so that ``import geocolor`` is quick and solving a
saved graph never loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geocolor._version import __version__

if TYPE_CHECKING:
    from geocolor.compression import (
        compress,
        compress_streamed,
        conflict_graph,
        load,
        measure_latency,
        recover,
        sharing_options,
    )
    from geocolor.errors import GeocolorError
    from geocolor.graph import ConflictGraph, SharingOptions, line_graph
    from geocolor.io import read, write
    from geocolor.problem import (
        BudgetedSharingProblem,
        Coloring,
        ColoringProblem,
        CorrelationClusteringProblem,
        EquitableColoringProblem,
        GroupOracle,
        GroupPartitionProblem,
        NormalizedPairSum,
        PartitionProblem,
        check,
    )
    from geocolor.sharing import assert_shared
    from geocolor.solvers import SolveResult, Status, StopReason, solve
    from geocolor.solvers.budgeted import frontier, solve_budgeted
    from geocolor.solvers.compiling import compile_kernels

_HOMES = {
    "BudgetedSharingProblem": "geocolor.problem",
    "ConflictGraph": "geocolor.graph",
    "Coloring": "geocolor.problem",
    "ColoringProblem": "geocolor.problem",
    "CorrelationClusteringProblem": "geocolor.problem",
    "EquitableColoringProblem": "geocolor.problem",
    "GeocolorError": "geocolor.errors",
    "GroupOracle": "geocolor.problem",
    "GroupPartitionProblem": "geocolor.problem",
    "NormalizedPairSum": "geocolor.problem",
    "PartitionProblem": "geocolor.problem",
    "SharingOptions": "geocolor.graph",
    "SolveResult": "geocolor.solvers",
    "Status": "geocolor.solvers",
    "StopReason": "geocolor.solvers",
    "assert_shared": "geocolor.sharing",
    "check": "geocolor.problem",
    "compile_kernels": "geocolor.solvers.compiling",
    "compress": "geocolor.compression",
    "compress_streamed": "geocolor.compression",
    "conflict_graph": "geocolor.compression",
    "frontier": "geocolor.solvers.budgeted",
    "line_graph": "geocolor.graph",
    "load": "geocolor.compression",
    "measure_latency": "geocolor.compression",
    "read": "geocolor.io",
    "recover": "geocolor.compression",
    "sharing_options": "geocolor.compression",
    "solve": "geocolor.solvers",
    "solve_budgeted": "geocolor.solvers.budgeted",
    "write": "geocolor.io",
}

__all__ = [
    "BudgetedSharingProblem",
    "Coloring",
    "ColoringProblem",
    "ConflictGraph",
    "CorrelationClusteringProblem",
    "EquitableColoringProblem",
    "GeocolorError",
    "GroupOracle",
    "GroupPartitionProblem",
    "NormalizedPairSum",
    "PartitionProblem",
    "SharingOptions",
    "SolveResult",
    "Status",
    "StopReason",
    "__version__",
    "assert_shared",
    "check",
    "compile_kernels",
    "compress",
    "compress_streamed",
    "conflict_graph",
    "frontier",
    "line_graph",
    "load",
    "measure_latency",
    "read",
    "recover",
    "sharing_options",
    "solve",
    "solve_budgeted",
    "write",
]


def __getattr__(name: str) -> Any:  # the names are as varied as their types
    if name not in _HOMES:
        raise AttributeError(f"module 'geocolor' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
