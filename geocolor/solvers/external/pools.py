"""The worker processes that solve binary programs."""

from __future__ import annotations

from geocolor.solvers.process.client import WorkerPool

__all__ = ["POOLS"]

POOLS = {
    "cpsat": WorkerPool("geocolor.solvers.external.cpsat_worker", "CP-SAT"),
    "highs": WorkerPool("geocolor.solvers.external.highs_worker", "HiGHS"),
}
