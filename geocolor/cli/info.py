"""``geocolor info``: what is in a saved graph, and what its file leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from geocolor.cli.options import GraphFile, JsonOption
from geocolor.cli.reading import Reader, reads_a_graph

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor info queen8_8.col
  geocolor info layers.json --json
  geocolor info similar.csv --weights similarity
"""

# For a clique; the other bounds take time in proportion to the graph.
_SECONDS = 0.5


@reads_a_graph
def command(
    file: GraphFile,
    as_json: JsonOption = False,
    *,
    reader: Reader,
) -> None:
    """Say what is in a saved graph, and what its file leaves open.

    The chromatic number of the conflicts is at least the clique and at most the coloring found.
    """
    reading = reader.read(file)
    found = {"format": reading.format.name, **_facts(reading.graph), **_bounds(reading.graph)}
    if as_json:
        import json

        notes = [{"kind": note.kind, "text": note.text} for note in reading.notes]
        typer.echo(json.dumps({**found, "notes": notes}))
        return
    for name, value in found.items():
        if value is not None:
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)
            typer.echo(f"{name.replace('_', ' '):<17} {shown}")
    for note in reading.notes:
        typer.echo(f"{'note':<17} {note.text}")


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
        "components": _components(graph),
        "weighted_pairs": len(weights),
        "negative_weights": int((weights < 0).sum()),
        "min_weight": float(weights.min()) if weighted else None,
        "mean_weight": float(weights.mean()) if weighted else None,
        "max_weight": float(weights.max()) if weighted else None,
        "total_size": float(graph.sizes.sum()),
        "labeled": graph.labels is not None,
        "fingerprint": graph.fingerprint,
    }


def _components(graph: ConflictGraph) -> int:
    """Count the parts that no conflict and no weight joins."""
    from scipy.sparse.csgraph import connected_components

    weights, conflicts = graph.to_scipy()
    joined = conflicts.astype(bool) + (weights != 0)
    return int(connected_components(joined, directed=False)[0])


def _bounds(graph: ConflictGraph) -> dict[str, Any]:
    """Bound the chromatic number of the conflicts; nothing where there are none."""
    import time

    from geocolor.bounds import find_clique
    from geocolor.bounds.clique_kernels import degeneracy_order
    from geocolor.solvers.greedy import greedy_coloring

    conflicts = graph.conflicts
    if not conflicts.num_edges:
        return {}
    order, _, core = degeneracy_order(conflicts.indptr, conflicts.indices)
    until = time.monotonic() + _SECONDS
    clique = find_clique(conflicts, over=lambda: time.monotonic() >= until)
    colors = greedy_coloring(conflicts, order[::-1].copy())
    return {
        "degeneracy": int(core.max()),
        "clique": len(clique),
        "coloring": int(colors.max()) + 1,
    }
