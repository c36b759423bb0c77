"""The foreign solvers that geocolor offers; nothing of theirs is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geocolor.solvers.external.command_file import read_commands
from geocolor.solvers.info import SolverInfo

__all__ = [
    "ADJACENT",
    "CPSAT_ASSIGNMENT",
    "CPSAT_EDGES",
    "GCOL_DSATUR",
    "GCOL_EXACT",
    "GCOL_HEA",
    "GCOL_MIN_COST",
    "GCOL_PARTIALCOL",
    "GCOL_RLF",
    "GCOL_TABUCOL",
    "HEAD",
    "HIGHS_EDGES",
    "IGRAPH_COLORED_NEIGHBORS",
    "IGRAPH_DSATUR",
    "IGRAPH_LEIDEN",
    "NETWORKX_DSATUR",
    "NETWORKX_LARGEST_FIRST",
    "NETWORKX_THRESHOLD",
    "RUSTWORKX_DSATUR",
    "RUSTWORKX_INDEPENDENT_SET",
    "RUSTWORKX_LARGEST_FIRST",
    "SCIPY_AVERAGE",
    "SCIPY_COMPLETE",
]


# What stands behind a name; elsewhere it begins with the library's.
_LIBRARIES = {
    "adjacent": (),
    "cpsat": ("ortools",),
    "gcol": ("gcol", "networkx"),
    "highs": ("highspy",),
}


def _info(
    name: str,
    summary: str,
    target: str,
    *,
    kinds: tuple[str, ...] = ("coloring",),
    exact: bool = False,
    **settings: Any,
) -> SolverInfo:
    library = name.partition("-")[0]
    libraries = _LIBRARIES.get(library, (library,))
    target = f"{__package__}.{target}"
    return SolverInfo(name, summary, frozenset(kinds), exact, target, libraries, settings)


NETWORKX_DSATUR = _info(
    "networkx-dsatur",
    "networkx: greedy_color, saturation_largest_first",
    "networkx_greedy:NetworkxGreedy",
    strategy="saturation_largest_first",
)
NETWORKX_LARGEST_FIRST = _info(
    "networkx-largest-first",
    "networkx: greedy_color, largest_first",
    "networkx_greedy:NetworkxGreedy",
    strategy="largest_first",
)
IGRAPH_DSATUR = _info(
    "igraph-dsatur",
    "igraph: vertex_coloring_greedy, dsatur",
    "igraph_greedy:IgraphGreedy",
    method="dsatur",
)
IGRAPH_COLORED_NEIGHBORS = _info(
    "igraph-colored-neighbors",
    "igraph: vertex_coloring_greedy, colored_neighbors",
    "igraph_greedy:IgraphGreedy",
    method="colored_neighbors",
)
RUSTWORKX_DSATUR = _info(
    "rustworkx-dsatur",
    "rustworkx: graph_greedy_color, Saturation",
    "rustworkx_greedy:RustworkxGreedy",
    strategy="Saturation",
)
RUSTWORKX_LARGEST_FIRST = _info(
    "rustworkx-largest-first",
    "rustworkx: graph_greedy_color, Degree",
    "rustworkx_greedy:RustworkxGreedy",
    strategy="Degree",
)
RUSTWORKX_INDEPENDENT_SET = _info(
    "rustworkx-independent-set",
    "rustworkx: graph_greedy_color, IndependentSet",
    "rustworkx_greedy:RustworkxGreedy",
    strategy="IndependentSet",
)
GCOL_DSATUR = _info(
    "gcol-dsatur", "gcol: node_coloring, dsatur", "gcol_search:GcolGreedy", strategy="dsatur"
)
GCOL_RLF = _info("gcol-rlf", "gcol: node_coloring, rlf", "gcol_search:GcolGreedy", strategy="rlf")
GCOL_TABUCOL = _info(
    "gcol-tabucol",
    "gcol: TabuCol from a DSATUR coloring (opt_alg=2)",
    "gcol_search:GcolSearch",
    opt_alg=2,
)
GCOL_PARTIALCOL = _info(
    "gcol-partialcol",
    "gcol: PartialCol from a DSATUR coloring (opt_alg=3)",
    "gcol_search:GcolSearch",
    opt_alg=3,
)
GCOL_HEA = _info(
    "gcol-hea",
    "gcol: hybrid evolutionary algorithm with TabuCol (opt_alg=4)",
    "gcol_search:GcolSearch",
    opt_alg=4,
)
GCOL_EXACT = _info(
    "gcol-exact",
    "gcol: backtracking (opt_alg=1)",
    "gcol_search:GcolExact",
    exact=True,
)
CPSAT_EDGES = _info(
    "cpsat-edges",
    "OR-Tools CP-SAT alone on the edge model: a variable for each pair, all triangles",
    "pair_solvers:PairSolver",
    kinds=("partition", "correlation"),
    exact=True,
    engine="cpsat",
    formulation="edges",
)
CPSAT_ASSIGNMENT = _info(
    "cpsat-assignment",
    "OR-Tools CP-SAT alone on the assignment model: a variable for each node and class",
    "pair_solvers:PairSolver",
    kinds=("partition",),
    exact=True,
    engine="cpsat",
    formulation="assignment",
)
HIGHS_EDGES = _info(
    "highs-edges",
    "HiGHS alone on the edge model, by branch and cut",
    "pair_solvers:PairSolver",
    kinds=("partition", "correlation"),
    exact=True,
    engine="highs",
    formulation="edges",
)
SCIPY_AVERAGE = _info(
    "scipy-average",
    "SciPy: agglomerative clustering by average linkage",
    "scipy_linkage:ScipyLinkage",
    kinds=("partition", "correlation"),
    method="average",
)
SCIPY_COMPLETE = _info(
    "scipy-complete",
    "SciPy: agglomerative clustering by complete linkage",
    "scipy_linkage:ScipyLinkage",
    kinds=("partition", "correlation"),
    method="complete",
)
NETWORKX_THRESHOLD = _info(
    "networkx-threshold",
    "networkx: greedy_color of the pairs dearer than a threshold, the least that does",
    "networkx_threshold:NetworkxThreshold",
    kinds=("partition", "correlation"),
    strategy="saturation_largest_first",
)
IGRAPH_LEIDEN = _info(
    "igraph-leiden",
    "igraph: community_leiden, constant Potts model at resolution 0",
    "igraph_leiden:IgraphLeiden",
    kinds=("correlation",),
)
GCOL_MIN_COST = _info(
    "gcol-min-cost",
    "gcol: min_cost_k_coloring, tabu search; no negative weights",
    "gcol_min_cost:GcolMinCost",
    kinds=("partition",),
)
ADJACENT = _info(
    "adjacent",
    "consecutive nodes together, in runs of one length: the rule of Basis Sharing",
    "adjacent:Adjacent",
    kinds=("partition",),
)

HEAD = read_commands(Path(__file__).with_name("commands.toml"))["head"]
