"""The process that runs CP-SAT: JSON lines in, JSON lines out.

``python -m geocolor.solvers.cpsat.worker`` reads requests from stdin and writes events to stdout
until stdin closes. It is the only place that loads OR-Tools.

A request is ``{"id": .., "model": {..}, "workers": .., "seed": .., "seconds": ..}``, or
``{"stop": id}``. Events of a request are ``{"id": .., "colors": [..]}``,
``{"id": .., "bound": ..}`` and at last one of ``{"id": .., "done": status}`` and
``{"id": .., "error": text, "kind": ..}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

__all__ = ["main"]

# CP-SAT's strategies for weighted problems, the first ones first where workers are few.
_WEIGHTED = ("max_lp", "no_lp", "reduced_costs", "core_or_no_lp", "pseudo_costs", "quick_restart")


class _Stops:
    """Requests told to stop, whether their solver already runs or not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped: set[int] = set()
        self._running: dict[int, Callable[[], None]] = {}

    def stop(self, request: int) -> None:
        with self._lock:
            self._stopped.add(request)
            halt = self._running.get(request)
        if halt is not None:
            halt()

    def register(self, request: int, halt: Callable[[], None]) -> None:
        with self._lock:
            self._running[request] = halt
            late = request in self._stopped
        if late:
            halt()

    def forget(self, request: int) -> None:
        with self._lock:
            self._running.pop(request, None)
            self._stopped.discard(request)


def _read(source: TextIO, requests: queue.SimpleQueue[dict[str, Any]], stops: _Stops) -> None:
    for line in source:
        message = json.loads(line)
        if "stop" in message:
            stops.stop(message["stop"])
        else:
            requests.put(message)
    # The parent closed the pipe or died; whatever runs here has no one to report to.
    os._exit(0)


def _solve(request: dict[str, Any], send: Callable[[dict[str, Any]], None], stops: _Stops) -> None:
    from ortools.sat.python import cp_model

    from geocolor.solvers.cpsat.models import build

    started = time.monotonic()
    number = request["id"]
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
            send({"id": number, "colors": built.colors(self)})

    if built.has_objective:
        solver.best_bound_callback = lambda bound: send({"id": number, "bound": bound})
    stops.register(number, solver.stop_search)
    status = solver.solve(built.model, Stream())
    if status == cp_model.MODEL_INVALID:
        raise ValueError(f"CP-SAT refused the model: {built.model.validate()}")
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) and built.has_objective:
        send({"id": number, "bound": solver.best_objective_bound})
    send({"id": number, "done": solver.status_name(status)})


def _volunteer_for_the_oom_killer() -> None:
    """Let Linux kill this process rather than its parent when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    """Serve requests until stdin closes."""
    _volunteer_for_the_oom_killer()
    # Only events go to the real stdout; what a library prints goes to stderr.
    events = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(event: dict[str, Any]) -> None:
        with lock:
            try:
                events.write(json.dumps(event, separators=(",", ":")) + "\n")
                events.flush()
            except BrokenPipeError:
                os._exit(0)

    stops = _Stops()
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin, requests, stops), daemon=True).start()
    while True:
        request = requests.get()
        number = request["id"]
        try:
            _solve(request, send, stops)
        except MemoryError:
            send({"id": number, "kind": "memory", "error": "out of memory"})
        except Exception as error:
            send({"id": number, "kind": "failure", "error": f"{type(error).__name__}: {error}"})
        finally:
            stops.forget(number)


if __name__ == "__main__":
    main()
