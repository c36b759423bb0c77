"""From what a file lists to the graph that it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.listing import Listing, Note, Symmetry
from geocolor.io.meaning import (
    Directed,
    Isolated,
    Loops,
    Meaning,
    Missing,
    Parallel,
    Unweighted,
    Weights,
)
from geocolor.wording import counted

__all__ = ["conflict_rows", "settle"]


def conflict_rows(listing: Listing, meaning: Meaning) -> NDArray[np.bool_]:
    """Tell which of a listing's edges are hard conflicts, shape (m,)."""
    if meaning.unweighted is Unweighted.ONE:
        bare = np.zeros(len(listing.pairs), dtype=bool)
    elif listing.values is None or meaning.weights is Weights.IGNORE:
        bare = np.ones(len(listing.pairs), dtype=bool)
    else:
        bare = np.isnan(listing.values)
    return bare if listing.hard is None else bare | listing.hard


@dataclass(frozen=True, eq=False)
class _Edges:
    """Edges of one kind, conflicts or weighted pairs."""

    pairs: NDArray[np.int32]
    values: NDArray[np.float64] | None
    lines: NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.pairs)

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> _Edges:
        """Restrict to some."""
        return _Edges(
            self.pairs[kept],
            None if self.values is None else self.values[kept],
            None if self.lines is None else self.lines[kept],
        )

    def line(self, at: int) -> int | None:
        """Line of one."""
        return None if self.lines is None else int(self.lines[at])

    @property
    def keys(self) -> NDArray[np.int64]:
        """One integer for each pair, whatever its direction."""
        low, high = self.pairs.min(axis=1), self.pairs.max(axis=1)
        keys: NDArray[np.int64] = low.astype(np.int64) << 32 | high
        return keys

    def both_ways(self) -> bool:
        """Whether every pair is listed in both directions, as often and with equal values."""
        up = self.pairs[:, 0] < self.pairs[:, 1]
        if 2 * np.count_nonzero(up) != len(self):
            return False
        first, second = self.where(up), self.where(~up)
        if self.values is None:
            return np.array_equal(np.sort(first.keys), np.sort(second.keys))
        (keys, values), (other_keys, other_values) = first._in_order(), second._in_order()
        return np.array_equal(keys, other_keys) and np.array_equal(values, other_values)

    def _in_order(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Give keys and values, both ascending."""
        keys = self.keys
        values = np.empty(0) if self.values is None else self.values
        order = np.argsort(keys)
        if (np.diff(keys[order]) == 0).any():
            order = np.lexsort((values, keys))
        return keys[order], values[order]


def settle(
    listing: Listing, meaning: Meaning, limits: Limits, name: str
) -> tuple[ConflictGraph, tuple[Note, ...]]:
    """Make the graph that a listing means.

    Parameters
    ----------
    listing : Listing
        What the file lists.
    meaning : Meaning
        What that means.
    limits : Limits
        How large the graph may be.
    name : str
        The file, for messages.

    Returns
    -------
    graph : ConflictGraph
        The graph.
    notes : tuple of Note
        What was done that the file does not say.

    Raises
    ------
    FormatError
        The listing is not what `meaning` allows.
    LimitError
        The graph is too large.
    """
    return _Settling(listing, meaning, limits, name).graph()


class _Settling:
    """One listing on its way to a graph; collects notes."""

    def __init__(self, listing: Listing, meaning: Meaning, limits: Limits, name: str) -> None:
        self.listing, self.meaning, self.limits, self.name = listing, meaning, limits, name
        self.notes = list(listing.notes)

    def note(self, kind: str, text: str) -> None:
        self.notes.append(Note(kind, text))

    def at(self, line: int | None) -> str:
        return "" if line is None else f", first in line {line}"

    def label(self, node: int) -> str:
        labels = self.listing.labels
        return str(node) if labels is None else labels[node]

    def graph(self) -> tuple[ConflictGraph, tuple[Note, ...]]:
        listing = self.listing
        self.limits.require_nodes(listing.num_nodes, self.name)
        if listing.directed:
            if self.meaning.directed is Directed.REFUSE:
                raise FormatError("the graph is directed", self.name)
            self.note("directed", "the graph is directed; its arcs are read as edges")
        hard, weighted = self._kinds()
        hard, weighted = self._without_loops(hard, conflict=True), self._without_loops(weighted)
        listed = len(hard)
        weighted = self._signed(self._once_each(weighted))
        try:
            graph = ConflictGraph.from_edges(
                listing.num_nodes,
                weighted.pairs,
                weighted.values,
                conflicts=hard.pairs,
                labels=listing.labels,
                sizes=listing.sizes,
            )
        except InputError as error:
            raise FormatError(str(error), self.name) from error
        self.limits.require_edges(graph.conflicts.num_edges, self.name)
        self.limits.require_edges(graph.weights.num_edges, self.name)
        self._note_repeated_conflicts(hard, listed, graph.conflicts.num_edges)
        self._note_equal_weights(graph)
        if self.meaning.missing is Missing.FORBIDDEN:
            graph = self._with_missing_forbidden(graph)
        return self._isolated(graph), tuple(self.notes)

    def _kinds(self) -> tuple[_Edges, _Edges]:
        """Tell conflicts from weighted pairs."""
        listing, values = self.listing, self.listing.values
        if values is not None and self.meaning.weights is Weights.IGNORE:
            values = None
        if values is not None and np.isnan(values).all():
            values = None
        bare = np.ones(len(listing.pairs), dtype=bool) if values is None else np.isnan(values)
        conflict = conflict_rows(listing, self.meaning)
        if self.meaning.unweighted is Unweighted.ONE:
            values = np.where(bare, 1.0, np.nan if values is None else values)
            bare = np.zeros_like(bare)
        edges = _Edges(listing.pairs, values, listing.lines)
        if values is None:
            return edges, _Edges(edges.pairs[:0], np.empty(0), None)
        if not conflict.any():
            return _Edges(edges.pairs[:0], None, None), edges
        unsaid = bare if listing.hard is None else bare & ~listing.hard
        if unsaid.any():
            first = int(np.argmax(unsaid))
            self.note(
                "unweighted",
                counted(
                    int(np.count_nonzero(unsaid)),
                    "edge has no weight and is a hard conflict",
                    "edges have no weight and are hard conflicts",
                )
                + self.at(edges.line(first)),
            )
        hard = edges.where(conflict)
        return _Edges(hard.pairs, None, hard.lines), edges.where(~bare)

    def _without_loops(self, edges: _Edges, *, conflict: bool = False) -> _Edges:
        loops = edges.pairs[:, 0] == edges.pairs[:, 1]
        if not loops.any():
            return edges
        at = int(np.argmax(loops))
        rest = edges.where(~loops)
        # A matrix written out as a list has its diagonal there too; homer.col is known for it.
        harmless = not conflict or (len(rest) > 0 and rest.both_ways())
        if self.meaning.loops is Loops.REFUSE or (
            self.meaning.loops is Loops.AUTO and not harmless
        ):
            node = self.label(int(edges.pairs[at, 0]))
            raise FormatError(f"node {node} has an edge to itself", self.name, edges.line(at))
        self.note(
            "loops",
            counted(
                int(np.count_nonzero(loops)),
                "edge from a node to itself is left out",
                "edges from a node to itself are left out",
            )
            + self.at(edges.line(at)),
        )
        return rest

    def _once_each(self, edges: _Edges) -> _Edges:
        """Give each weighted pair one weight."""
        symmetry, rule = self.listing.symmetry, self.meaning.parallel
        keys = np.sort(edges.keys)
        if not (keys[1:] == keys[:-1]).any():
            if symmetry is not Symmetry.ONCE and len(edges):
                self._one_sided(edges)
            return edges
        once = symmetry is not Symmetry.ONCE or rule is Parallel.AUTO
        if once and edges.both_ways():
            self.note("both-directions", "every pair is listed in both directions and counts once")
            edges = edges.where(edges.pairs[:, 0] < edges.pairs[:, 1])
        elif symmetry is not Symmetry.ONCE:
            self._one_sided(edges)
        return self._combined(edges)

    def _one_sided(self, edges: _Edges) -> None:
        if self.listing.symmetry is Symmetry.REQUIRED:
            self._refuse_one_sided(edges)
        self.note(
            "asymmetric", "the matrix is not symmetric; a pair weighs what both its entries make"
        )

    def _refuse_one_sided(self, edges: _Edges) -> NoReturn:
        up = edges.pairs[:, 0] < edges.pairs[:, 1]
        lonely = np.isin(edges.keys, np.setxor1d(edges.keys[up], edges.keys[~up]))
        if not lonely.any():
            raise FormatError("an edge is listed by its two ends differently", self.name)
        at = int(np.argmax(lonely))
        u, v = (self.label(int(node)) for node in edges.pairs[at])
        raise FormatError(
            f"node {u} lists {v} as a neighbor, but not the other way round",
            self.name,
            edges.line(at),
        )

    def _combined(self, edges: _Edges) -> _Edges:
        keys, values = edges.keys, edges.values
        order = np.argsort(keys, kind="stable")
        first = np.ones(len(keys), dtype=bool)
        np.not_equal(keys[order][1:], keys[order][:-1], out=first[1:])
        repeats = order[~first]
        if not len(repeats) or values is None:
            return edges
        again = int(repeats.min())
        line, rule = edges.line(again), self.meaning.parallel
        if rule is Parallel.REFUSE:
            u, v = (self.label(int(node)) for node in edges.pairs[again])
            raise FormatError(f"the pair {u}, {v} is listed again", self.name, line)
        begins = np.flatnonzero(first)
        done, together = {
            Parallel.FIRST: ("the first weight counts", lambda v: v[begins]),
            Parallel.SMALLEST: (
                "the smallest weight counts",
                lambda v: np.minimum.reduceat(v, begins),
            ),
            Parallel.LARGEST: (
                "the largest weight counts",
                lambda v: np.maximum.reduceat(v, begins),
            ),
        }.get(rule, ("their weights are added", lambda v: np.add.reduceat(v, begins)))
        pairs = len(np.unique(keys[repeats]))
        told = counted(pairs, "pair is listed more than once", "pairs are listed more than once")
        self.note("parallel", f"{told}; {done}{self.at(line)}")
        chosen = edges.where(order[begins])
        with np.errstate(over="ignore"):  # what is not finite is refused later
            joined = together(values[order])
        return _Edges(chosen.pairs, joined, chosen.lines)

    def _signed(self, edges: _Edges) -> _Edges:
        told = self.meaning.weights
        similar = self.listing.similarities if told is None else told is Weights.SIMILARITY
        if not similar or edges.values is None or not len(edges):
            return edges
        self.note("similarity", "weights are similarities: one of w is a cost of -w")
        return _Edges(edges.pairs, -edges.values, edges.lines)

    def _note_repeated_conflicts(self, hard: _Edges, listed: int, distinct: int) -> None:
        required = self.listing.symmetry is Symmetry.REQUIRED
        if listed == distinct and not (required and listed):
            return
        if listed == 2 * distinct and hard.both_ways():
            self.note("both-directions", "every edge is listed in both directions and counts once")
        elif required:
            self._refuse_one_sided(hard)
        elif self.meaning.parallel is Parallel.REFUSE:
            again = counted(listed - distinct, "edge is listed again", "edges are listed again")
            raise FormatError(again, self.name)
        else:
            again = counted(listed - distinct, "edge repeats another", "edges repeat another")
            self.note("parallel", f"{again}, of {listed:,} in all")

    def _note_equal_weights(self, graph: ConflictGraph) -> None:
        values = graph.weights.edge_values()
        if len(values) and (values == values[0]).all():
            self.note(
                "equal-weights",
                f"all weights are {values[0]:g}; to color by edges that only have it, ignore them",
            )

    def _with_missing_forbidden(self, graph: ConflictGraph) -> ConflictGraph:
        count = graph.num_nodes
        self.limits.require_edges(count * (count - 1) // 2, self.name)
        absent = np.triu(np.ones((count, count), dtype=bool), 1)
        for part in (graph.weights, graph.conflicts):
            absent[tuple(part.edges().T)] = False
        missing = np.argwhere(absent)
        said = counted(
            len(missing),
            "pair that is not listed is a hard conflict",
            "pairs that are not listed are hard conflicts",
        )
        self.note("missing", said)
        return ConflictGraph.from_edges(
            count,
            graph.weights.edges(),
            graph.weights.edge_values(),
            conflicts=np.concatenate([graph.conflicts.edges(), missing]),
            labels=graph.labels,
            sizes=graph.sizes,
        )

    def _isolated(self, graph: ConflictGraph) -> ConflictGraph:
        lone = graph.conflicts.degrees + graph.weights.degrees == 0
        count = int(np.count_nonzero(lone))
        if not count:
            return graph
        if self.meaning.isolated is Isolated.KEEP:
            self.note("isolated", counted(count, "node has no edge", "nodes have no edge"))
            return graph
        left = counted(
            count, "node without an edge is left out", "nodes without an edge are left out"
        )
        self.note("isolated", left)
        kept = np.flatnonzero(~lone)
        labels = [graph.label(int(node)) for node in kept]
        smaller = graph.induced(kept)
        return ConflictGraph(smaller.conflicts, smaller.weights, tuple(labels), smaller.sizes)
