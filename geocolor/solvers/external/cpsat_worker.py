"""The process that gives binary programs to CP-SAT.

A request (see :mod:`geocolor.solvers.process.server`) is what
:func:`geocolor.solvers.external.programs.build` takes, with ``workers``, ``seed`` and
``seconds``. Events are ``{"answer": [..]}`` and ``{"bound": ..}``, in steps of the integer costs.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np

from geocolor.solvers.external.binary_program import BinaryProgram
from geocolor.solvers.external.programs import build
from geocolor.solvers.process.server import Job, serve

__all__ = ["main"]


def _solve(request: dict[str, Any], job: Job) -> str:
    from ortools.sat.python import cp_model

    started = time.monotonic()
    program = build(request)
    model, columns = _model(program)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = request["workers"]
    solver.parameters.random_seed = request["seed"]
    if request["seconds"] is not None:
        left = request["seconds"] - (time.monotonic() - started)
        solver.parameters.max_time_in_seconds = max(0.01, left)

    class Stream(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]  # OR-Tools is skipped
        def on_solution_callback(self) -> None:
            x = np.array([self.boolean_value(column) for column in columns], dtype=np.bool_)
            job.send({"answer": program.answer(x).tolist()})

    solver.best_bound_callback = lambda bound: job.send({"bound": bound})
    job.on_stop(solver.stop_search)
    status = solver.solve(model, Stream())
    if status == cp_model.MODEL_INVALID:
        raise ValueError(f"CP-SAT refused the model: {model.validate()}")
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        job.send({"bound": solver.best_objective_bound})
    name: str = solver.status_name(status)
    return name


def _model(program: BinaryProgram) -> tuple[Any, list[Any]]:
    """Write the program row by row; its model and its variables."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    columns = [
        model.new_bool_var(f"x{number}") if allowed else model.new_constant(0)
        for number, allowed in enumerate(program.allowed.tolist())
    ]
    indices, signs = program.matrix.indices.tolist(), program.matrix.data.tolist()
    least, most = cp_model.INT_MIN, cp_model.INT_MAX
    lower, upper = (
        np.clip(side, least, most).astype(np.int64).tolist()
        for side in (program.lower, program.upper)
    )
    for row, (start, end) in enumerate(pairwise(program.matrix.indptr.tolist())):
        terms = [columns[index] for index in indices[start:end]]
        left = cp_model.LinearExpr.weighted_sum(terms, signs[start:end])
        model.add_linear_constraint(left, lower[row], upper[row])
    model.minimize(cp_model.LinearExpr.weighted_sum(columns, program.costs.tolist()))
    return model, columns


def main() -> None:
    """Serve requests until stdin closes."""
    serve(_solve)


if __name__ == "__main__":
    main()
