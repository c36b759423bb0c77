"""Graphs of every kind that some format has room for."""

import numpy as np
from hypothesis import strategies as st

from geocolor.graph import ConflictGraph

# Which graphs each format holds: conflicts, weights, both at once, sizes, names; and what weights.
ANY, WHOLE, SIGNS = "any", "whole", "signs"
ROOM: dict[str, dict[str, object]] = {
    "cplib": {"conflicts": False, "weights": ANY},
    "csv": {"weights": ANY, "both": True, "names": True},
    "dimacs": {},
    "dimacs-binary": {},
    "edges": {"weights": ANY, "both": True, "names": "words"},
    "gexf": {"weights": ANY, "both": True, "names": True, "sizes": ANY},
    "gml": {"weights": ANY, "both": True, "names": True, "sizes": ANY},
    "graphml": {"weights": ANY, "both": True, "names": True, "sizes": ANY},
    "metis": {"weights": WHOLE, "sizes": WHOLE},
    "mtx": {"weights": ANY},
    "native": {"weights": ANY, "both": True, "names": True, "sizes": ANY},
    "node-link": {"weights": ANY, "both": True, "names": True, "sizes": ANY},
    "npz": {"weights": ANY, "names": True, "sizes": ANY},
    "pace": {"weights": SIGNS},
    "pajek": {"weights": ANY, "both": True, "names": True},
}

_WORDS = st.text("abcxyzéπ0123456789_-.", min_size=1, max_size=6)
_NAMES = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters='"\ufeff'),
    min_size=1,
    max_size=8,
).filter(lambda name: name == name.strip())


def _weights(kind: object) -> st.SearchStrategy[float]:
    if kind == SIGNS:
        return st.sampled_from([-1.0, 1.0])
    if kind == WHOLE:
        return st.integers(1, 10**6).map(float)
    # No zeros: in a dense matrix a weight of zero is none.
    numbers = st.floats(-1e298, 1e298) | st.integers(-99, 99).map(float)
    return numbers.filter(lambda value: value != 0)


@st.composite
def graphs(draw: st.DrawFn, name: str) -> ConflictGraph:
    """Graphs that the format `name` has room for."""
    room = {"conflicts": True, "weights": None, "both": False, "names": False, "sizes": None}
    room |= ROOM[name]
    count = draw(st.integers(0, 9))
    pairs = [(u, v) for v in range(count) for u in range(v)]
    weighted = room["weights"] is not None and (not room["conflicts"] or draw(st.booleans()))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    hard = chosen if room["conflicts"] and not weighted else []
    rows = chosen if weighted else []
    if weighted and room["weights"] == SIGNS:
        rows = pairs
    if weighted and room["both"] and pairs:
        hard = draw(st.lists(st.sampled_from(pairs), unique=True))
    values = draw(st.lists(_weights(room["weights"]), min_size=len(rows), max_size=len(rows)))
    labels = None
    if room["names"] and draw(st.booleans()):
        names = _WORDS if room["names"] == "words" else _NAMES
        labels = draw(st.lists(names, min_size=count, max_size=count, unique=True))
    sizes = None
    if room["sizes"] is not None and draw(st.booleans()):
        positive = st.floats(1e-9, 1e9) if room["sizes"] == ANY else st.integers(1, 99).map(float)
        sizes = draw(st.lists(positive, min_size=count, max_size=count))
    return ConflictGraph.from_edges(
        count,
        np.array(rows, dtype=np.int64).reshape(-1, 2),
        values,
        conflicts=np.array(hard, dtype=np.int64).reshape(-1, 2),
        labels=labels,
        sizes=sizes,
    )
