"""The process that runs CP-SAT, the only place that loads OR-Tools.

A request (see :mod:`geocolor.solvers.process.server`) has ``model``, ``workers``, ``seed`` and
``seconds``. Its events are ``{"colors": [..]}`` and ``{"bound": ..}``.
"""

from __future__ import annotations

import time
from typing import Any

from geocolor.solvers.process.server import Job, serve

__all__ = ["main"]

# CP-SAT's strategies for weighted problems, the first ones first where workers are few.
_WEIGHTED = ("max_lp", "no_lp", "reduced_costs", "core_or_no_lp", "pseudo_costs", "quick_restart")


def _solve(request: dict[str, Any], job: Job) -> str:
    from ortools.sat.python import cp_model

    from geocolor.solvers.cpsat.models import build

    started = time.monotonic()
    built = build(request["model"])
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = request["workers"]
    solver.parameters.random_seed = request["seed"]
    solver.parameters.symmetry_level = 2
    if request["model"]["formulation"] != "coloring":
        # Proofs about weights live on the linear relaxation of the triangles, which few workers
        # would not look at by default.
        solver.parameters.linearization_level = 2
        if 1 < request["workers"] <= len(_WEIGHTED):
            solver.parameters.subsolvers.extend(_WEIGHTED[: request["workers"]])
    if request["seconds"] is not None:
        left = request["seconds"] - (time.monotonic() - started)
        solver.parameters.max_time_in_seconds = max(0.01, left)

    class Stream(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]  # OR-Tools is skipped
        def on_solution_callback(self) -> None:
            job.send({"colors": built.colors(self)})

    if built.has_objective:
        solver.best_bound_callback = lambda bound: job.send({"bound": bound})
    job.on_stop(solver.stop_search)
    status = solver.solve(built.model, Stream())
    if status == cp_model.MODEL_INVALID:
        raise ValueError(f"CP-SAT refused the model: {built.model.validate()}")
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) and built.has_objective:
        job.send({"bound": solver.best_objective_bound})
    name: str = solver.status_name(status)
    return name


def main() -> None:
    """Serve requests until stdin closes."""
    serve(_solve)


if __name__ == "__main__":
    main()
