"""Text files that say something of nodes, one node a line.

Nodes go by their names in the graph (in DIMACS files, their numbers from 1). A name may stand in
double quotes, with a quote in it doubled; one with blanks or ``#`` must. ``#`` begins a comment,
empty lines are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.source import line_blocks

__all__ = ["node_lines"]

# A word in quotes, a word, or a comment.
_WORD = re.compile(rb'"((?:[^"]|"")+)"(?=[\s#]|$)|([^\s#]+)|#.*', re.DOTALL)


def node_lines(
    path: Path, graph: ConflictGraph, limits: Limits
) -> Iterator[tuple[int, int, list[bytes]]]:
    """Give line number, node and the words after it, of every line that says something.

    Raises
    ------
    FormatError
        With the line: there is no such node, or it was named already; or what is a comment names
        one.
    InputError
        The file cannot be read.
    """
    line = 0
    seen: dict[int, int] = {}
    for block in line_blocks(path, limits):
        for row in block.split(b"\n")[:-1]:
            line += 1
            words = _words(row)
            if not words:
                _require_comment(graph, row, path, line)
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


def _words(row: bytes) -> list[bytes]:
    found = _WORD.findall(row)
    return [quoted.replace(b'""', b'"') or plain for quoted, plain in found if quoted or plain]


def _require_comment(graph: ConflictGraph, row: bytes, path: Path, line: int) -> None:
    """Refuse a comment that is as likely to mean a node, as ``#1 2`` does where one is ``#1``."""
    name = (row.split() or [b""])[0].decode(errors="replace")
    try:
        graph.node(name)
    except InputError:
        return
    raise FormatError(
        f'is it the node {name}, or a comment? write the name as "{name}" in double quotes, a '
        "comment with a blank behind its #",
        str(path),
        line,
    )
