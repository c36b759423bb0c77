"""What is written is what can be read back, and no more than that."""

from __future__ import annotations

from pathlib import Path

import pytest

from geocolor import ConflictGraph
from geocolor.errors import LimitError
from geocolor.io import Limits, read, write
from geocolor.io.writing import edge_rows


def star(leaves: int, name: str) -> ConflictGraph:
    labels = [name, *map(str, range(1, leaves + 1))]
    return ConflictGraph.from_edges(
        leaves + 1, [(0, leaf) for leaf in range(1, leaves + 1)], labels=labels
    )


@pytest.mark.parametrize("suffix", [".edges", ".csv", ".graphml"])
def test_a_long_name_at_every_edge_ends_at_what_is_read(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = star(300, "n" * 2_000)
    path = tmp_path / f"star{suffix}"
    monkeypatch.setattr("geocolor.io.reading.Limits", lambda: Limits(text_bytes=500_000))
    with pytest.raises(LimitError, match=r"over 500000 bytes.*write \.json or \.npz"):
        write(graph, path)
    assert list(tmp_path.iterdir()) == []
    write(graph, tmp_path / "star.json")
    assert read(tmp_path / "star.json").fingerprint == graph.fingerprint


def test_few_edges_at_a_time_where_names_are_long() -> None:
    chunks = list(edge_rows(star(40, "n" * (1 << 20))))
    assert [len(chunk) for chunk in chunks] == [16, 16, 8]
    assert len(list(edge_rows(star(40, "n")))) == 1
