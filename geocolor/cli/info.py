"""``geocolor info``: what is in a saved graph, and what its file leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geocolor.cli.console import say
from geocolor.cli.options import GraphFile, JsonOption
from geocolor.cli.reading import Reader, reads_a_graph

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph, SharingOptions
    from geocolor.io import Note

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor info queen8_8.col
  geocolor info layers.json --json
  geocolor info similar.csv --weights similarity
  geocolor info options.json.gz
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
    from geocolor.io.sharing_options import holds_options, read_options

    notes: tuple[Note, ...] = ()
    if holds_options(file, reader.limits):
        found = _of_options(read_options(file, limits=reader.limits))
    else:
        reading = reader.read(file)
        found = {"format": reading.format.name, **_facts(reading.graph), **_bounds(reading.graph)}
        notes = reading.notes
    if as_json:
        import json

        listed = [{"kind": note.kind, "text": note.text} for note in notes]
        say(json.dumps({**found, "notes": listed}, allow_nan=False))
        return
    rows = [(name.replace("_", " "), value) for name, value in found.items() if value is not None]
    rows += [("note", note.text) for note in notes]
    width = max(17, *(len(name) for name, _ in rows))
    for name, value in rows:
        shown = f"{value:.6g}" if isinstance(value, float) else str(value)
        say(f"{name:<{width}} {shown}")


def _of_options(options: SharingOptions) -> dict[str, Any]:
    """Say what there is to choose from; a form is its name without its rank."""
    groups = set(options.groups)
    forms = {form.split(" ")[0] for form in options.forms}
    some = len(options) > 0
    return {
        "format": "sharing options",
        "units": len(options.units),
        "options": len(options),
        "groups": len(groups),
        "of_several_units": sum(len(group) > 1 for group in groups),
        "largest_group": max(map(len, groups), default=0),
        "forms": ", ".join(sorted(form for form in forms if form)) or None,
        "min_option_parameters": int(options.sizes.min()) if some else None,
        "max_option_parameters": int(options.sizes.max()) if some else None,
        "min_option_cost": float(options.costs.min()) if some else None,
        "max_option_cost": float(options.costs.max()) if some else None,
        "fingerprint": options.fingerprint,
    }


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
