"""CP-SAT and HiGHS alone on a textbook's model, without any help of ours.

They get no heuristic's answer, no clique and no bound but the sum of what is negative: what they
can do by themselves is what others are compared with.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from geocolor.errors import LimitError, SolverError
from geocolor.graph import ConflictGraph
from geocolor.problem import PartitionProblem, Problem
from geocolor.solvers.external.pair_programs import count_rows
from geocolor.solvers.external.pools import POOLS
from geocolor.solvers.process.client import WorkerDiedError
from geocolor.solvers.result import StopReason
from geocolor.solvers.scaling import scale_weights
from geocolor.solvers.search import Outcome, Search

__all__ = ["MOST_ROWS", "PairSolver"]

# Rows that a program may have: the triangles of 136 nodes.
MOST_ROWS = 1_250_000
# A solver is asked to end this many seconds early, so that its last word is heard.
_MARGIN = 0.05
# What HiGHS may leave open, where the largest weight is about 1.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class PairSolver:
    """A solver of binary programs, in a process of its own, so that limits and Ctrl-C hold.

    Weights are scaled to integers as for our own exact solvers. CP-SAT counts in integers. HiGHS
    computes in floating point: its bounds are lowered by what its tolerance leaves open, 1e-9 of
    the largest weight for each pair, then rounded up to whole steps.

    Parameters
    ----------
    engine : str
        cpsat or highs.
    formulation : str
        edges or assignment; see :mod:`geocolor.solvers.external.pair_programs`.
    """

    engine: str
    formulation: str

    def warm_up(self) -> None:
        """Start the process, and let it solve something small."""
        path = PartitionProblem(ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [1.0, 2.0]), 1)
        self(path, Search(path, started=time.monotonic(), time_limit=None, seed=0, workers=1))

    def prepare(self, problem: Problem) -> PairSolver:
        """Have the process ready; the model is built within the clock."""
        self.warm_up()
        return self

    def __call__(self, problem: Problem, search: Search) -> Outcome:
        """Solve, streaming incumbents and bounds.

        Raises
        ------
        LimitError
            The program would be too large.
        InputError
            The weights cannot be scaled to integers.
        SolverError
            The process failed.
        """
        graph = problem.graph
        if graph.num_nodes < 2:
            search.offer([0] * graph.num_nodes)
            search.raise_lower_bound(0.0)
            return Outcome(StopReason.COMPLETED, message="the graph has no pairs")
        k = min(problem.max_colors, graph.num_nodes)
        sizes = (graph.num_nodes, k, graph.weights.num_edges, graph.conflicts.num_edges)
        rows = count_rows(self.formulation, *sizes)
        if rows > MOST_ROWS:
            raise LimitError(
                f"the {self.formulation} model of this problem has {rows:,} rows; the limit is "
                f"{MOST_ROWS:,}: use auto, which needs no such model"
            )
        edges, values = graph.weights.edges(), graph.weights.edge_values()
        scaled = scale_weights(values)
        # Known without a solver, and where it is 0 no error of the scaling is left in it.
        search.raise_lower_bound(-math.fsum(-values[values < 0]))
        scale = 1 << int(abs(scaled.integers).max(initial=1)).bit_length()
        leeway = 0.0
        if self.engine == "highs":
            leeway = _TOLERANCE * math.comb(graph.num_nodes, 2) * scale
        # Within a step rounding up makes up for it.
        search.scaling_error = scaled.error + (leeway * scaled.unit if leeway >= 1.0 else 0.0)
        weights = zip(edges.tolist(), scaled.integers.tolist(), strict=True)
        remaining = search.remaining()
        request = {
            "formulation": self.formulation,
            "num_nodes": graph.num_nodes,
            "k": k,
            "weights": [[*pair, weight] for pair, weight in weights],
            "conflicts": graph.conflicts.edges().tolist(),
            "scale": scale,
            "tolerance": _TOLERANCE,
            "workers": search.workers,
            "seed": search.seed % (1 << 31),
            "seconds": None if math.isinf(remaining) else max(0.01, remaining - _MARGIN),
        }

        def lifted(bound: float) -> float:
            return scaled.lower_bound(math.ceil(bound - leeway))

        return self._ask(request, search, lifted)

    def _ask(
        self, request: dict[str, Any], search: Search, lifted: Callable[[float], float]
    ) -> Outcome:
        """Let a worker solve, and pass on what it says."""
        pool = POOLS[self.engine]
        worker = pool.acquire()
        deadline = time.monotonic() + search.remaining()
        try:
            with closing(worker.run(request, deadline)) as events:
                for event in events:
                    if "answer" in event:
                        search.offer(event["answer"])
                    elif "bound" in event:
                        search.raise_lower_bound(lifted(event["bound"]))
                    elif "error" in event:
                        if event["kind"] == "memory":
                            return Outcome(StopReason.MEMORY, message=event["error"])
                        raise SolverError(f"{pool.name} failed: {event['error']}")
                    elif "done" in event:
                        return _outcome(event["done"], pool.name)
                    if search.out_of_time():
                        break
        except WorkerDiedError as died:
            if died.for_memory:
                return Outcome(StopReason.MEMORY, message=f"{died}; the incumbent is kept")
            raise SolverError(str(died)) from died
        finally:
            pool.release(worker)
        return Outcome(StopReason.TIME)


def _outcome(status: str, name: str) -> Outcome:
    if status in ("INFEASIBLE", "UNBOUNDEDORINFEASIBLE"):  # no x is unbounded
        return Outcome(StopReason.COMPLETED, infeasible=True, message=f"proven by {name}")
    if status == "OPTIMAL":
        return Outcome(StopReason.COMPLETED, message=f"proven by {name}")
    return Outcome(StopReason.TIME)
