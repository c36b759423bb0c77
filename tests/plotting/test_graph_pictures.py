"""Conflict graphs as matrices and networks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph, queen
from geocolor.plotting.canvas import telling
from geocolor.plotting.classes import Classes
from geocolor.plotting.layout import circle, springs
from geocolor.plotting.matrix import draw_matrix
from geocolor.plotting.network import draw_network

pytest.importorskip("matplotlib")

CONFLICT, BROKEN = "#7f7f7f", "#d00000"
DRAW = {"matrix": draw_matrix, "network": draw_network}
# Formulas, markup, line breaks, and signs that fonts do not have.
HOSTILE = ["$\\frac{", "$x$", "<b>", "a\nb", "\u5c64", "\N{PILE OF POO}"]


def graph(conflicts: list[tuple[int, int]], weights: dict[tuple[int, int], float]) -> ConflictGraph:
    return ConflictGraph.from_edges(
        6, list(weights), list(weights.values()), conflicts=conflicts, labels=HOSTILE
    )


@pytest.mark.parametrize("kind", DRAW)
@pytest.mark.parametrize("nodes", [0, 1, 2])
def test_next_to_nothing_is_drawn(kind: str, nodes: int, tmp_path: Path, image: Any) -> None:
    nothing = ConflictGraph.from_edges(nodes, [], [])
    for coloring in (None, [0] * nodes):
        DRAW[kind](nothing, coloring, tmp_path / "a.png", "")
        image(tmp_path / "a.png")


@pytest.mark.parametrize(("cost", "gain"), [(1e299, 1e299), (1e299, 1e-9), (1e-60, 1e-60)])
@pytest.mark.filterwarnings("error")
def test_weights_of_any_size_have_the_same_colors(
    cost: float, gain: float, tmp_path: Path, image: Any, count: Callable[..., int]
) -> None:
    found = []
    for plus, minus in ((1.0, 1.0), (cost, gain)):
        drawn = graph([], {(0, 1): plus, (1, 2): 0.5 * plus, (2, 3): -minus, (3, 4): -0.5 * minus})
        draw_matrix(drawn, None, tmp_path / "a.png", "")
        found.append([count(image(tmp_path / "a.png"), color) for color in ("#b2182b", "#2166ac")])
    assert found[1] == pytest.approx(found[0], rel=0.1)
    assert min(found[0]) > 1000


@pytest.mark.parametrize("kind", DRAW)
def test_the_same_graph_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    drawn = graph([(0, 1), (2, 3)], {(1, 2): 1.0, (3, 4): -2.0})
    for suffix in (".png", ".svg", ".pdf"):
        for name in "ab":
            DRAW[kind](drawn, [0, 1, 1, 0, 2, 2], tmp_path / f"{name}{suffix}", "$title")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("kind", DRAW)
def test_a_conflict_inside_a_class_is_bright_red(
    kind: str, tmp_path: Path, image: Any, count: Callable[..., int]
) -> None:
    drawn = graph([(0, 1), (2, 3)], {})
    for coloring, red in (([0, 1, 0, 1, 0, 0], False), ([0, 0, 0, 1, 0, 0], True), (None, False)):
        DRAW[kind](drawn, coloring, tmp_path / "a.png", "")
        assert (count(image(tmp_path / "a.png"), BROKEN) > 20) is red


def test_a_lone_conflict_of_many_nodes_is_seen(
    tmp_path: Path, image: Any, count: Callable[..., int]
) -> None:
    pictures = []
    for conflicts in ([], [(100, 2000)]):
        many = ConflictGraph.from_edges(2200, [], [], conflicts=conflicts)
        draw_matrix(many, None, tmp_path / "a.png", "")
        pictures.append((image(tmp_path / "a.png") < 0.8).all(axis=2))
    assert pictures[1].sum() > pictures[0].sum()


def test_costs_are_red_and_gains_blue(
    tmp_path: Path, image: Any, count: Callable[..., int]
) -> None:
    colors = {}
    for name, weight in (("cost", 3.0), ("gain", -3.0)):
        draw_matrix(graph([], {(0, 5): weight}), None, tmp_path / "a.png", "")
        found = image(tmp_path / "a.png")
        colors[name] = [count(found, color) for color in ("#b2182b", "#2166ac")]
    assert colors["cost"][0] > 100 > colors["cost"][1]
    assert colors["gain"][1] > 100 > colors["gain"][0]


def test_gains_are_lines_on_a_circle(tmp_path: Path) -> None:
    for weight, there in ((-1.0, True), (1.0, False)):
        draw_network(graph([], {(0, 5): weight}), None, tmp_path / "a.svg", "")
        assert ("#1b7837" in (tmp_path / "a.svg").read_text()) is there


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    many = ConflictGraph.from_edges(4001, [], [])
    with pytest.raises(InputError, match="4000 at most"):
        draw_matrix(many, None, tmp_path / "a.png", "")
    with pytest.raises(InputError, match="draw its matrix"):
        draw_network(many, None, tmp_path / "a.png", "")


def test_other_files_than_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"written as \.png, \.svg, \.pdf"):
        draw_matrix(queen(3, 3), None, tmp_path / "a.bmp", "")
    with pytest.raises(InputError, match="of 2 nodes, the graph has 9"):
        draw_matrix(queen(3, 3), [0, 1], tmp_path / "a.png", "")
    assert not list(tmp_path.iterdir())


def test_the_largest_class_comes_first() -> None:
    classes = Classes.of_coloring(queen(2, 3), [7, 3, 3, 9, 3, 7])
    assert classes.sizes.tolist() == [3, 2, 1]
    assert classes.order.tolist() == [1, 2, 4, 0, 5, 3]
    assert classes.starts.tolist() == [0, 3, 5, 6]


def test_nodes_alone_are_gray_where_they_are_many() -> None:
    few = Classes.of_coloring(queen(2, 3), [0, 0, 0, 1, 2, 3])
    many = Classes.of_coloring(queen(2, 3), [0, 0, 1, 2, 3, 4])
    assert len(set(few.colors)) == 4
    assert len(many.colors) == 5
    assert len(set(many.colors)) == 2


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["model.layers.0.q", "model.layers.1.q", "model.layers.10.k"], ["0.q", "1.q", "10.k"]),
        (["model.layers.0.q", "model.layers.0.k"], ["0.q", "0.k"]),
        (["a.b"], ["a.b"]),
        (["a", "a.b"], ["a", "a.b"]),
        (["a.b", "a.b.c"], ["b", "b.c"]),
        (["0.1", "0.25", "0.5", "0.75"], ["0.1", "0.25", "0.5", "0.75"]),
        (["10.0.0.1", "10.0.0.12"], ["10.0.0.1", "10.0.0.12"]),
        ([".a", ".b"], [".a", ".b"]),
    ],
)
def test_names_lose_the_path_that_all_have(names: list[str], told: list[str]) -> None:
    assert telling(ConflictGraph.from_edges(len(names), [], [], labels=names)) == told


def test_neighbors_are_close_on_a_path_and_parts_are_apart() -> None:
    path = np.array([(i, i + 1) for i in range(29)] + [(30, 31), (31, 32)], dtype=np.int32)
    places = springs(34, path)
    assert np.isfinite(places).all()
    assert len(np.unique(places.round(6), axis=0)) == 34
    steps = np.linalg.norm(np.diff(places[:30], axis=0), axis=1)
    assert np.linalg.norm(places[0] - places[29]) > 5 * steps.max()
    first, second = places[:30], places[30:33]
    assert (second.min(axis=0) > first.max(axis=0)).any() or (
        second.max(axis=0) < first.min(axis=0)
    ).any()
    assert np.array_equal(places, springs(34, path))


def test_nodes_of_a_circle_are_apart() -> None:
    classes = Classes.of_coloring(queen(3, 3), [0, 0, 0, 0, 1, 1, 2, 2, 2])
    places = circle(classes.of, classes.order)
    assert np.linalg.norm(places, axis=1) == pytest.approx(np.ones(9))
    around = places[classes.order]
    gaps = np.linalg.norm(around - np.roll(around, -1, axis=0), axis=1)
    ends = np.diff(classes.of[classes.order], append=classes.of[classes.order[0]]) != 0
    assert gaps[ends].min() > 1.3 * gaps[~ends].max()
