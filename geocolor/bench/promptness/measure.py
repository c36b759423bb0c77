"""How long solvers go on after their time limit and after Ctrl-C, and what they keep."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from geocolor.bench.promptness.questions import Question
from geocolor.bench.trial import Instance
from geocolor.solvers.registry import find_solver

__all__ = ["Promptness", "measure"]

# Seconds beyond its limit after which a solve counts as hung. Much: machines may be busy.
_HUNG = 300.0
# Ctrl-C comes at a random moment of the first seconds, or of what the solve takes if that is less.
_FIRST, _SHARE = 2.0, 0.9
# Interrupts may come when a short solve is over. It is tried again so often, earlier.
_TRIES = 4
# Where a solve is to be interrupted it has time enough.
_ENDLESS = 60.0


@dataclass(frozen=True)
class Promptness:
    """How promptly a solver ended on a problem; seconds.

    Attributes
    ----------
    solver, kind, name : str
        Who worked on what.
    nodes : int
        Of the graph.
    limit : float
        Time limit.
    reason : str
        How the solve with that limit ended; "failed" if it did not.
    wall, cpu : float
        How long it went on after its limit, on the wall clock and in processor time of all threads
        since then; 0 if it ended before.
    interrupts, kept : int
        Solves that Ctrl-C met, and those that gave the best incumbent reported by then.
    interrupt_wall, interrupt_cpu : float
        From Ctrl-C to the answer, at worst.
    message : str
        What failed.
    """

    solver: str
    kind: str
    name: str
    nodes: int
    limit: float
    reason: str
    wall: float
    cpu: float
    interrupts: int = 0
    kept: int = 0
    interrupt_wall: float = 0.0
    interrupt_cpu: float = 0.0
    message: str = ""


def measure(
    solvers: Iterable[str],
    asked: Iterable[Question | Instance],
    *,
    limit: float = 2.0,
    interrupts: int = 5,
    threads: int = 1,
    seed: int = 0,
) -> Iterator[Promptness]:
    """Have solvers solve problems in one process, up to a limit and until Ctrl-C comes.

    Parameters
    ----------
    solvers : iterable of str
        Names as of :func:`geocolor.solve`.
    asked : iterable of Question or Instance
        The problems; each goes to the solvers that take its kind.
    limit : float
        Time limit in seconds.
    interrupts : int
        Ctrl-C for each solver and problem.
    threads : int
        Threads of a solve.
    seed : int
        Of the moments of Ctrl-C.

    Yields
    ------
    Promptness
        For each solver and problem. Every solve is in the same process, and so in one that was
        interrupted before; a new one is started when it hangs or crashes.

    Raises
    ------
    InputError
        There is no such solver.
    """
    names = [(name, find_solver(name).kinds) for name in solvers]
    random = np.random.default_rng(seed)
    child = _Child()
    try:
        for question in asked:
            for name, kinds in names:
                if question.kind not in kinds:
                    continue
                if not child.alive:
                    child = _Child()
                yield _Subject(child, name, question, threads).measure(limit, interrupts, random)
    finally:
        child.close()


class _FailedError(Exception):
    """A solve failed, hung or crashed."""


class _Child:
    """The process that solves."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "geocolor.bench.promptness.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self._answers.put(line)
        self._answers.put("")

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        try:
            line = self._answers.get(timeout=request["limit"] + _HUNG)
        except queue.Empty:
            self.close()
            raise _FailedError("it did not return") from None
        if not line:
            raise _FailedError(f"its process ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise _FailedError(answer["failed"])
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class _Subject:
    """A solver on a problem."""

    def __init__(
        self, child: _Child, solver: str, question: Question | Instance, threads: int
    ) -> None:
        self._child = child
        given = isinstance(question, Instance)
        self._request = {
            "solver": solver,
            "threads": threads,
            "question": None if given else asdict(question),
            "instance": asdict(question) if given else None,
        }
        self._what: dict[str, Any] = {
            "solver": solver,
            "kind": question.kind,
            "name": question.name,
        }
        self._nodes = question.nodes

    def _solve(self, limit: float, interrupt: float | None = None) -> dict[str, Any]:
        return self._child.ask({**self._request, "limit": limit, "interrupt": interrupt})

    def measure(self, limit: float, interrupts: int, random: np.random.Generator) -> Promptness:
        try:
            free = self._solve(limit)
        except _FailedError as error:
            return self._result(limit, "failed", 0.0, 0.0, message=str(error))
        late = max(0.0, free["wall"]), free["cpu"]
        took = np.inf if free["reason"] == "TIME" else free["took"]
        met: list[dict[str, Any]] = []
        message = ""
        for _ in range(interrupts):
            try:
                met.extend(self._interrupted(random.random() * min(_FIRST, _SHARE * took)))
            except _FailedError as error:
                message = str(error)
                break
        return self._result(
            limit,
            free["reason"],
            *late,
            interrupts=len(met) + bool(message),
            kept=sum(each["kept"] for each in met),
            interrupt_wall=max((each["wall"] for each in met), default=0.0),
            interrupt_cpu=max((each["cpu"] for each in met), default=0.0),
            message=message,
        )

    def _interrupted(self, after: float) -> list[dict[str, Any]]:
        """Interrupt a solve; none if it was always over before."""
        for attempt in range(_TRIES):
            answer = self._solve(_ENDLESS, after / 2**attempt)
            if answer["reason"] == "INTERRUPT":
                return [answer]
        return []

    def _result(
        self, limit: float, reason: str, wall: float, cpu: float, **more: Any
    ) -> Promptness:
        return Promptness(
            **self._what, nodes=self._nodes, limit=limit, reason=reason, wall=wall, cpu=cpu, **more
        )
