"""The independent checker: shares no arithmetic with any solver."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geocolor.errors import CheckError
from geocolor.problem.coloring import Coloring
from geocolor.problem.problems import ColoringProblem, Problem

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
        Wrong length, a negative class, a hard conflict inside a class, or too many classes.
    """
    given = coloring.colors if isinstance(coloring, Coloring) else np.asarray(coloring)
    graph = problem.graph
    if given.ndim != 1 or len(given) != graph.num_nodes:
        raise CheckError(
            f"the graph has {graph.num_nodes} nodes, the coloring has shape {given.shape}"
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
            f"{given[u]} ({broken.size} conflicts broken)"
        )
    used = len(set(given.tolist()))
    if used > problem.max_colors:
        raise CheckError(f"{used} colors, but at most {problem.max_colors} are allowed")
    if isinstance(problem, ColoringProblem):
        return CheckReport(float(used), used)
    pairs = graph.weights.edges()
    inside = given[pairs[:, 0]] == given[pairs[:, 1]]
    return CheckReport(math.fsum(graph.weights.edge_values()[inside]), used)
