"""Foreign programs as solvers: called by a command line, read by their output."""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from geocolor.errors import InputError, SolverError, UnreadableAnswerError
from geocolor.graph import ConflictGraph
from geocolor.io import write
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.external.answers import AnswerFormat, Answers
from geocolor.solvers.external.program import Program
from geocolor.solvers.external.readers import shown
from geocolor.solvers.info import Solver
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.wording import counted

__all__ = ["INPUTS", "PLACEHOLDERS", "CommandSolver", "command_files"]

INPUTS = {"dimacs": "graph.col", "json": "graph.json"}
PLACEHOLDERS = ("input", "output", "k", "seed", "time_limit", "seconds", "threads", "here")
_OUTPUT = "answer"
# Given as a time limit where there is none: eleven days.
_NO_LIMIT = 1_000_000.0
# Between the seeds of restarts, so that runs with neighboring seeds do not repeat each other.
_NEXT_SEED = 10_000
_CLIQUE_WORK = 20_000_000
# With which SAT solvers say that there is an answer, and that there is none.
_TELLING_CODES = (10, 20)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class CommandSolver:
    """A program called by a command line, once or for fewer and fewer classes.

    The graph is written to a temporary folder, the program's working directory, which is removed
    after the call. At the time limit the program and all it started are ended. Threads are told
    by ``{threads}`` and by ``OMP_NUM_THREADS`` and its like.

    Made from an entry of a TOML file by
    :func:`geocolor.solvers.external.command_file.read_commands`, which checks it.

    Parameters
    ----------
    command : sequence of str
        Program and arguments with the placeholders ``{input}``, ``{output}``, ``{k}`` (most
        classes), ``{seed}``, ``{time_limit}`` (seconds), ``{seconds}`` (the same, whole, rounded
        up), ``{threads}`` and ``{here}`` (`folder`). The program is a name on the PATH, a path,
        relative to `folder`, or ``$VARIABLE``, an environment variable that names it.
    answer : mapping
        Fields of :class:`geocolor.solvers.external.answers.AnswerFormat`.
    folder : str
        Folder of the TOML file.
    input : str
        dimacs (hard conflicts alone) or json (the native format).
    mode : str
        once: the program seeks the best by itself. descend: the program colors with k given
        classes; it is called with as many as our DSATUR coloring needs, a tenth more while it has
        no answer, then with one fewer than its last answer has, until it fails, or a bound or the
        time limit is met. With k given it is called with k. The first number
        and the clique bound that saves hopeless calls are ours, inside the clock; every coloring
        is the program's.
    first_seed : int
        Added to the seed, for programs to which 0 means no seed.
    restart : bool
        Whether a program that fails in descend before the time limit is called again with the
        next seed.

    Raises
    ------
    InputError
        The program is not there.
    """

    command: Sequence[str]
    answer: Mapping[str, Any]
    folder: str = ""
    input: str = "dimacs"
    mode: str = "once"
    first_seed: int = 0
    restart: bool = False

    def __post_init__(self) -> None:
        self.program  # noqa: B018  a missing program is said when the solver is loaded

    @cached_property
    def program(self) -> str:
        """Absolute path of the program."""
        return str(_program(self.command[0], self.folder))

    def warm_up(self) -> None:
        """Compile our own part of `descend`, so that no clock runs while it is compiled."""
        if self.mode == "descend":
            from geocolor.solvers.dsatur import solve_dsatur

            path = ColoringProblem(ConflictGraph.from_edges(3, [(0, 1), (1, 2)]))
            started = time.monotonic()
            solve_dsatur(path, Search(path, started=started, time_limit=None, seed=0, workers=1))

    def prepare(self, problem: Problem) -> Solver:
        """Write the graph for the program; good for one call."""
        return _Prepared(self, problem)

    def __call__(self, problem: Problem, search: Search) -> Outcome:
        """Write the graph and call the program."""
        return _Prepared(self, problem)(problem, search)


def command_files(command: Sequence[str], folder: str = "") -> Iterator[tuple[int, Path]]:
    """Find the files of a command line, each with its place: the program, then its scripts.

    Raises
    ------
    InputError
        The program is not there.
    """
    yield 0, _program(command[0], folder)
    for place, word in enumerate(command[1:], 1):
        path = Path(word.replace("{here}", folder))
        if path.is_file():
            yield place, path


def _program(name: str, folder: str) -> Path:
    if name.startswith("$"):
        path = os.environ.get(name[1:])
        if not path:
            raise InputError(
                f"set the environment variable {name[1:]} to the path of the solver's program"
            )
        name = path
    elif os.sep in name:
        name = str(Path(folder, name.replace("{here}", folder)))
    found = shutil.which(name)
    if found is None:
        raise InputError(f"there is no program {name!r}, or it must not be executed here")
    return Path(found).absolute()


@dataclass(frozen=True)
class _Call:
    """What came of one call of the program."""

    timed_out: bool
    failed: bool
    infeasible: bool
    optimal: bool
    note: str


