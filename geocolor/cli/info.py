"""``geocolor info``: what is in a saved graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geocolor.cli.options import (
    GraphFile,
    MaxBytesOption,
    MaxEdgesOption,
    MaxNodesOption,
    limits_of,
)

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor info queen8_8.col
  geocolor info layers.json --json
"""


def command(
    file: GraphFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    max_nodes: MaxNodesOption = None,
    max_edges: MaxEdgesOption = None,
    max_bytes: MaxBytesOption = None,
) -> None:
    """Say what is in a saved graph."""
    from geocolor.io import read

    found = _facts(read(file, limits=limits_of(max_nodes, max_edges, max_bytes)))
    if as_json:
        import json

        typer.echo(json.dumps(found))
        return
    for name, value in found.items():
        if value is not None:
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)
            typer.echo(f"{name.replace('_', ' '):<17} {shown}")


def _facts(graph: ConflictGraph) -> dict[str, Any]:
    conflicts, weights = graph.conflicts, graph.weights.edge_values()
    pairs = graph.num_nodes * (graph.num_nodes - 1) // 2
    weighted = len(weights) > 0
    return {
        "nodes": graph.num_nodes,
        "conflicts": conflicts.num_edges,
        "density": conflicts.num_edges / pairs if pairs else 0.0,
        "min_degree": int(conflicts.degrees.min(initial=conflicts.num_nodes)),
        "max_degree": int(conflicts.degrees.max(initial=0)),
        "weighted_pairs": len(weights),
        "negative_weights": int((weights < 0).sum()),
        "min_weight": float(weights.min()) if weighted else None,
        "max_weight": float(weights.max()) if weighted else None,
        "total_size": float(graph.sizes.sum()),
        "labeled": graph.labels is not None,
        "fingerprint": graph.fingerprint,
    }
