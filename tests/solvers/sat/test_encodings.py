"""The clauses hold for the colorings with at most k colors, and for nothing else."""

from __future__ import annotations

from itertools import product

import networkx as nx
import numpy as np
import pytest
from pysat.solvers import Cadical195

from geocolor.graph import Adjacency
from geocolor.problem import ColoringProblem
from geocolor.solvers.sat.encodings import Encoding, Formula, Graph, encode


def as_graph(adjacency: Adjacency, clique: list[int], full: list[list[int]]) -> Graph:
    others = [node for node in range(adjacency.num_nodes) if node not in clique]
    rows = np.array(full, dtype=np.int32).reshape(len(full), len(full[0]) if full else 0)
    return Graph(
        adjacency.num_nodes,
        adjacency.edges(),
        np.array(clique, dtype=np.int32),
        np.array(others, dtype=np.int32),
        rows,
    )


def solver_of(formula: Formula) -> Cadical195:
    solver = Cadical195()
    for block in formula.blocks:
        for clause in block.tolist():
            solver.add_clause(clause)
    return solver


@pytest.mark.parametrize("encoding", ["assignment", "ordering"])
def test_satisfiable_from_the_chromatic_number_on(oracle, encoding: Encoding) -> None:
    rng = np.random.default_rng(3)
    for seed in range(60):
        nxg = nx.gnp_random_graph(int(rng.integers(1, 9)), rng.random(), seed=seed)
        adjacency = oracle.plain(nxg).conflicts
        chromatic = int(oracle.optimum(ColoringProblem(oracle.plain(nxg))))
        cliques = sorted(nx.find_cliques(nxg), key=len)
        # Any clique may be pinned, not only the largest.
        clique = sorted(cliques[int(rng.integers(len(cliques)))])
        least = int(rng.integers(len(clique), max(len(clique), adjacency.num_nodes) + 1))
        most = least + int(rng.integers(0, 3))
        graph = as_graph(adjacency, clique, [sorted(c) for c in cliques if len(c) == least])
        formula = encode(graph, least, most, encoding)
        with solver_of(formula) as solver:
            for k in [*range(least, most + 1), *range(most, least - 1, -1)]:
                answer = solver.solve(assumptions=formula.at_most(k))
                assert answer == (k >= chromatic)
                if answer:
                    colors = formula.colors(solver.get_model())
                    assert colors.max() < k
                    assert all(colors[u] != colors[v] for u, v in adjacency.edges())
                    assert colors[clique].tolist() == list(range(len(clique)))


@pytest.mark.parametrize("encoding", ["assignment", "ordering"])
def test_symmetric_colorings_are_cut_but_one_of_each_partition_stays(encoding: Encoding) -> None:
    # Every partition of four free nodes into at most three classes, each once.
    graph = as_graph(Adjacency.from_edges(4, []), [0], [])
    formula = encode(graph, 1, 3, encoding)
    partitions = set()
    with solver_of(formula) as solver:
        for colors in product(range(3), repeat=4):
            exact = [
                int(formula.x[node, c]) * (1 if colors[node] == c else -1)
                for node in range(4)
                for c in range(3)
            ]
            if solver.solve(assumptions=exact):
                classes = frozenset(
                    frozenset(n for n in range(4) if colors[n] == c) for c in set(colors)
                )
                assert classes not in partitions
                partitions.add(classes)
    # Stirling numbers: 1 + 7 + 6.
    assert len(partitions) == 14
