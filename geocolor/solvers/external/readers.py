"""The ways to write a coloring, and how each is read from untrusted text."""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import UnreadableAnswerError
from geocolor.solvers.external.program import LONGEST_ANSWER
from geocolor.wording import counted

__all__ = ["JsonReader", "NumbersReader", "PairsReader", "Reader", "SolReader", "shown"]

_SHOWN = 100
_LONGEST_NUMBER = 18
_WHOLE = re.compile(rf"[+-]?[0-9]{{1,{_LONGEST_NUMBER}}}")
_SOL = r"^l\s+(?P<node>\d+)\s+(?P<color>\d+)\s*$"
_SOL_OTHER = ("c", "s")


def shown(line: str) -> str:
    """Give a line of a foreign program as it may be printed: short, printable, quoted."""
    text = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
    return ascii(text)


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

    def __init__(self, limit: int | None = None) -> None:
        self.first = ""
        self._size = 0
        self._limit = LONGEST_ANSWER if limit is None else min(limit, LONGEST_ANSWER)

    def add(self, line: str) -> None:
        self.first = self.first or line.strip()
        self._size += len(line) + 1
        if self._size > self._limit:
            raise UnreadableAnswerError(
                f"printed over {self._limit >> 20} MiB without an answer; it begins: "
                f"{shown(self.first)}"
            )

    def reset(self) -> None:
        self._size = 0


class PairsReader:
    """Nodes with their colors in any order, wherever a pattern finds them."""

    def __init__(self, nodes: int, pattern: str, first_node: int) -> None:
        self._nodes = nodes
        self._pattern = re.compile(pattern)
        self._first_node = first_node
        self._colors: dict[int, int] = {}
        self._patience = _Patience()
        self._answers = 0

    def feed(self, line: str) -> NDArray[np.int64] | None:
        """Take a line; what the pattern does not find in it is ignored."""
        self._patience.add(line)
        complete = None
        for match in self._pattern.finditer(line):
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
        return complete

    def end(self) -> None:
        """Take the end."""
        if self._colors:
            missing = next(node for node in range(self._nodes) if node not in self._colors)
            raise UnreadableAnswerError(
                f"colors of {len(self._colors)} of {counted(self._nodes, 'node')}; none for node "
                f"{missing + self._first_node}"
            )
        if not self._answers and self._patience.first:
            raise UnreadableAnswerError(
                f"no colors in what it printed, which begins: {shown(self._patience.first)}"
            )


class SolReader(PairsReader):
    """Our own text solutions: ``l NODE COLOR``, beside ``c`` and ``s`` lines nothing else."""

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes, _SOL, first_node=1)

    def feed(self, line: str) -> NDArray[np.int64] | None:
        """Take a line."""
        words = line.split(maxsplit=1)
        if not words or words[0] in _SOL_OTHER:
            return None
        if not self._pattern.match(line):
            raise UnreadableAnswerError(f"not a line of a .sol solution: {shown(line)}")
        return super().feed(line)


class NumbersReader:
    """One color per node, in node order; lines that start with # or c are comments."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._colors: list[int] = []

    def feed(self, line: str) -> NDArray[np.int64] | None:
        """Take a line."""
        words = line.split(maxsplit=self._nodes)  # a line may hold millions
        if not words or words[0] == "c" or words[0].startswith("#"):
            return None
        if len(self._colors) + len(words) > self._nodes:
            raise UnreadableAnswerError(f"more than {counted(self._nodes, 'color')}: {shown(line)}")
        self._colors += [_whole(word, line) for word in words]
        if len(self._colors) < self._nodes:
            return None
        complete = np.array(self._colors, dtype=np.int64)
        self._colors = []
        return complete

    def end(self) -> None:
        """Take the end."""
        if self._colors:
            raise UnreadableAnswerError(
                f"{counted(len(self._colors), 'color')} for {counted(self._nodes, 'node')}"
            )


class JsonReader:
    """One JSON document."""

    def __init__(self, nodes: int, key: str) -> None:
        self._nodes = nodes
        self._key = key
        self._lines: list[str] = []
        # What is parsed takes up to twenty times its text in memory.
        self._patience = _Patience((4 << 20) + 64 * nodes)

    def feed(self, line: str) -> None:
        """Keep a line; nothing is read before the end."""
        self._patience.add(line)
        self._lines.append(line)

    def end(self) -> NDArray[np.int64] | None:
        """Read the document."""
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
            raise UnreadableAnswerError(
                f"{self._key!r} is no list of {counted(self._nodes, 'color')}"
            )
        for color in found:
            if type(color) is not int or abs(color) >= 10**_LONGEST_NUMBER:
                raise UnreadableAnswerError(f"a color must be a whole number: {shown(str(color))}")
        return np.array(found, dtype=np.int64)


def _whole(word: str | None, line: str) -> int:
    if word is not None and _WHOLE.fullmatch(word):
        return int(word)
    raise UnreadableAnswerError(f"expected whole numbers: {shown(line)}")
