"""``geocolor convert``: write a saved graph in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.cli.console import note, say
from geocolor.cli.reading import Reader, reads_a_graph

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph
from geocolor.wording import counted

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor convert graph.col graph.json
  geocolor convert graph.json graph.graphml.zst
  geocolor convert similar.csv costs.mtx --weights similarity
  zcat edges.gz | geocolor convert - - --format edges --to metis > graph.metis
"""


@reads_a_graph
def command(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="Graph to read; - for standard input.")
    ],
    target: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Graph to write, by its suffix; - for standard output."),
    ],
    to: Annotated[
        str | None, typer.Option("--to", metavar="NAME", help="Format of OUT; default by suffix.")
    ] = None,
    *,
    reader: Reader,
) -> None:
    """Write a saved graph in another format.

    A graph that the format has no room for is refused. The native .json keeps everything, floats
    to the last bit; docs/formats.md says what the others hold.
    """
    from geocolor.io import format_to_write, write
    from geocolor.io.atomic import require_writable
    from geocolor.io.source import STREAM

    known = format_to_write(target, to)
    require_writable(target)
    graph = reader.read(source).graph
    write(graph, target, format=to)
    if not known.names and _is_named(graph):
        note(f"{known.title} has numbers only: the names of nodes are left out")
    said = (
        f"{target}: {counted(graph.num_nodes, 'node')}, "
        f"{counted(graph.conflicts.num_edges, 'conflict')}, "
        f"{counted(graph.weights.num_edges, 'weight')}"
    )
    say(said, err=str(target) == STREAM)


def _is_named(graph: ConflictGraph) -> bool:
    """Whether the names of nodes say more than their numbers would."""
    return graph.labels is not None and not any(
        all(label == str(node) for node, label in enumerate(graph.labels, first))
        for first in (0, 1)
    )
