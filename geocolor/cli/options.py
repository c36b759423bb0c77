"""What several commands take: the problem asked, durations."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.errors import InputError

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph
    from geocolor.io import Limits
    from geocolor.problem import Problem

__all__ = [
    "CapacityOption",
    "ColorsOption",
    "Cost",
    "CostOption",
    "EquitableOption",
    "FixedOption",
    "GraphFile",
    "JsonOption",
    "Kind",
    "KindOption",
    "ListsOption",
    "MaxBytesOption",
    "MaxEdgesOption",
    "MaxNodesOption",
    "Packing",
    "QuietOption",
    "SizesOption",
    "ask",
    "build_problem",
    "byte_count",
    "called",
    "limits_of",
    "seconds",
]


class Kind(StrEnum):
    """Problem kinds by their names on the command line."""

    COLORING = "coloring"
    EQUITABLE = "equitable"
    PARTITION = "partition"
    CORRELATION = "correlation"


class Cost(StrEnum):
    """What a class of a partition costs, by its name on the command line."""

    PAIRS = "pairs"
    NORMALIZED = "normalized"


GraphFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="Graph of any format; - for a pipe.")
]
KindOption = Annotated[
    Kind | None,
    typer.Option("--problem", help="What is asked; default by the graph's weights and --colors."),
]
ColorsOption = Annotated[
    int | None,
    typer.Option("--colors", "-k", metavar="K", help="At most K classes; a partition needs it."),
]
CostOption = Annotated[
    Cost | None,
    typer.Option(
        "--cost",
        help="What a class of a partition costs: the sum over its pairs (default), or that sum "
        "normalised by the class's size.",
    ),
]
CapacityOption = Annotated[
    int | None,
    typer.Option(
        "--capacity", metavar="C", help="Nodes of a class of a partition add up to C at most."
    ),
]
SizesOption = Annotated[
    Path | None,
    typer.Option(
        "--sizes",
        metavar="SIZES",
        help="Sizes of nodes, for --capacity: lines 'NODE SIZE'; else the graph's own.",
    ),
]
FixedOption = Annotated[
    Path | None,
    typer.Option(
        "--fixed", metavar="FIXED", help="Fixed colors: lines 'NODE COLOR', colors from 0."
    ),
]
ListsOption = Annotated[
    Path | None,
    typer.Option(
        "--lists", metavar="LISTS", help="Allowed colors: lines 'NODE COLOR COLOR ...', from 0."
    ),
]
EquitableOption = Annotated[
    bool,
    typer.Option(
        "--equitable", help="Class sizes differ by at most one; short for --problem equitable."
    ),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
MaxNodesOption = Annotated[
    int | None,
    typer.Option("--max-nodes", metavar="N", min=1, help="Most nodes of a file; default 2000000."),
]
MaxEdgesOption = Annotated[
    int | None,
    typer.Option("--max-edges", metavar="M", min=1, help="Most edges of a file; default 50000000."),
]
MaxBytesOption = Annotated[
    str | None,
    typer.Option(
        "--max-bytes",
        metavar="SIZE",
        help="Most bytes of a file, also decompressed; default 2GiB, text 4GiB, JSON 256MiB.",
    ),
]

_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


def seconds(text: str) -> float:
    """Read a duration such as ``10s``, ``500ms``, ``2m``, ``1h`` or ``1.5``, plain seconds.

    Raises
    ------
    InputError
        It is none, or not positive and finite.
    """
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+)(ms|s|m|h|)", text.strip(), re.ASCII)
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0.0 < value < math.inf:
        raise InputError(
            f"{text!r} is no duration above zero; write 10s, 500ms, 2m, 1h or plain seconds"
        )
    return value


def byte_count(text: str) -> int:
    """Read a size such as ``500MB``, ``4GB`` or ``1.5GiB``; MB is a million bytes.

    Raises
    ------
    InputError
        It is none, or not positive.
    """
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([kmgt]?)(i?)b?", text.strip().lower(), re.ASCII)
    value = 0
    if found:
        base = 1024 if found[3] else 1000
        value = int(float(found[1]) * base ** " kmgt".index(found[2] or " "))
    if value <= 0:
        raise InputError(f"{text!r} is no size; write 500MB or 4GB")
    return value


def limits_of(nodes: int | None, edges: int | None, size: str | None) -> Limits:
    """Make limits for files of the options given; of the others the default ones.

    Raises
    ------
    InputError
        The size is none.
    """
    from geocolor.io import Limits

    asked = {"nodes": nodes, "edges": edges}
    if size is not None:
        kinds = ("file_bytes", "text_bytes", "json_bytes", "array_bytes")
        asked |= dict.fromkeys(kinds, byte_count(size))
    return Limits(**{name: most for name, most in asked.items() if most is not None})


@dataclass(frozen=True)
class Packing:
    """Capacity of a class, and sizes of nodes: a file, or what a solution says they are."""

    capacity: int | None = None
    sizes: Path | list[int] | None = None


def ask(
    graph: ConflictGraph,
    kind: str | None,
    colors: int | None,
    *,
    fixed: Path | None = None,
    lists: Path | None = None,
    equitable: bool = False,
    cost: str | None = None,
    packing: Packing = Packing(),
    limits: Limits | None = None,
) -> Problem:
    """Make the problem that all options together ask of a graph.

    Raises
    ------
    InputError
        They do not go together, or a file does not hold what it should.
    """
    if equitable:
        if kind not in (None, Kind.EQUITABLE):
            raise InputError(f"--equitable does not go with --problem {kind}")
        kind = Kind.EQUITABLE
    if packing != Packing():
        if fixed is not None or lists is not None or cost not in (None, Cost.PAIRS):
            raise InputError(
                "--capacity and --sizes do not go with --fixed, --lists and --cost normalized"
            )
        return _packed(build_problem(graph, kind, colors), packing, limits)
    if fixed is None and lists is None:
        problem = build_problem(graph, kind, colors)
        return problem if cost in (None, Cost.PAIRS) else _normalized(problem)
    if cost is not None:
        raise InputError("--cost is for partitions, and does not go with --fixed and --lists")
    if kind not in (None, Kind.COLORING):
        raise InputError(f"--fixed and --lists are for colorings, not for --problem {kind}")

    from geocolor.io import read_fixed, read_lists
    from geocolor.problem import ColoringProblem

    return ColoringProblem(
        graph,
        colors,
        None if fixed is None else read_fixed(fixed, graph, limits),
        None if lists is None else read_lists(lists, graph, limits),
    )


def _normalized(problem: Problem) -> Problem:
    from geocolor.problem import GroupPartitionProblem, NormalizedPairSum, PartitionProblem

    if not isinstance(problem, PartitionProblem):
        raise InputError(
            f"--cost is for partitions, not for {called(problem.kind)}: add --problem partition "
            "--colors K"
        )
    return GroupPartitionProblem(problem.graph, problem.k, NormalizedPairSum())


def _packed(problem: Problem, packing: Packing, limits: Limits | None) -> Problem:
    from geocolor.io import read_sizes
    from geocolor.problem import PartitionProblem

    if not isinstance(problem, PartitionProblem):
        raise InputError(
            f"--capacity and --sizes are for partitions, not for {called(problem.kind)}: add "
            "--problem partition --colors K"
        )
    if packing.capacity is None:
        raise InputError("--sizes says nothing without a capacity: add --capacity C")
    sizes = packing.sizes
    if isinstance(sizes, Path):
        read = read_sizes(sizes, problem.graph, limits)
        return PartitionProblem(problem.graph, problem.k, read, packing.capacity)
    return PartitionProblem(problem.graph, problem.k, sizes, packing.capacity)


def called(kind: str) -> str:
    """Give the noun for a kind of problem.

    Examples
    --------
    >>> called("equitable"), called("capacitated-partition")
    ('equitable coloring', 'capacitated partition')
    """
    nouns = {"equitable": "equitable coloring", "correlation": "correlation clustering"}
    return nouns.get(kind, kind.replace("-", " "))


def build_problem(graph: ConflictGraph, kind: str | None, colors: int | None) -> Problem:
    """Make the problem that `--problem` and `--colors` ask of a graph.

    Without a kind the graph decides; with a number of classes and weights it is a partition.

    Raises
    ------
    InputError
        They do not go together.
    """
    from geocolor.problem import (
        ColoringProblem,
        CorrelationClusteringProblem,
        EquitableColoringProblem,
        PartitionProblem,
        problem_for,
    )

    if kind is None and colors is None:
        return problem_for(graph)
    if kind is None:
        kind = Kind.PARTITION if graph.is_weighted else Kind.COLORING
    if kind == Kind.COLORING:
        return ColoringProblem(graph, colors)
    if kind == Kind.EQUITABLE:
        return EquitableColoringProblem(graph, colors)
    if kind == Kind.PARTITION:
        if colors is None:
            raise InputError("a partition needs the number of classes: --colors K")
        return PartitionProblem(graph, colors)
    if colors is not None:
        raise InputError(
            "correlation clustering chooses the number of classes itself; leave out --colors, or "
            "ask for --problem partition"
        )
    return CorrelationClusteringProblem(graph)
