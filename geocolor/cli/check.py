"""``geocolor check``: check a saved solution, independently of every solver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geocolor.cli.console import say
from geocolor.cli.options import (
    CapacityOption,
    ColorsOption,
    Cost,
    CostOption,
    EquitableOption,
    FixedOption,
    GraphFile,
    JsonOption,
    Kind,
    KindOption,
    ListsOption,
    Packing,
    SizesOption,
    ask,
    called,
)
from geocolor.cli.reading import Reader, reads_a_graph
from geocolor.errors import CheckError, FormatError, InputError

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph
    from geocolor.problem import CheckReport
from geocolor.wording import counted

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor check queen8_8.col queen8_8.sol
  geocolor check layers.json result.json --json
  geocolor check layers.json classes.txt --problem partition --colors 8
  geocolor check layers.json classes.txt --colors 8 --capacity 40 --sizes sizes.txt
  geocolor check exams.col exams.sol --fixed rooms.txt --lists allowed.txt
  geocolor check options.json.gz frontier.json
"""

# How solutions of partitions name a cost of groups, and a capacity.
_GROUPS, _CAPACITATED = "group-partition", "capacitated-partition"
# Objectives are written exactly; summing in another order may cost a few last digits.
_ROUNDING = 1e-9


@reads_a_graph
def command(
    file: GraphFile,
    solution: Annotated[
        Path, typer.Argument(metavar="SOLUTION", help="Solution: .json, .csv, .sol or .txt.")
    ],
    problem: KindOption = None,
    colors: ColorsOption = None,
    fixed: FixedOption = None,
    lists: ListsOption = None,
    equitable: EquitableOption = False,
    cost: CostOption = None,
    capacity: CapacityOption = None,
    sizes: SizesOption = None,
    as_json: JsonOption = False,
    *,
    reader: Reader,
) -> None:
    """Check a saved solution, independently of every solver.

    The problem is the one the solution says it solves, unless --problem or --colors is given. A
    claim of optimality is not checked, only that the coloring holds and costs what it says. Of
    sharing options, what geocolor frontier or solve --budget wrote as .json is checked, with the
    prices that prove its bounds.
    """
    from geocolor.io.sharing_options import holds_options

    with _failures(as_json=as_json) as where:
        if holds_options(file, reader.limits):
            from geocolor.cli.check_sharing import check_sharing_file

            asked = (problem, colors, fixed, lists, equitable or None, cost, capacity, sizes)
            if any(option is not None for option in asked):
                raise InputError(
                    f"{file} holds sharing options; what is asked of graphs does not apply"
                )
            check_sharing_file(file, solution, reader.limits, as_json=as_json)
            return
        from geocolor.io import read_solution
        from geocolor.problem import check

        reading = reader.read(file)
        graph = reading.graph
        found = read_solution(solution, reader.limits)
        _require_same_graph(found.claims, graph)
        coloring = found.colors_of(graph)
        if coloring is None:
            raise CheckError(f"{solution} holds no coloring")
        packing = Packing(capacity, sizes)
        if problem is None and colors is None and not equitable:
            problem, colors, claimed = _claimed_problem(found.claims, str(solution))
            packing = _claimed_packing(found.claims, packing, graph, str(solution))
            if packing != Packing(capacity, sizes):
                _require_no_other(solution, fixed, lists, cost)
            cost = cost or claimed
        question = ask(
            graph,
            problem,
            colors,
            fixed=fixed,
            lists=lists,
            equitable=equitable,
            cost=cost,
            packing=packing,
            limits=reader.limits,
        )
        try:
            report = check(question, coloring)
        except CheckError as failed:
            if failed.edge is None:
                raise
            where["edge"] = [graph.label(node) for node in failed.edge]
            line = reading.line_of(*failed.edge)
            if line is None:
                raise
            where["line"] = line
            raise CheckError(f"{failed}; the edge is in {file}:{line}", failed.edge) from failed
        _require_claims(found.claims, report)
    if as_json:
        told = {"problem": question.kind, "num_colors": report.num_colors}
        say(json.dumps({"valid": True, **told, "objective": report.objective}))
        return
    of_colors = question.kind in ("coloring", "equitable")
    objective = "" if of_colors else f", objective {report.objective:.10g}"
    say(f"valid {called(question.kind)}: {counted(report.num_colors, 'color')}{objective}")


