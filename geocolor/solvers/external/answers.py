"""How a foreign program says what it found, and how the search hears of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import UnreadableAnswerError
from geocolor.io.tokens import decimal
from geocolor.solvers.external.readers import (
    JsonReader,
    NumbersReader,
    PairsReader,
    Reader,
    SolReader,
    shown,
)
from geocolor.solvers.search import Search
from geocolor.wording import counted

__all__ = ["AnswerFormat", "Answers"]


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


class Answers:
    """Hears a program's lines and tells the search.

    Parameters
    ----------
    form : AnswerFormat
        How the program writes.
    search : Search
        Gets colorings and bounds as they come.
    told_k : bool
        Whether the program was told how many classes it may use.

    Attributes
    ----------
    count : int
        Answers so far.
    optimal, infeasible : bool
        What the program claims.
    note : str
        What there is to say, for people.
    """

    def __init__(self, form: AnswerFormat, search: Search, *, told_k: bool) -> None:
        self._from_stdout = form.read == "stdout"
        self._search = search
        self._told_k = told_k
        self._reader = _reader(form, search.problem.graph.num_nodes)
        self._success, self._bound, self._optimal, self._infeasible = (
            None if pattern is None else re.compile(pattern)
            for pattern in (form.success, form.bound, form.optimal, form.infeasible)
        )
        self._succeeded = self._success is None
        self.count = 0
        self.optimal = False
        self.infeasible = False
        self.note = ""

    def hear(self, line: str) -> None:
        """Take a line of standard output: a claim, or part of an answer.

        Raises
        ------
        UnreadableAnswerError
            It is neither.
        """
        if self._success is not None and self._success.search(line):
            self._succeeded = True
        elif self._optimal is not None and self._optimal.search(line):
            self.optimal = True
        elif self._infeasible is not None and self._infeasible.search(line):
            self.infeasible = True
        elif self._bound is not None and (found := self._bound.search(line)):
            self._raise_bound(found["bound"], line)
        elif self._from_stdout and self._succeeded:
            self._offer(self._reader.feed(line))

    def finish(self, output: Path | None, *, cut_short: bool) -> None:
        """Take the output file, if the answer is there, and the end.

        Where the program was cut short, an answer that it could not finish is no fault.

        Raises
        ------
        UnreadableAnswerError
            There is no answer in what it wrote, or half of one.
        """
        try:
            if output is not None and self._succeeded and output.is_file():
                with output.open(encoding="utf-8", errors="replace") as lines:
                    for line in lines:
                        self._offer(self._reader.feed(line))
            if not self.infeasible:
                self._offer(self._reader.end())
        except UnreadableAnswerError:
            if not cut_short:
                raise

    def _offer(self, colors: NDArray[np.int64] | None) -> None:
        if colors is None:
            return
        self.count += 1
        used, most = len(np.unique(colors)), self._search.problem.max_colors
        if used > most and not self._told_k:
            self.note = (
                f"it has {counted(used, 'class')}, {most} were asked for, which it was not told"
            )
            return
        self._search.offer(colors)

    def _raise_bound(self, text: str | None, line: str) -> None:
        bound = decimal(text or "")
        if math.isnan(bound):
            raise UnreadableAnswerError(f"expected a bound: {shown(line)}")
        if math.isfinite(bound):
            self._search.raise_lower_bound(bound)


def _reader(form: AnswerFormat, nodes: int) -> Reader:
    if form.format == "json":
        return JsonReader(nodes, form.key)
    if form.format == "lines":
        return NumbersReader(nodes)
    if form.format == "sol":
        return SolReader(nodes)
    return PairsReader(nodes, form.pattern or "", form.first_node)
