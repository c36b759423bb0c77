"""PACE challenge graphs (``.gr``): cluster editing (``p cep``), or a plain graph (``p tw`` ...)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.listing import EdgeParts, Listing, Note
from geocolor.io.meaning import Meaning, Parallel
from geocolor.io.numbered import Numbering, node_pairs, number_labels, numbers_note
from geocolor.io.source import Source, shown
from geocolor.io.tokens import LONGEST_NUMBER, Tokens, tokenize
from geocolor.io.writing import edge_rows, require_room
from geocolor.wording import counted

__all__ = ["pace_text", "read_pace"]

_CLUSTERS, _PLAIN = b"cep", (b"tw", b"td", b"ds", b"vc", b"hs", b"edge", b"col")
_HEADER, _COMMENT = b"p", b"c"


def read_pace(source: Source, meaning: Meaning) -> Listing:
    """Read a line ``p cep NODES EDGES`` and lines ``NODE NODE``.

    In cluster editing every edge is a similarity of 1, however often it is listed, and every other
    pair one of -1: a clustering of least cost c needs the fewest edits, c plus the number of edges.
    With another word than ``cep`` edges are hard conflicts.

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    kind, numbering, lines_before = b"", Numbering(source.name, "the p line", 0), 0
    declared = 0
    edges = EdgeParts(source.name, source.limits)
    for block in source.line_blocks():
        tokens = tokenize(block)
        for at in _others(tokens):
            words = tokens.row(at)
            line = lines_before + int(tokens.lines(tokens.heads[at : at + 1])[0])
            if words[0] == _COMMENT:
                continue
            if words[0] != _HEADER or kind or edges.count:
                raise FormatError(f"expected 'NODE NODE', not {shown(words[0])}", source.name, line)
            kind, nodes, declared = _header(words, source.name, line)
            first = 1 if meaning.first_node is None else meaning.first_node
            numbering = Numbering(source.name, "the p line", nodes, first)
            source.limits.require_nodes(nodes, source.name)
            source.limits.require_edges(
                nodes * (nodes - 1) // 2 if kind == _CLUSTERS else declared, source.name
            )
        plain = _plain(tokens)
        heads, counts = tokens.heads[plain], tokens.counts[plain]
        if len(heads):
            lines = lines_before + tokens.lines(heads)
            if not kind:
                raise FormatError("no line 'p cep NODES EDGES' before", source.name, int(lines[0]))
            if (counts != 2).any():
                at = int(np.argmax(counts != 2))
                raise FormatError("an edge must read 'NODE NODE'", source.name, int(lines[at]))
            edges.add(node_pairs(tokens, heads, numbering, lines_before), lines)
        lines_before += len(tokens.breaks)
    if not kind:
        raise FormatError("no line 'p cep NODES EDGES': not a PACE graph", source.name)
    if edges.count != declared:
        raise FormatError(
            f"the p line promises {declared} edges, the file has {edges.count}; is it cut off?",
            source.name,
        )
    return _listing(kind, numbering, edges, meaning)


def _others(tokens: Tokens) -> list[int]:
    return np.flatnonzero(~_plain(tokens)).tolist()


def _plain(tokens: Tokens) -> np.ndarray:
    """Which lines do not begin with a letter."""
    first = tokens.data[tokens.starts[tokens.heads]]
    return np.asarray((first < ord("A")) | (first > ord("z")))


def _header(words: list[bytes], name: str, line: int) -> tuple[bytes, int, int]:
    if (
        len(words) != 4
        or words[1] not in (_CLUSTERS, *_PLAIN)
        or not all(word.isdigit() and len(word) <= LONGEST_NUMBER for word in words[2:])
    ):
        raise FormatError("the p line must read 'p cep NODES EDGES'", name, line)
    return words[1], int(words[2]), int(words[3])


def _listing(kind: bytes, numbering: Numbering, edges: EdgeParts, meaning: Meaning) -> Listing:
    nodes, pairs, lines = numbering.nodes, edges.pairs, edges.lines
    labels, notes = number_labels(nodes, numbering.first), numbers_note(numbering.first)
    if kind != _CLUSTERS:
        return Listing(nodes, pairs, lines=lines, labels=labels, notes=notes)
    loops = pairs[:, 0] == pairs[:, 1]
    keys = pairs.min(axis=1, initial=nodes) * np.int64(nodes) + pairs.max(axis=1, initial=0)
    first = np.zeros(len(pairs), dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    edge, again = first & ~loops, ~first & ~loops
    if again.any():
        notes += (_repeated(again, edges, labels, meaning),)
    # Every pair in ascending order, those that are no edges in no line; then the loops.
    every = np.stack(np.triu_indices(nodes, 1), axis=1).astype(np.int32)
    at = np.searchsorted(every[:, 0] * np.int64(nodes) + every[:, 1], keys[edge])
    similar, listed = np.full(len(every), -1.0), np.zeros(len(every), dtype=np.int64)
    similar[at], listed[at] = 1.0, lines[edge]
    edits = f"cluster editing: the edits are the objective and {np.count_nonzero(edge)} more"
    return Listing(
        nodes,
        np.concatenate([every, pairs[loops]]),
        np.concatenate([similar, np.ones(np.count_nonzero(loops))]),
        lines=np.concatenate([listed, lines[loops]]),
        labels=labels,
        similarities=True,
        notes=(*notes, Note("cluster-editing", edits)),
    )


def _repeated(
    again: NDArray[np.bool_], edges: EdgeParts, labels: list[str], meaning: Meaning
) -> Note:
    """Say which edges are there again, which says nothing new of a pair."""
    line = int(edges.lines[np.argmax(again)])
    if meaning.parallel is Parallel.REFUSE:
        u, v = (labels[node] for node in edges.pairs[np.argmax(again)])
        raise FormatError(f"the pair {u}, {v} is listed again", edges.name, line)
    told = counted(int(np.count_nonzero(again)), "edge repeats another", "edges repeat another")
    return Note("parallel", f"{told}, first in line {line}")


def pace_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in PACE form, in pieces; names are left out.

    Weights of -1 and 1 over all pairs are cluster editing, conflicts alone a plain graph
    (``p tw``).

    Raises
    ------
    InputError
        The graph is neither, or has sizes.
    """
    require_room(graph, "a PACE graph", both=False, sizes=False)
    count, weights = graph.num_nodes, graph.weights.edge_values()
    if not graph.is_weighted:
        yield f"p tw {count} {graph.conflicts.num_edges}\n".encode()
    elif len(weights) == count * (count - 1) // 2 and (np.abs(weights) == 1).all():
        yield f"p cep {count} {int((weights < 0).sum())}\n".encode()
    else:
        raise InputError(
            "a PACE graph holds conflicts, or a weight of -1 or 1 for every pair; write .json"
        )
    for rows in edge_rows(graph):
        yield "".join(
            f"{u + 1} {v + 1}\n" for u, v, weight, _ in rows if weight is None or weight < 0
        ).encode()
