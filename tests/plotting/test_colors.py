"""Colors of classes, by their distances as people see them."""

from itertools import combinations
from math import dist

import pytest

from geocolor.plotting.colors import ALONE, DENSE, NARROW, PRIVATE, class_colors

ELEVEN = [
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7",
    "#9c755f", "#a0cbe8", "#ffbe7d",
]  # fmt: skip


def lab(color: str) -> tuple[float, float, float]:
    """CIE Lab under D65, by the textbook."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else 841 / 108 * t + 4 / 29 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def closest(colors: list[str]) -> float:
    return min(dist(one, other) for one, other in combinations(map(lab, colors), 2))


def test_distances_are_those_of_lab() -> None:
    assert lab("#ffffff") == pytest.approx((100, 0, 0), abs=0.02)
    assert lab("#ff0000") == pytest.approx((53.24, 80.09, 67.20), abs=0.02)
    assert closest(["#76b7b2", "#86bcb6"]) == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(("count", "least"), [(24, 20), (64, 18), (256, 10)])
def test_colors_are_told_apart(count: int, least: float) -> None:
    colors = class_colors(count)
    assert closest(colors) > least


def test_no_class_looks_like_what_shares_nothing() -> None:
    for plain in map(lab, (ALONE, DENSE, NARROW, PRIVATE)):
        assert min(dist(plain, lab(color)) for color in class_colors(64)) > 18


def test_more_classes_change_no_color() -> None:
    colors = class_colors(60)
    for count in (0, 1, 11, 12, 40):
        assert class_colors(count) == colors[:count]
    assert colors[:11] == ELEVEN  # as in the pictures of the documentation


def test_colors_repeat_when_there_are_no_more() -> None:
    colors = class_colors(2600)
    distinct = len(set(colors))
    assert distinct > 2000
    assert colors[distinct:] == colors[: 2600 - distinct]
