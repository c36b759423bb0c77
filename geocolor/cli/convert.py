"""``geocolor convert``: write a saved graph in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.options import MaxBytesOption, MaxEdgesOption, MaxNodesOption, limits_of

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor convert graph.col graph.json
  geocolor convert graph.json graph.col.gz
"""


def command(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Graph to read.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Graph to write, by its suffix.")],
    max_nodes: MaxNodesOption = None,
    max_edges: MaxEdgesOption = None,
    max_bytes: MaxBytesOption = None,
) -> None:
    """Write a saved graph in another format.

    DIMACS .col holds hard conflicts only: a graph with weights or sizes is refused, names are
    left out. The native .json keeps everything, floats to the last bit.
    """
    from geocolor.io import read, require_graph_name, write
    from geocolor.io.atomic import require_writable

    require_graph_name(target)
    require_writable(target)
    graph = read(source, limits=limits_of(max_nodes, max_edges, max_bytes))
    write(graph, target)
    typer.echo(
        f"{target}: {graph.num_nodes} nodes, {graph.conflicts.num_edges} conflicts, "
        f"{graph.weights.num_edges} weights"
    )
