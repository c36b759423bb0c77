"""What a long solve has reached, in a file, so that a later one goes on from there.

::

    {"format": "geocolor.checkpoint", "version": 1, "sha256": "...",
     "question": {"graph": "...", "problem": "coloring", "k": null, ...},
     "colors": [0, 1, ...], "lower_bound": 9.0, "scaling_error": 0.0, "seconds": 12.3}

The coloring is held to the problem when it is read. The bound cannot be: the checksum tells damage
only, and a result that rests on it says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from geocolor.errors import CheckError, FormatError, InputError, WrongAnswerError
from geocolor.io import Limits
from geocolor.io.atomic import atomic_file, require_writable
from geocolor.io.compression import named
from geocolor.io.json_text import load_object, require_format
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    GroupOracle,
    GroupPartitionProblem,
    PartitionProblem,
    Problem,
    check,
)
from geocolor.solvers.result import SolveResult
from geocolor.solvers.search import Search

__all__ = ["SolveCheckpoint"]

_FORMAT, _VERSION = "geocolor.checkpoint", 1
_KEYS = {"colors", "lower_bound", "question", "scaling_error", "seconds"}
# No number in it is as large.
_LARGEST = 1e300
# Seconds between two writes, and at least so many times what the last one took.
_SECONDS, _TIMES = 1.0, 20.0


class SolveCheckpoint:
    """Incumbent and bound of a solve in a file.

    Parameters
    ----------
    path : path-like
        The file; it need not exist.
    problem : Problem
        The question.

    Raises
    ------
    InputError
        The file cannot be read or written, is a pipe or compressed, or is of another question; or
        the question cannot be told from others, since a function says what groups cost.
    """

    def __init__(self, path: str | os.PathLike[str], problem: Problem) -> None:
        if not isinstance(path, str | os.PathLike):
            raise InputError(f"a checkpoint is a path, not {path!r}")
        self._path = Path(path)
        if str(path) == "-" or named(self._path) is not None:
            raise InputError(f"{path}: a checkpoint is a file, and not compressed; name another")
        require_writable(path)
        self._problem = problem
        self._question = _question(problem)
        self._seen = _stamp(self._path)
        self._found = None if self._seen is None else self._read()
        self._earlier = 0.0 if self._found is None else self._found["seconds"]
        self._failure: InputError | MemoryError | None = None

    def _read(self) -> dict[str, Any]:
        where = str(self._path)
        found = load_object(self._path, Limits())
        require_format(found, _FORMAT, _VERSION, where)
        content = {key: value for key, value in found.items() if key in _KEYS}
        if content.keys() != _KEYS or found.get("sha256") != _digest(content):
            raise FormatError("damaged: its checksum is another; delete it to start anew", where)
        wrong = _wrong(content)
        if wrong is not None:
            raise FormatError(f"damaged: {wrong}", where)
        for name, value in self._question.items():
            if content["question"].get(name) != value:
                raise InputError(
                    f"{where} is a checkpoint of another question: its {name} differs; give "
                    "another file, or delete this one to start anew"
                )
        if content["colors"] is not None:
            try:
                self._objective(content["colors"])
            except CheckError as error:
                raise FormatError(f"its coloring does not hold: {error}", where) from error
        return content

    def resume(self, search: Search) -> None:
        """Offer what the file holds to a search of the same question.

        Raises
        ------
        FormatError
            Its bound is above what a coloring costs.
        """
        if self._found is None:
            return
        if self._found["colors"] is not None:
            search.offer(np.array(self._found["colors"], dtype=np.int64))
        search.scaling_error = self._found["scaling_error"]
        try:
            if self._found["lower_bound"] is not None:
                search.raise_lower_bound(self._found["lower_bound"])
        except WrongAnswerError as error:
            raise FormatError(
                f"damaged: its bound is {self._found['lower_bound']}, and a coloring with "
                f"{search.objective} is known",
                str(self._path),
            ) from error

    @contextmanager
    def kept(self, search: Search) -> Iterator[None]:
        """Write what the search reaches now and then, from a thread, and at the end.

        Raises
        ------
        FormatError
            Something was refused as wrong, and the file's bound may be what is.
        """
        ended = threading.Event()

        def watch() -> None:
            written, wait = len(search.trace), _SECONDS
            while not ended.wait(wait) and self._failure is None:
                if len(search.trace) > written:
                    written, started = len(search.trace), time.monotonic()
                    self._write(search)
                    wait = max(_SECONDS, _TIMES * (time.monotonic() - started))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        except WrongAnswerError as error:
            bound = None if self._found is None else self._found["lower_bound"]
            if bound is None or bound != search.lower_bound:
                raise
            raise FormatError(
                f"the solver is wrong, or the bound {bound} is that it went on from: {error}; "
                "delete it to start anew",
                str(self._path),
            ) from error
        finally:
            ended.set()
            thread.join()
            self._write(search)

    def _write(self, search: Search) -> None:
        """Write the search's state; a failure is kept for later, so that no answer is lost."""
        if search.refusal is not None:  # what else it claimed may be as wrong
            return
        coloring = search.coloring
        state = {
            "colors": None if coloring is None else coloring.colors.tolist(),
            "lower_bound": search.lower_bound,
            "scaling_error": search.scaling_error,
            "seconds": self._earlier + search.elapsed(),
        }
        try:
            if _stamp(self._path) not in (None, self._seen):
                state = self._better(state, self._read())
            content = {"question": self._question, **state}
            head = {"format": _FORMAT, "version": _VERSION, "sha256": _digest(content)}
            with atomic_file(self._path) as file:
                file.write(json.dumps(head | content, allow_nan=False).encode() + b"\n")
            self._seen = _stamp(self._path)
        except (InputError, MemoryError) as error:
            self._failure = error

    def _better(self, ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
        """Take the best of what two solves that share the file have reached."""
        found = [each["colors"] for each in (ours, theirs) if each["colors"] is not None]
        bounds = [each["lower_bound"] for each in (ours, theirs)]
        return {
            "colors": min(found, key=self._objective, default=None),
            "lower_bound": max((bound for bound in bounds if bound is not None), default=None),
            "scaling_error": max(ours["scaling_error"], theirs["scaling_error"]),
            "seconds": max(ours["seconds"], theirs["seconds"]),
        }

    def _objective(self, colors: list[int]) -> float:
        return check(self._problem, np.array(colors, dtype=np.int64)).objective

    def told(self, result: SolveResult) -> SolveResult:
        """Add to a result what came of the checkpoint, for people."""
        parts = [result.message] if result.message else []
        if self._found is not None:
            bound = self._found["lower_bound"]
            rests = bound is not None and bound == result.lower_bound
            parts.append(
                f"went on from {self._path} after {self._earlier:.0f} s of earlier work"
                + (", which its bound is from" if rests else "")
            )
        if self._failure is not None:
            parts.append(f"the checkpoint is not up to date: {self._failure}")
        return replace(result, message="; ".join(parts))


def _stamp(path: Path) -> tuple[int, int] | None:
    """Tell one writing of a file from another; None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _question(problem: Problem) -> dict[str, Any]:
    """All that tells a question from others, in plain JSON values."""
    asked: dict[str, Any] = {"graph": problem.graph.fingerprint, "problem": problem.kind}
    if not isinstance(problem, CorrelationClusteringProblem):
        asked["k"] = problem.k
    if isinstance(problem, ColoringProblem):
        fixed, allowed = problem.fixed or {}, problem.allowed or {}
        asked["fixed"] = sorted([node, color] for node, color in fixed.items())
        asked["lists"] = sorted([node, sorted(colors)] for node, colors in allowed.items())
    if isinstance(problem, PartitionProblem):
        asked["capacity"] = problem.capacity
        asked["sizes"] = None if problem.sizes is None else problem.sizes.tolist()
    if isinstance(problem, GroupPartitionProblem):
        if isinstance(problem.cost, GroupOracle):
            raise InputError("no checkpoint where a function says what groups cost")
        asked["cost"] = problem.cost.name
    return asked


def _wrong(content: dict[str, Any]) -> str | None:
    """Say what is not of the kind it must be."""
    colors, bound = content["colors"], content["lower_bound"]
    whole = isinstance(colors, list) and all(type(c) is int and 0 <= c < 1 << 31 for c in colors)
    if colors is not None and not whole:
        return "colors must be whole numbers from 0"
    if bound is not None and not _is_finite(bound):
        return "lower_bound must be a finite number"
    for name in ("seconds", "scaling_error"):
        if not _is_finite(content[name]) or content[name] < 0:
            return f"{name} must be a finite number from 0"
    return None if isinstance(content["question"], dict) else "question must be an object"


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < _LARGEST


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
