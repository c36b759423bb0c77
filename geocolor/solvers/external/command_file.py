"""Programs described in a TOML file, one table each.

::

    [mysolver]                                   # solver "file.toml:mysolver"
    summary = "what it is, in a line"
    command = ["./mysolver", "-t", "{time_limit}", "-s", "{seed}", "{input}"]
    [mysolver.answer]
    format = "lines"                             # one color per node on standard output

All other keys have defaults: see :class:`geocolor.solvers.external.command.CommandSolver` and
:class:`geocolor.solvers.external.answers.AnswerFormat`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geocolor.errors import FormatError, InputError
from geocolor.solvers.external.command import INPUTS, PLACEHOLDERS
from geocolor.solvers.info import SolverInfo

__all__ = ["read_commands"]

_TARGET = "geocolor.solvers.external.command:CommandSolver"
_KEYS: dict[str, type] = {
    "command": list,
    "summary": str,
    "kinds": list,
    "exact": bool,
    "input": str,
    "mode": str,
    "first_seed": int,
    "restart": bool,
    "answer": dict,
}
_ANSWER_KEYS: dict[str, type] = {
    "format": str,
    "read": str,
    "pattern": str,
    "key": str,
    "first_node": int,
    "success": str,
    "bound": str,
    "optimal": str,
    "infeasible": str,
}
_PATTERNS = {"pattern": ("node", "color"), "bound": ("bound",)}
_PATTERNS |= dict.fromkeys(("success", "optimal", "infeasible"), ())
_CHOICES = {
    "input": tuple(INPUTS),
    "mode": ("once", "descend"),
    "format": ("sol", "lines", "json", "pattern"),
    "read": ("stdout", "output"),
}
_KINDS = ("coloring", "partition", "correlation")
_TYPES = {list: "a list", str: "a string", bool: "true or false", int: "a whole number"}
_TYPES[dict] = "a table"


def read_commands(path: Path) -> dict[str, SolverInfo]:
    """Read the solvers of a TOML file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to SolverInfo
        By name. Whether a program is there shows when its solver is loaded.

    Raises
    ------
    FormatError
        The file breaks the format; with the key.
    InputError
        It cannot be read.
    """
    try:
        text = path.read_bytes().decode()
        tables = tomllib.loads(text)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise FormatError(f"not TOML: {error}", str(path)) from error
    if not tables:
        raise FormatError("no solver in it: a table such as [mysolver]", str(path))
    return {name: _Table(path, name, table).solver() for name, table in tables.items()}


class _Table:
    """One solver's table, checked."""

    def __init__(self, path: Path, name: str, table: Any) -> None:
        self._path = path
        self._name = name
        if not isinstance(table, dict):
            raise FormatError(f"{name} must be a table: [{name}]", str(path))
        self._table = table

    def solver(self) -> SolverInfo:
        table = self._checked(self._table, _KEYS, "", ("command", "answer"))
        answer = self._checked(table["answer"], _ANSWER_KEYS, "answer.", ("format",))
        command = self._command(table["command"])
        kinds = table.get("kinds", ["coloring"])
        if not kinds or not all(kind in _KINDS for kind in kinds):
            raise self._error("kinds", f"must be some of {', '.join(_KINDS)}")
        if kinds != ["coloring"] and table.get("input", "dimacs") == "dimacs":
            raise self._error("input", 'DIMACS holds no weights; give input = "json"')
        if table.get("mode") == "descend" and (kinds != ["coloring"] or "{k}" not in str(command)):
            raise self._error("mode", "descend is for coloring, and its command takes {k}")
        if (answer.get("read") == "output") != ("{output}" in str(command)):
            raise self._error("answer.read", '"output" goes together with {output} in the command')
        self._check_patterns(answer)
        settings = {
            **{
                key: table[key]
                for key in ("input", "mode", "first_seed", "restart")
                if key in table
            },
            "command": command,
            "answer": answer,
        }
        # Left out where nothing needs it: what a benchmark asks should not depend on a path.
        if "{here}" in str(command) or (os.sep in command[0] and not command[0].startswith(os.sep)):
            settings["folder"] = str(self._path.absolute().parent)
        return SolverInfo(
            self._name,
            table.get("summary", f"the program {command[0]}"),
            frozenset(kinds),
            table.get("exact", False),
            _TARGET,
            ("numba",) if table.get("mode") == "descend" else (),
            settings,
        )

    def _checked(
        self, table: Mapping[str, Any], keys: Mapping[str, type], at: str, needed: tuple[str, ...]
    ) -> Mapping[str, Any]:
        for key, value in table.items():
            if key not in keys:
                raise self._error(at + key, f"no such key; there are {', '.join(keys)}")
            if type(value) is not keys[key]:
                raise self._error(at + key, f"must be {_TYPES[keys[key]]}")
            if key in _CHOICES and value not in _CHOICES[key]:
                raise self._error(at + key, f"must be one of {', '.join(_CHOICES[key])}")
        for key in needed:
            if key not in table:
                raise self._error(at + key, "is missing")
        return table

    def _command(self, command: list[Any]) -> list[str]:
        if not command or not all(isinstance(word, str) and word for word in command):
            raise self._error("command", "must be a list of strings: the program, its arguments")
        for word in command:
            for name in re.findall(r"\{(\w+)\}", word):
                if name not in PLACEHOLDERS:
                    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                    raise self._error("command", f"no placeholder {{{name}}}; there are {known}")
        return command

    def _check_patterns(self, answer: Mapping[str, Any]) -> None:
        if (answer["format"] == "pattern") != ("pattern" in answer):
            raise self._error("answer.pattern", 'goes together with format = "pattern"')
        for key, groups in _PATTERNS.items():
            if key not in answer:
                continue
            try:
                found = re.compile(answer[key])
            except re.error as error:
                raise self._error(f"answer.{key}", f"not a regular expression: {error}") from error
            for group in groups:
                if group not in found.groupindex:
                    raise self._error(f"answer.{key}", f"needs the group (?P<{group}>...)")

    def _error(self, key: str, message: str) -> FormatError:
        return FormatError(f"{self._name}.{key}: {message}", str(self._path))
