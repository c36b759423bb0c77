"""Text files that say something of nodes, one node a line.

Nodes go by their names in the graph (in DIMACS files, their numbers from 1). ``#`` begins a
comment, empty lines are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.source import line_blocks

__all__ = ["node_lines"]


def node_lines(
    path: Path, graph: ConflictGraph, limits: Limits
) -> Iterator[tuple[int, int, list[bytes]]]:
    """Give line number, node and the words after it, of every line that says something.

    Raises
    ------
    FormatError
        With the line: there is no such node, or it was named already.
    InputError
        The file cannot be read.
    """
    line = 0
    seen: dict[int, int] = {}
    for block in line_blocks(path, limits):
        for row in block.split(b"\n")[:-1]:
            line += 1
            words = row.partition(b"#")[0].split()
            if not words:
                continue
            node = _node(graph, words.pop(0), path, line)
            if node in seen:
                shown = graph.label(node)
                raise FormatError(f"node {shown} is in line {seen[node]} already", str(path), line)
            seen[node] = line
            yield line, node, words


def _node(graph: ConflictGraph, name: bytes, path: Path, line: int) -> int:
    try:
        return graph.node(name.decode())
    except UnicodeDecodeError as error:
        raise FormatError("is not UTF-8", str(path), line) from error
    except InputError as error:
        raise FormatError(str(error), str(path), line) from error
