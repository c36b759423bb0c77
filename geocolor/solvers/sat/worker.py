"""The process that runs CaDiCaL, the only place that loads PySAT.

A request (see :mod:`geocolor.solvers.process.server`) has the arrays of a graph, a ``strategy``, a
``seed``, and ``least`` and ``most``: the smallest number of colors not excluded, and one fewer than
are known to do; or ``k``, ``conflicts``, ``images`` and ``palettes`` for a coloring that goes to
itself when nodes and colors are permuted. Its events are ``{"colors": [..]}`` and
``{"bound": ..}``. The parent may tell ``least`` and ``most`` anew when they have come closer.

CaDiCaL keeps the interpreter lock while it works, so it works in slices of some conflicts each, and
the parent is heard between them. Slices are counted in conflicts and not in seconds: the same seed
gives the same answer.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any

from pysat.solvers import Cadical195

from geocolor.solvers.process.arrays import unpacked
from geocolor.solvers.process.server import Job, serve
from geocolor.solvers.sat.encodings import Encoding, Graph, encode, symmetric

__all__ = ["main"]

# Conflicts in a slice: some 50 ms on small formulas, seconds on the largest.
_SLICE = 2000
# Small formulas have the time for more: CaDiCaL begins each slice with a restart.
_LONG_SLICE = 100_000
# Clauses turned into Python lists at a time.
_CHUNK = 100_000


class _Formula:
    """A formula in CaDiCaL, for one number of colors after another.

    Parameters
    ----------
    graph, least, most, encoding
        What :func:`geocolor.solvers.sat.encodings.encode` takes.
    seed : int
        Of CaDiCaL.
    """

    def __init__(self, graph: Graph, least: int, most: int, encoding: Encoding, seed: int) -> None:
        self.most = most
        self._formula = encode(graph, least, most, encoding)
        self._solver = Cadical195()
        self._solver.configure({"seed": seed})
        add = self._solver.add_clause
        for block in self._formula.blocks:
            for start in range(0, len(block), _CHUNK):
                for clause in block[start : start + _CHUNK].tolist():
                    add(clause)
        # It keeps its own copy.
        self._formula.blocks.clear()

    def decide(self, k: int) -> bool | None:
        """Work for one slice on whether k colors do; None if that did not suffice."""
        self._solver.conf_budget(_SLICE)
        answer: bool | None = self._solver.solve_limited(assumptions=self._formula.at_most(k))
        return answer

    def colors(self) -> list[int]:
        """Colors in node order, after a yes."""
        colors: list[int] = self._formula.colors(self._solver.get_model()).tolist()
        return colors


# The ends that a strategy works from, in turns.
_ENDS = {"both": ("below", "above"), "ascend": ("below",), "descend": ("above",)}
# Measured: colorings are found through the order; for proofs the two are alike.
_ENCODINGS: dict[str, Encoding] = {"below": "assignment", "above": "ordering"}


def _solve(request: dict[str, Any], job: Job) -> str:
    """Ask for the fewest colors not excluded, and for one fewer than are known, in turns."""
    if "images" in request:
        return _ask_symmetric(request, job)
    graph = _graph(request)
    least, most = request["least"], request["most"]
    ends = _ENDS[request["strategy"]]
    formulas: dict[str, _Formula] = {}
    for end in cycle(ends):
        if job.stopped:
            return "STOPPED"
        news = job.news()
        least, most = max(least, news.get("least", least)), min(most, news.get("most", most))
        if least > most:
            return "SETTLED"
        if least == most and end != ends[-1]:
            # The same question from both ends: once is enough.
            continue
        k = least if end == "below" else most
        formula = formulas.get(end)
        if formula is None or k > formula.most:
            # From below, one formula per number of colors: those not asked for would cost more
            # than what could be kept.
            lowest, highest = (least, least) if end == "below" else (least, most)
            formula = _Formula(graph, lowest, highest, _ENCODINGS[end], request["seed"])
            formulas[end] = formula
        answer = formula.decide(k)
        if answer:
            colors = formula.colors()
            job.send({"colors": colors})
            most = len(set(colors)) - 1
        elif answer is False:
            least = k + 1
            job.send({"bound": least})
    raise AssertionError("no strategy without an end to work from")


def _ask_symmetric(request: dict[str, Any], job: Job) -> str:
    """Look for a coloring with k colors that goes to itself when nodes and colors are permuted."""
    images, palettes = ([unpacked(each) for each in request[key]] for key in ("images", "palettes"))
    formula = symmetric(_graph(request), request["k"], images, palettes)
    solver = Cadical195()
    solver.configure({"seed": request["seed"]})
    for block in formula.blocks:
        for clause in block.tolist():
            solver.add_clause(clause)
    answer = None
    left = request["conflicts"]
    while left > 0 and answer is None:
        if job.stopped:
            return "STOPPED"
        solver.conf_budget(min(left, _LONG_SLICE))
        answer = solver.solve_limited()
        left -= _LONG_SLICE
    if answer:
        job.send({"colors": formula.colors(solver.get_model()).tolist()})
    elif answer is False:
        job.send({"refuted": True})
    return "SETTLED"


def _graph(request: dict[str, Any]) -> Graph:
    return Graph(
        request["num_nodes"],
        unpacked(request["edges"]).reshape(-1, 2),
        unpacked(request["clique"]),
        unpacked(request["order"]),
        unpacked(request["full"]).reshape(-1, request["full_size"]),
    )


def main() -> None:
    """Serve requests until stdin closes."""
    serve(_solve)


if __name__ == "__main__":
    main()
