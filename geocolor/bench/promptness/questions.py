"""Generated problems of every kind, from a few nodes to a hundred thousand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import CheckError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import gnp
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    Problem,
    check,
)

__all__ = ["QUESTIONS", "Question", "start_of"]

# Nodes to a class, of problems with a number of classes.
_TO_A_CLASS = 5
_LARGEST_WEIGHT = 9
# Nodes up to which each pair is drawn on its own.
_ALL_PAIRS = 5_000


@dataclass(frozen=True)
class Question:
    """A problem that can be made again in another process.

    Attributes
    ----------
    kind : str
        Of problem.
    nodes : int
        How many there are.
    degree : int
        Neighbours of a node, on average.
    """

    kind: str
    nodes: int
    degree: int

    @property
    def name(self) -> str:
        """Tell it from others of its kind."""
        return f"random-{self.nodes}-{self.degree}"

    def make(self) -> Problem:
        """Make the problem; the same each time."""
        return _MAKERS[self.kind](self)


def start_of(problem: Problem) -> NDArray[np.int32] | None:
    """Give a coloring that anybody would find, None if it does not hold.

    Every node has a class of its own, or the classes go round.
    """
    nodes = problem.graph.num_nodes
    classes = nodes
    if isinstance(problem, PartitionProblem | GroupPartitionProblem):
        classes = problem.k
    colors = (np.arange(nodes) % classes).astype(np.int32)
    try:
        check(problem, colors)
    except CheckError:
        return None
    return colors


def _edges(question: Question) -> NDArray[np.int64]:
    """Draw pairs of nodes."""
    nodes, degree = question.nodes, question.degree
    if nodes <= _ALL_PAIRS:
        return gnp(nodes, degree / (nodes - 1), seed=1).conflicts.edges().astype(np.int64)
    # Of so many pairs hardly any comes twice.
    pairs = np.random.default_rng(1).integers(nodes, size=(nodes * degree // 2, 2))
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.stack(np.divmod(np.unique(pairs @ [nodes, 1]), nodes), axis=1)


def _random(question: Question) -> ConflictGraph:
    return ConflictGraph.from_edges(question.nodes, conflicts=_edges(question))


def _weighted(question: Question, signed: bool = False) -> ConflictGraph:
    random = np.random.default_rng(1)
    edges = _edges(question)
    weights = random.integers(1, _LARGEST_WEIGHT, len(edges)).astype(float)
    if signed:
        weights *= random.choice([-1.0, 1.0], len(edges))
    return ConflictGraph.from_edges(question.nodes, edges, weights)


def _partition(question: Question, capacitated: bool = False) -> Problem:
    graph, k = _weighted(question, signed=True), question.nodes // _TO_A_CLASS
    if not capacitated:
        return PartitionProblem(graph, k)
    sizes = np.random.default_rng(1).integers(1, _LARGEST_WEIGHT, question.nodes)
    return PartitionProblem(graph, k, sizes, _LARGEST_WEIGHT * _TO_A_CLASS)


def _group_partition(question: Question) -> Problem:
    graph = _weighted(question)
    return GroupPartitionProblem(graph, question.nodes // _TO_A_CLASS, NormalizedPairSum())


_MAKERS: dict[str, Callable[[Question], Problem]] = {
    "coloring": lambda question: ColoringProblem(_random(question)),
    "equitable": lambda question: EquitableColoringProblem(_random(question)),
    "partition": _partition,
    "capacitated-partition": partial(_partition, capacitated=True),
    "group-partition": _group_partition,
    "correlation": lambda question: CorrelationClusteringProblem(_weighted(question, signed=True)),
}

_FEW, _SMALL, _MIDDLE = (18, 17), (40, 39), (300, 299)
_LARGE, _HUGE, _DENSE = (2000, 400), (100_000, 10), (100_000, 100)
_SIZES = {
    "coloring": ((100, 50), (1000, 500), _HUGE, _DENSE),
    "equitable": ((100, 50), (1000, 500)),
    "partition": (_FEW, _SMALL, _MIDDLE, _LARGE, _HUGE),
    "capacitated-partition": (_FEW, _SMALL, _MIDDLE, _LARGE),
    "group-partition": (_FEW, _SMALL, _MIDDLE),
    "correlation": (_FEW, _SMALL, _MIDDLE, _LARGE, _HUGE),
}
QUESTIONS = tuple(Question(kind, *size) for kind, sizes in _SIZES.items() for size in sizes)
