"""The process that gives binary programs to HiGHS.

Requests are those of :mod:`geocolor.solvers.external.cpsat_worker`, with ``scale``, what the
costs are divided by, as HiGHS likes them about 1, and ``tolerance``.
"""

from __future__ import annotations

import math
import time
from typing import Any

import highspy
import numpy as np

from geocolor.solvers.external.binary_program import BinaryProgram
from geocolor.solvers.external.programs import build
from geocolor.solvers.process.server import Job, serve

__all__ = ["main"]


def _solve(request: dict[str, Any], job: Job) -> str:
    started = time.monotonic()
    program = build(request)
    # Threads are of the process, and HiGHS refuses another number until they are given up.
    highspy.Highs.resetGlobalScheduler(True)
    solver = highspy.Highs()
    for name, value in {
        "output_flag": False,
        "threads": request["workers"],
        "random_seed": request["seed"],
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": request["tolerance"],
    }.items():
        solver.setOptionValue(name, value)
    if request["seconds"] is not None:
        left = request["seconds"] - (time.monotonic() - started)
        solver.setOptionValue("time_limit", max(0.01, left))
    solver.passModel(_model(program, request["scale"]))

    def send(x: Any) -> None:
        job.send({"answer": program.answer(np.array(x) > 0.5).tolist()})

    told = -math.inf

    def looked(event: Any) -> None:
        nonlocal told
        bound = event.data_out.mip_dual_bound
        if told < bound < math.inf:
            told = bound
            job.send({"bound": bound * request["scale"]})
        if job.stopped:
            event.interrupt()

    solver.cbMipImprovingSolution += lambda event: send(event.data_out.mip_solution)
    solver.cbMipInterrupt += looked
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        # What presolve settles is no improvement.
        send(solver.getSolution().col_value)
        job.send({"bound": solver.getInfo().mip_dual_bound * request["scale"]})
    return str(status.name).removeprefix("k").upper()


def _model(program: BinaryProgram, scale: int) -> highspy.HighsLp:
    """Write the program in HiGHS's form."""
    rows, columns = program.matrix.shape
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = columns, rows
    # The scale is a power of two, so that nothing is rounded.
    model.col_cost_ = program.costs / scale
    model.col_lower_ = np.zeros(columns)
    model.col_upper_ = program.allowed.astype(np.float64)
    model.row_lower_ = program.lower
    model.row_upper_ = program.upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = program.matrix.indptr
    model.a_matrix_.index_ = program.matrix.indices
    model.a_matrix_.value_ = program.matrix.data.astype(np.float64)
    model.integrality_ = [highspy.HighsVarType.kInteger] * columns
    return model


def main() -> None:
    """Serve requests until stdin closes."""
    serve(_solve)


if __name__ == "__main__":
    main()
