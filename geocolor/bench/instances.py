"""From an instance to the problem it stands for."""

from __future__ import annotations

import threading
from typing import cast

from geocolor.bench.trial import Instance
from geocolor.errors import InputError
from geocolor.io import read
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    Problem,
)

__all__ = ["problem_of"]

# The last problem read in this thread, under what it was read for: runs on one instance come in
# a row, and reading a large one takes longer than many a run.
_last = threading.local()


def problem_of(instance: Instance) -> Problem:
    """Read the instance's file and pose its problem.

    Raises
    ------
    InputError
        The file cannot be read here, or holds another graph than when the campaign was planned, or
        the kind of problem is unknown.
    """
    asked = (instance.path, instance.fingerprint, instance.kind, instance.k)
    if getattr(_last, "asked", None) == asked:
        return cast(Problem, _last.problem)
    graph = read(instance.path)
    if graph.fingerprint != instance.fingerprint:
        raise InputError(f"{instance.path} has changed since the benchmark was planned")
    problem: Problem
    if instance.kind == "coloring":
        problem = ColoringProblem(graph, instance.k)
    elif instance.kind == "equitable":
        problem = EquitableColoringProblem(graph, instance.k)
    elif instance.kind in ("partition", "group-partition"):
        if instance.k is None:
            raise InputError(f"{instance.name}: a partition needs the number of classes")
        if instance.kind == "partition":
            problem = PartitionProblem(graph, instance.k)
        else:
            # The only cost of groups that a saved graph says all of.
            problem = GroupPartitionProblem(graph, instance.k, NormalizedPairSum())
    elif instance.kind == "correlation":
        problem = CorrelationClusteringProblem(graph)
    else:
        raise InputError(f"{instance.name}: benchmarks pose no {instance.kind!r} problems")
    _last.asked, _last.problem = asked, problem
    return problem
