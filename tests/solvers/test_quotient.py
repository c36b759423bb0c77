"""Graphs of classes equal what matrices give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.graph import Adjacency
from geocolor.solvers.quotient import quotient


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 10**6), st.booleans())
def test_equals_the_product_of_matrices(
    nodes: int, classes: int, seed: int, weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    pairs = np.argwhere(np.triu(rng.random((nodes, nodes)) < rng.random(), 1))
    values = rng.normal(size=len(pairs)) if weighted else None
    adjacency = Adjacency.from_edges(nodes, pairs, values)
    member = rng.integers(classes, size=nodes).astype(np.int32)
    joined = quotient(adjacency, member, classes)
    onto = np.eye(classes)[member]
    expected = onto.T @ adjacency.to_dense() @ onto
    np.fill_diagonal(expected, 0.0)
    if not weighted:
        expected = (expected > 0).astype(float)
        assert joined.values is None
    assert joined.num_nodes == classes
    assert joined.to_dense() == pytest.approx(expected)
    for node in range(classes):
        assert (np.diff(joined.neighbors(node)) > 0).all()
