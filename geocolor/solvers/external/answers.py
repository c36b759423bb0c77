"""How the answers of foreign programs are written, and how they are read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import UnreadableAnswerError
from geocolor.solvers.external.program import LONGEST_ANSWER

__all__ = ["AnswerFormat", "Reader", "shown"]

_SHOWN = 100
_LONGEST_NUMBER = 18
_SOL = r"^l\s+(?P<node>\d+)\s+(?P<color>\d+)\s*$"
_SOL_OTHER = ("c", "s")


def shown(line: str) -> str:
    """Give a line of a foreign program as it may be printed: short, printable, quoted."""
    text = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
    return ascii(text)


@dataclass(frozen=True)
class AnswerFormat:
    """Where and how a program says what it found.

    Attributes
    ----------
    format : str
        sol: lines ``l NODE COLOR``, nodes from 1, as in our solution files. lines: one color per
        node, in node order, on one line or many. json: a list of colors, one per node. pattern:
        `pattern` finds node and color in a line.
    read : str
        stdout or output: the file whose name the program was given.
    pattern : str, optional
        Regular expression with the groups ``node`` and ``color``.
    key : str
        Where in a JSON document the list is: keys joined by dots; empty for the document itself.
    first_node : int
        Number of the first node, for pattern.
    success : str, optional
        Regular expression. The answer counts, and is looked for, only after a line of standard
        output that it finds.
    bound : str, optional
        Regular expression with the group ``bound``: a lower bound in a line of standard output.
    optimal, infeasible : str, optional
        Regular expressions of lines that claim so.
    """

    format: str
    read: str = "stdout"
    pattern: str | None = None
    key: str = "colors"
    first_node: int = 1
    success: str | None = None
    bound: str | None = None
    optimal: str | None = None
    infeasible: str | None = None

    def reader(self, nodes: int) -> Reader:
        """Make a reader of answers for so many nodes."""
        if self.format == "json":
            return _Json(nodes, self.key)
        if self.format == "lines":
            return _Numbers(nodes)
        if self.format == "sol":
            return _Pairs(nodes, re.compile(_SOL), 1, strict=True)
        return _Pairs(nodes, re.compile(self.pattern or ""), self.first_node, strict=False)


class Reader(Protocol):
    """Takes a program's lines; gives a coloring whenever one is complete."""

    def feed(self, line: str) -> NDArray[np.int64] | None:
        """Take a line.

        Raises
        ------
        UnreadableAnswerError
            It is no part of an answer; the message shows it.
        """
        ...

    def end(self) -> NDArray[np.int64] | None:
        """Take the end of the output.

        Raises
        ------
        UnreadableAnswerError
            It came in the middle of an answer, or there was output and no answer in it.
        """
        ...


class _Patience:
    """Counts what was read since the last answer, and remembers how it began."""

    def __init__(self) -> None:
        self.first = ""
        self._size = 0

    def add(self, line: str) -> None:
        self.first = self.first or line.strip()
        self._size += len(line) + 1
        if self._size > LONGEST_ANSWER:
            raise UnreadableAnswerError(
                f"printed over {LONGEST_ANSWER >> 20} MiB without an answer; it begins: "
                f"{shown(self.first)}"
            )

    def reset(self) -> None:
        self._size = 0


class _Pairs:
    """Nodes with their colors, in any order."""

    def __init__(
        self, nodes: int, pattern: re.Pattern[str], first_node: int, *, strict: bool
    ) -> None:
        self._nodes = nodes
        self._pattern = pattern
        self._first_node = first_node
        self._strict = strict
        self._colors: dict[int, int] = {}
        self._patience = _Patience()
        self._answers = 0

    def feed(self, line: str) -> NDArray[np.int64] | None:
        self._patience.add(line)
        complete = None
        found = False
        for match in self._pattern.finditer(line):
            found = True
            node = _whole(match["node"], line) - self._first_node
            if not 0 <= node < self._nodes:
                last = self._first_node + self._nodes - 1
                raise UnreadableAnswerError(
                    f"nodes are {self._first_node} to {last}, not as in: {shown(line)}"
                )
            if node in self._colors:
                raise UnreadableAnswerError(f"a second color for a node: {shown(line)}")
            self._colors[node] = _whole(match["color"], line)
            if len(self._colors) == self._nodes:
                complete = np.array([self._colors[node] for node in range(self._nodes)], np.int64)
                self._colors = {}
                self._answers += 1
                self._patience.reset()
        if self._strict and not found and line.strip() and line.split()[0] not in _SOL_OTHER:
            raise UnreadableAnswerError(f"not a line of a .sol solution: {shown(line)}")
        return complete

    def end(self) -> None:
        if self._colors:
            missing = next(node for node in range(self._nodes) if node not in self._colors)
            raise UnreadableAnswerError(
                f"colors of {len(self._colors)} of {self._nodes} nodes; none for node "
                f"{missing + self._first_node}"
            )
        if not self._answers and self._patience.first:
            raise UnreadableAnswerError(
                f"no colors in what it printed, which begins: {shown(self._patience.first)}"
            )


class _Numbers:
    """One color per node, in node order; lines that start with # or c are comments."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._colors: list[int] = []

    def feed(self, line: str) -> NDArray[np.int64] | None:
        words = line.split()
        if not words or words[0] == "c" or words[0].startswith("#"):
            return None
        self._colors += [_whole(word, line) for word in words]
        if len(self._colors) > self._nodes:
            raise UnreadableAnswerError(
                f"{len(self._colors)} colors for {self._nodes} nodes: {shown(line)}"
            )
        if len(self._colors) < self._nodes:
            return None
        complete = np.array(self._colors, dtype=np.int64)
        self._colors = []
        return complete

    def end(self) -> None:
        if self._colors:
            raise UnreadableAnswerError(f"{len(self._colors)} colors for {self._nodes} nodes")


class _Json:
    """One JSON document."""

    def __init__(self, nodes: int, key: str) -> None:
        self._nodes = nodes
        self._key = key
        self._lines: list[str] = []
        self._patience = _Patience()

    def feed(self, line: str) -> None:
        self._patience.add(line)
        self._lines.append(line)

    def end(self) -> NDArray[np.int64] | None:
        if not self._patience.first:
            return None
        try:
            found: Any = json.loads("\n".join(self._lines))
        except (ValueError, RecursionError) as error:
            raise UnreadableAnswerError(
                f"not JSON, it begins: {shown(self._patience.first)}"
            ) from error
        for part in self._key.split(".") if self._key else ():
            if not isinstance(found, dict) or part not in found:
                raise UnreadableAnswerError(f"the JSON has no key {self._key!r}")
            found = found[part]
        if found is None:
            return None
        if not isinstance(found, list) or len(found) != self._nodes:
            raise UnreadableAnswerError(f"{self._key!r} is no list of {self._nodes} colors")
        for color in found:
            if type(color) is not int or abs(color) >= 10**_LONGEST_NUMBER:
                raise UnreadableAnswerError(f"a color must be a whole number: {shown(str(color))}")
        return np.array(found, dtype=np.int64)


def _whole(word: str | None, line: str) -> int:
    if word is not None and len(word) <= _LONGEST_NUMBER:
        try:
            return int(word)
        except ValueError:
            pass
    raise UnreadableAnswerError(f"expected whole numbers: {shown(line)}")