@contextmanager
def _failures(*, as_json: bool) -> Iterator[dict[str, Any]]:
    """Print a check that fails as JSON too, with what is put into the dictionary given."""
    where: dict[str, Any] = {}
    try:
        yield where
    except CheckError as failed:
        if as_json:
            say(json.dumps({"valid": False, "reason": str(failed), **where}))
        raise


def _claimed_problem(
    claims: Mapping[str, Any], path: str
) -> tuple[Kind | None, int | None, Cost | None]:
    """Problem kind, number of classes and cost as the solution file has them."""
    options = claims.get("options", {})
    kind, k, cost = options.get("problem"), options.get("k"), None
    if kind == _CAPACITATED:
        kind = Kind.PARTITION
    if kind == _GROUPS:
        kind, cost = Kind.PARTITION, options.get("cost", Cost.NORMALIZED)
        if cost not in list(Cost):
            raise FormatError(
                f"options.cost is {cost!r}, which no file can say more of; known are "
                f"{', '.join(Cost)}",
                path,
            )
    if kind is not None and kind not in list(Kind):
        raise FormatError(f"options.problem is {kind!r}; known are {', '.join(Kind)}", path)
    if k is not None and type(k) is not int:
        raise FormatError(f"options.k must be a whole number, not {k!r}", path)
    return None if kind is None else Kind(kind), k, None if cost is None else Cost(cost)


def _claimed_packing(
    claims: Mapping[str, Any], asked: Packing, graph: ConflictGraph, path: str
) -> Packing:
    """Capacity and sizes as the solution file has them, where the command line has none."""
    options = claims.get("options", {})
    if options.get("problem") != _CAPACITATED:
        return asked
    capacity, sizes = options.get("capacity"), options.get("sizes")
    if type(capacity) is not int:
        raise FormatError(f"options.capacity must be a whole number, not {capacity!r}", path)
    if sizes is not None and not (
        isinstance(sizes, list) and all(type(size) is int for size in sizes)
    ):
        raise FormatError("options.sizes must be a list of whole numbers, one per node", path)
    if sizes is not None and len(sizes) != graph.num_nodes:
        nodes = counted(graph.num_nodes, "node")
        raise FormatError(f"{counted(len(sizes), 'size')}, but the graph has {nodes}", path)
    return Packing(
        capacity if asked.capacity is None else asked.capacity,
        sizes if asked.sizes is None else asked.sizes,
    )


def _require_no_other(
    solution: Path, fixed: Path | None, lists: Path | None, cost: Cost | None
) -> None:
    """Refuse what does not go with the capacity that a solution says its classes have."""
    asked = {
        "--fixed": fixed is not None,
        "--lists": lists is not None,
        f"--cost {cost}": cost not in (None, Cost.PAIRS),
    }
    given = next((option for option, is_given in asked.items() if is_given), None)
    if given is not None:
        raise InputError(
            f"{solution} says a capacity, which does not go with {given}: leave {given} out, or "
            "say what to check by --problem and --colors"
        )


def _require_same_graph(claims: Mapping[str, Any], graph: ConflictGraph) -> None:
    claimed = claims.get("instance_hash")
    if claimed is not None and claimed != graph.fingerprint:
        raise CheckError("the solution was made for another graph: its instance_hash differs")


def _require_claims(claims: Mapping[str, Any], report: CheckReport) -> None:
    claimed = claims.get("num_colors")
    if claimed is not None and claimed != report.num_colors:
        colors = counted(claimed, "color")
        raise CheckError(f"the solution claims {colors}, it has {report.num_colors}")
    claimed = claims.get("objective")
    if claimed is None:
        return
    slack = _ROUNDING * max(1.0, abs(report.objective))
    low, high = report.objective - slack, report.objective + slack
    if not low <= claimed <= high:
        raise CheckError(
            f"the solution claims the objective {claimed}, it has {report.objective!r}"
        )
