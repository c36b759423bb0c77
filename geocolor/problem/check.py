"""The independent checker: shares no arithmetic with any solver."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import CheckError, InputError
from geocolor.problem.coloring import Coloring
from geocolor.problem.group_costs import NormalizedPairSum
from geocolor.problem.problems import (
    ColoringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    PartitionProblem,
    Problem,
)
from geocolor.wording import counted

__all__ = ["CheckReport", "check"]


@dataclass(frozen=True)
class CheckReport:
    """What the checker found in a coloring that holds.

    Attributes
    ----------
    objective : float
        Recomputed from the graph, in exactly rounded summation.
    num_colors : int
        Classes in use.
    """

    objective: float
    num_colors: int


def check(problem: Problem, coloring: Coloring | ArrayLike) -> CheckReport:
    """Check a coloring against its problem, independently of every solver.

    Parameters
    ----------
    problem : Problem
        The question.
    coloring : Coloring or array_like of int, shape (num_nodes,)
        The answer.

    Returns
    -------
    CheckReport
        Objective and number of classes, recomputed.

    Raises
    ------
    CheckError
        Wrong length, a negative class, a hard conflict inside a class, too many classes, a color
        that its node is not fixed to or not allowed, classes whose sizes are not equitable, or one
        whose nodes add up to more than the capacity.
    InputError
        The first argument is no problem.
    """
    if not isinstance(problem, Problem):
        raise InputError(f"check takes a problem and its answer, not a {type(problem).__name__}")
    try:
        given = coloring.colors if isinstance(coloring, Coloring) else np.asarray(coloring)
    except ValueError as error:
        raise CheckError("the colors are no array, with rows of different lengths") from error
    graph = problem.graph
    if given.ndim != 1 or len(given) != graph.num_nodes:
        raise CheckError(
            f"the graph has {counted(graph.num_nodes, 'node')}, the coloring has shape "
            f"{given.shape}"
        )
    if given.size and given.dtype.kind not in "iu":
        raise CheckError(f"colors must be integers, not {given.dtype}")
    negative = np.flatnonzero(given < 0)
    if negative.size:
        node = int(negative[0])
        raise CheckError(f"node {graph.label(node)} has the negative color {given[node]}")
    hard = graph.conflicts.edges()
    broken = np.flatnonzero(given[hard[:, 0]] == given[hard[:, 1]])
    if broken.size:
        u, v = (int(node) for node in hard[broken[0]])
        raise CheckError(
            f"nodes {graph.label(u)} and {graph.label(v)} conflict and both have color "
            f"{given[u]} ({counted(broken.size, 'conflict')} broken)",
            (u, v),
        )
    used = len(set(given.tolist()))
    if used > problem.max_colors:
        raise CheckError(f"{counted(used, 'color')}, but at most {problem.max_colors} are allowed")
    if isinstance(problem, ColoringProblem):
        _require_allowed(problem, given.tolist())
        return CheckReport(float(used), used)
    if isinstance(problem, EquitableColoringProblem):
        _require_equitable(problem, given)
        return CheckReport(float(used), used)
    if isinstance(problem, GroupPartitionProblem):
        return CheckReport(_group_costs(problem, given), used)
    if isinstance(problem, PartitionProblem):
        _require_capacity(problem, given.tolist())
    pairs = graph.weights.edges()
    inside = given[pairs[:, 0]] == given[pairs[:, 1]]
    return CheckReport(math.fsum(graph.weights.edge_values()[inside]), used)


def _require_capacity(problem: PartitionProblem, given: list[int]) -> None:
    """Hold what the nodes of each class add up to to the capacity."""
    if problem.capacity is None or problem.sizes is None:
        return
    load = dict.fromkeys(given, 0)
    for color, size in zip(given, problem.sizes.tolist(), strict=True):
        load[color] += size
    for color, total in load.items():
        if total > problem.capacity:
            raise CheckError(
                f"class {color} holds nodes of size {total} in all, its capacity is "
                f"{problem.capacity}"
            )


def _group_costs(problem: GroupPartitionProblem, given: NDArray[Any]) -> float:
    """Add up what the classes cost; a function that was given is asked again."""
    graph = problem.graph
    classes = sorted(set(given.tolist()))
    if not classes:
        return 0.0
    if not isinstance(problem.cost, NormalizedPairSum):
        groups = np.array([given == color for color in classes])
        return math.fsum(problem.cost.of(graph, groups).tolist())
    size = {color: math.fsum(graph.sizes[given == color]) for color in classes}
    pairs = graph.weights.edges()
    same = given[pairs[:, 0]] == given[pairs[:, 1]]
    costs = zip(pairs[same].tolist(), graph.weights.edge_values()[same].tolist(), strict=True)
    return math.fsum(
        weight * (float(graph.sizes[u]) + float(graph.sizes[v])) / size[int(given[u])]
        for (u, v), weight in costs
    )


def _require_allowed(problem: ColoringProblem, given: list[int]) -> None:
    """Hold every node to its fixed color, its list and the palette."""
    label = problem.graph.label
    fixed, allowed = problem.fixed or {}, problem.allowed or {}
    for node, color in fixed.items():
        if given[node] != color:
            raise CheckError(
                f"node {label(node)} has color {given[node]}, but is fixed to color {color}"
            )
    for node, colors in allowed.items():
        if given[node] not in colors:
            shown = ", ".join(map(str, sorted(colors)[:10])) + (", ..." if len(colors) > 10 else "")
            raise CheckError(
                f"node {label(node)} has color {given[node]}, but is allowed only {shown}"
            )
    if problem.k is not None and (fixed or allowed):
        palette: Collection[int] = range(problem.k)
    elif allowed:
        palette = {*fixed.values(), *(color for colors in allowed.values() for color in colors)}
    else:
        return
    for node, color in enumerate(given):
        if color not in palette:
            raise CheckError(
                f"node {label(node)} has color {color}, which is not one of the "
                f"{counted(len(palette), 'color')} of the palette"
            )


def _require_equitable(problem: EquitableColoringProblem, given: NDArray[Any]) -> None:
    """Hold the sizes of classes to differ by at most one; classes asked for and not there are 0."""
    colors, sizes = np.unique(given, return_counts=True)
    missing = problem.k is not None and len(colors) < problem.k
    least = 0 if missing else int(sizes.min(initial=len(given)))
    if sizes.max(initial=least) - least > 1:
        most = int(np.argmax(sizes))
        other = (
            f"only {len(colors)} of {problem.k} classes are used"
            if missing
            else f"class {colors[np.argmin(sizes)]} has {least}"
        )
        raise CheckError(
            f"not equitable: class {colors[most]} has {counted(sizes[most], 'node')}, {other}"
        )