class _Prepared:
    """The solver of one problem, its graph written."""

    def __init__(self, solver: CommandSolver, problem: Problem) -> None:
        self._solver = solver
        self._format = AnswerFormat(**solver.answer)
        self._kept = tempfile.TemporaryDirectory(prefix="geocolor-", ignore_cleanup_errors=True)
        self._folder = Path(self._kept.name)
        graph = problem.graph
        if isinstance(problem, ColoringProblem):
            graph = ConflictGraph.from_edges(graph.num_nodes, graph.conflicts.edges())
        write(graph, self._folder / INPUTS[solver.input])

    def __call__(self, problem: Problem, search: Search) -> Outcome:
        with self._kept:
            if problem.graph.num_nodes == 0:
                search.offer([])
                return Outcome(StopReason.COMPLETED, message="the graph has no nodes")
            if self._solver.mode == "descend":
                return self._descend(problem, search)
            return self._once(problem, search)

    def _once(self, problem: Problem, search: Search) -> Outcome:
        call = self._call(search, problem.max_colors, search.seed)
        if call.failed:
            return Outcome(StopReason.FAILED, message=call.note)
        if call.optimal and search.objective is not None:
            search.raise_lower_bound(search.objective)
        if call.timed_out:
            return Outcome(StopReason.TIME, message=call.note)
        return Outcome(StopReason.COMPLETED, infeasible=call.infeasible, message=call.note)

    def _descend(self, problem: Problem, search: Search) -> Outcome:
        # numba is loaded for no other solver of this module.
        from geocolor.solvers.dsatur import dsatur
        from geocolor.solvers.start import begin

        assert isinstance(problem, ColoringProblem)  # noqa: S101  the TOML file is held to it
        _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
        if outcome is not None:
            return outcome
        k = problem.max_colors
        if problem.k is None:
            greedy = dsatur(problem.graph.conflicts, search)
            if greedy is None:
                return Outcome(StopReason.TIME, message="the time ended before the first call")
            # A number to begin with, no more: every answer is to be the program's own.
            k = int(greedy[0].max()) + 1
        seed = search.seed
        while not search.answered():
            if search.coloring is not None:
                k = min(k, search.coloring.num_colors - 1)
            call = self._call(search, k, seed)
            if call.failed:
                return Outcome(StopReason.FAILED, message=call.note)
            if call.infeasible:
                search.raise_lower_bound(k + 1.0)
                if search.coloring is not None or k == problem.max_colors:
                    return Outcome(StopReason.COMPLETED, infeasible=True, message=call.note)
            if call.optimal and search.objective is not None:
                search.raise_lower_bound(search.objective)
            if search.coloring is not None and search.coloring.num_colors <= k:
                continue
            if call.timed_out or search.out_of_time():
                return Outcome(
                    StopReason.TIME,
                    message=f"no coloring with {counted(k, 'class')} in time",
                )
            if search.coloring is None and k < problem.max_colors:
                k = min(problem.max_colors, k + max(1, k // 10))
                continue
            if not self._solver.restart or math.isinf(search.deadline):
                return Outcome(
                    StopReason.COMPLETED,
                    message=f"the program found none with {counted(k, 'class')}",
                )
            seed += _NEXT_SEED
        return Outcome(StopReason.COMPLETED)

    def _call(self, search: Search, k: int, seed: int) -> _Call:
        """Call the program; offer its answers as they come.

        Raises
        ------
        UnreadableAnswerError
            It printed something else.
        SolverError
            It failed, without an answer.
        """
        told_k = any("{k}" in word for word in self._solver.command)
        answers = Answers(self._format, search, told_k=told_k)
        output = self._folder / _OUTPUT
        output.unlink(missing_ok=True)
        threads = dict.fromkeys(_THREADS, str(search.workers))
        name = Path(self._solver.program).name
        try:
            with Program(self._arguments(search, k, seed), self._folder, threads) as program:
                for line in program.lines(search.remaining):
                    answers.hear(line)
            cut_short = program.timed_out or bool(program.fate)
            answers.finish(output if self._format.read == "output" else None, cut_short=cut_short)
        except UnreadableAnswerError as error:
            raise UnreadableAnswerError(f"{name}: {error}") from error
        said = answers.count > 0 or answers.infeasible
        expected = program.timed_out or (said and program.exit_code in _TELLING_CODES)
        if not program.fate or expected:
            return _Call(
                program.timed_out, False, answers.infeasible, answers.optimal, answers.note
            )
        complaint = f": {shown(program.complaint)}" if program.complaint else ""
        fate = f"{name} {program.fate}{complaint}"
        if not answers.count:
            raise SolverError(fate)
        return _Call(False, True, False, False, fate)

    def _arguments(self, search: Search, k: int, seed: int) -> list[str]:
        limit = min(search.remaining(), _NO_LIMIT)
        values = {
            "input": INPUTS[self._solver.input],
            "output": _OUTPUT,
            "k": str(k),
            "seed": str(seed + self._solver.first_seed),
            "time_limit": f"{limit:.3f}",
            "seconds": str(max(1, math.ceil(limit))),
            "threads": str(search.workers),
            "here": self._solver.folder,
        }
        names = re.compile("{(" + "|".join(values) + ")}")
        rest = [names.sub(lambda m: values[m[1]], word) for word in self._solver.command[1:]]
        return [self._solver.program, *rest]
