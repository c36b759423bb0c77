"""Clique partitioning files as CP-Lib has them (``.txt``): a number of nodes, then similarities."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.numbered import number_labels
from geocolor.io.source import Source, shown
from geocolor.io.tokens import LONGEST_NUMBER, decimal, decimals
from geocolor.io.writing import number, require_room
from geocolor.wording import counted

__all__ = ["cplib_text", "read_cplib"]


def read_cplib(source: Source, meaning: Meaning) -> Listing:
    """Read a file that asks for the most similarity inside clusters.

    The first number is that of the nodes, n; then come the n (n - 1) / 2 similarities of the pairs
    (1, 2), (1, 3) up to (n - 1, n), in lines of any length. What is to be as large as possible
    there is to be as small as possible here: a similarity of w is a cost of -w, and an optimum of
    3867 an objective of -3867. (Sørensen and Letchford, Math. Program. Comput. 16, 2024.)

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than `limits`.
    """
    count, line, seen = -1, 0, 0
    parts: list[NDArray[np.float64]] = []
    for block in source.line_blocks():
        tokens = block.split()
        if count < 0 and tokens:
            count = _count(tokens.pop(0), source, block, line)
        values = _values(tokens, source.name, block, line)
        seen += len(values)
        if seen > count * (count - 1) // 2 and count >= 0:
            raise FormatError(
                f"more than the {count * (count - 1) // 2} similarities that {count} nodes have",
                source.name,
            )
        parts.append(values)
        line += block.count(b"\n")
    if count < 0:
        raise FormatError("no number of nodes: not a clique partitioning file", source.name)
    if seen < count * (count - 1) // 2:
        raise FormatError(
            f"{seen} similarities, but {count} nodes have {count * (count - 1) // 2} pairs; "
            "is it cut off?",
            source.name,
        )
    similar = np.concatenate(parts)
    pairs = np.stack(np.triu_indices(count, 1), axis=1).astype(np.int32)
    told = similar != 0
    return Listing(
        count,
        pairs[told],
        similar[told],
        labels=number_labels(count, 1),
        similarities=True,
    )


def _count(token: bytes, source: Source, block: bytes, line: int) -> int:
    if not token.isdigit() or len(token) > LONGEST_NUMBER:
        raise FormatError(
            f"the number of nodes must come first, not {shown(token)}",
            source.name,
            line + 1 + block[: block.find(token)].count(b"\n"),
        )
    count = int(token)
    source.limits.require_nodes(count, source.name)
    source.limits.require_edges(count * (count - 1) // 2, source.name)
    return count


def _values(tokens: list[bytes], name: str, block: bytes, line: int) -> NDArray[np.float64]:
    values = decimals(tokens)
    if np.isfinite(values).all():
        return values
    at, said = next(
        (at, token)
        for at, text in enumerate(block.split(b"\n"), line + 1)
        for token in text.split()
        if not math.isfinite(decimal(token))
    )
    raise FormatError(f"{shown(said)} is not a finite number", name, at)


def cplib_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Write a graph's weights as similarities, row by row.

    Raises
    ------
    InputError
        The graph has hard conflicts or sizes, which the format has no room for.
    LimitError
        It has more pairs than are read by default, weighted or not.
    """
    require_room(graph, "a clique partitioning file (.txt)", sizes=False)
    if graph.conflicts.num_edges:
        raise InputError(
            "a clique partitioning file (.txt) holds weights only, and this graph has "
            f"{counted(graph.conflicts.num_edges, 'hard conflict')}; write .edges, .csv or .json"
        )
    count, weights = graph.num_nodes, graph.weights
    every, most = count * (count - 1) // 2, Limits().edges
    if every > most:
        raise LimitError(
            f"a clique partitioning file (.txt) lists every pair, which are {every} of {count} "
            f"nodes, the limit is {most}; write .edges, .csv or .json, or name the format edges "
            "(--to edges)"
        )
    values = np.empty(0) if weights.values is None else weights.values
    yield b"%d\n" % count
    for node in range(count - 1):
        row = np.zeros(count)
        row[weights.neighbors(node)] = -values[weights.indptr[node] : weights.indptr[node + 1]]
        yield " ".join(number(value) for value in row[node + 1 :].tolist()).encode() + b"\n"
