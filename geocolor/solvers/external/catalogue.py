"""The foreign solvers that geocolor offers; nothing of theirs is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geocolor.solvers.external.command_file import read_commands
from geocolor.solvers.info import SolverInfo

__all__ = [
    "GCOL_DSATUR",
    "GCOL_EXACT",
    "GCOL_HEA",
    "GCOL_PARTIALCOL",
    "GCOL_RLF",
    "GCOL_TABUCOL",
    "HEAD",
    "IGRAPH_COLORED_NEIGHBORS",
    "IGRAPH_DSATUR",
    "NETWORKX_DSATUR",
    "NETWORKX_LARGEST_FIRST",
    "RUSTWORKX_DSATUR",
    "RUSTWORKX_INDEPENDENT_SET",
    "RUSTWORKX_LARGEST_FIRST",
]


def _info(
    name: str, summary: str, target: str, *, exact: bool = False, **settings: Any
) -> SolverInfo:
    library = name.partition("-")[0]
    libraries = ("gcol", "networkx") if library == "gcol" else (library,)
    target = f"{__package__}.{target}"
    return SolverInfo(name, summary, frozenset({"coloring"}), exact, target, libraries, settings)


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

HEAD = read_commands(Path(__file__).with_name("commands.toml"))["head"]
