"""A solve result for machines and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geocolor.cli.console import one_line
from geocolor.wording import counted

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph
    from geocolor.solvers import SolveResult

__all__ = ["summary", "to_record"]


def to_record(result: SolveResult, graph: ConflictGraph) -> dict[str, Any]:
    """Everything a result says, as one JSON object; also the JSON solution file."""
    from geocolor.io.solution import SOLUTION_FORMAT, SOLUTION_VERSION

    colors = None if result.coloring is None else result.coloring.colors.tolist()
    return {
        "format": SOLUTION_FORMAT,
        "version": SOLUTION_VERSION,
        "status": result.status.value,
        "stop_reason": result.stop_reason.value,
        "objective": result.objective,
        "lower_bound": result.lower_bound,
        "gap": result.gap,
        "num_colors": result.num_colors,
        "colors": colors,
        "nodes": [graph.label(node) for node in range(graph.num_nodes)],
        "runtime": result.runtime,
        "solver": result.solver,
        "seed": result.seed,
        "workers": result.workers,
        "versions": dict(result.versions),
        "options": dict(result.options),
        "instance_hash": result.instance_hash,
        "scaling_error": result.scaling_error,
        "message": result.message,
        "trace": [[point.time, point.objective, point.lower_bound] for point in result.trace],
    }


def summary(result: SolveResult) -> str:
    """Say in a few lines what is known, how well, how long it took and why."""
    status = f"{result.status.value} ({result.stop_reason.value.lower()}){_answered(result)}"
    rows = [("status", status)]
    if result.num_colors is not None:
        rows.append(("colors", str(result.num_colors)))
        if result.options["problem"] not in ("coloring", "equitable"):
            rows.append(("objective", f"{result.objective:.10g}"))
    if result.lower_bound is not None:
        gap = "" if result.gap is None else f" (gap {100 * result.gap:.2f}%)"
        rows.append(("bound", f"{result.lower_bound:.10g}{gap}"))
    rows.append(("time", f"{result.runtime:.2f} s"))
    rows.append(("solver", f"{result.solver}, seed {result.seed}"))
    if result.message:
        rows.append(("why", one_line(result.message)))
    return "\n".join(f"{name:<10} {value}" for name, value in rows)


def _answered(result: SolveResult) -> str:
    """Say where FEASIBLE is all that was asked."""
    from geocolor.solvers import Status, StopReason

    k = result.options.get("k")
    if (
        k is None
        or result.options["problem"] not in ("coloring", "equitable")
        or (result.status, result.stop_reason) != (Status.FEASIBLE, StopReason.COMPLETED)
    ):
        return ""
    return f": {counted(int(k), 'color')} do, as asked; fewer were not looked for"
