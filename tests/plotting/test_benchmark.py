import json
import math
from itertools import combinations, pairwise

import numpy as np
import pytest

from geocolor.plotting.benchmark import (
    draw_anytime,
    draw_cactus,
    draw_profile,
    draw_trace_axes,
    solver_looks,
)

LOOKS = solver_looks(["a", "b"])


def test_28_solvers_look_different_and_neighbours_differ_twice() -> None:
    looks = list(solver_looks([str(i) for i in range(28)]).values())
    for one, other in combinations(looks, 2):
        assert (one["color"], one["dash"]) != (other["color"], other["dash"])
    for one, other in pairwise(looks):
        assert one["color"] != other["color"]
        assert one["dash"] != other["dash"]


def test_a_profile_keeps_its_last_share_to_the_edge() -> None:
    figure = draw_profile([1.0, 4.0], {"a": [0.5, 1.0], "b": [0.0, 0.25]}, LOOKS)
    a, b = figure.data
    assert (a.x, a.y) == ((1.0, 4.0, 4.4), (0.5, 1.0, 1.0))
    assert b.y == (0.0, 0.25, 0.25)
    assert a.line.shape == "hv"
    assert (a.line.color, b.line.dash) == (LOOKS["a"]["color"], LOOKS["b"]["dash"])
    assert figure.layout.xaxis.range[1] == pytest.approx(math.log10(4.4))
    assert figure.layout.xaxis.ticktext == ("1x", "2x")


def test_a_profile_where_nobody_succeeds_lies_at_the_foot() -> None:
    (a,) = draw_profile([1.0], {"a": [0.0]}, LOOKS).data
    assert (a.x, a.y) == ((1.0, 2.0), (0.0, 0.0))


def test_a_cactus_counts_up_and_holds_to_the_end() -> None:
    figure = draw_cactus({"a": [0.25, 2.0], "b": []}, 3, 10.0, LOOKS)
    a, b = figure.data
    assert (a.x, a.y) == ((0.1, 0.25, 2.0, 10.0), (0, 1, 2, 2))
    assert (b.x, b.y) == ((0.1, 10.0), (0, 0))
    assert figure.layout.xaxis.ticktext == ("0.1 s", "1 s", "10 s")


def test_a_cactus_shows_answers_from_the_grace() -> None:
    (a,) = draw_cactus({"a": [10.5]}, 1, 10.0, LOOKS).data
    assert a.x[-1] == 10.5


def test_anytime_gaps_of_zero_lie_at_the_foot_of_the_axis() -> None:
    times = [0.01, 0.1, 1.0]
    gaps = {"a": [1.0, 0.05, 0.0], "b": [1.0, 1.0, 1.0]}
    band = (np.array([1.0, 0.02, 0.0]), np.array([1.0, 0.08, 0.01]))
    figure = draw_anytime(times, gaps, {"a": band}, LOOKS)
    shade, a, b = figure.data
    assert a.y == (1.0, 0.05, 0.01)
    assert a.customdata == (1.0, 0.05, 0.0)  # what the reader is told stays true
    assert b.y == (1.0, 1.0, 1.0)
    assert min(shade.y) == 0.01
    assert (shade.legendgroup, shade.fill) == ("a", "toself")
    assert figure.layout.yaxis.ticktext[0].startswith("≤")


def test_anytime_gaps_too_small_to_matter_do_not_stretch_the_axis() -> None:
    figure = draw_anytime([0.1, 1.0], {"a": [1.0, 1e-9]}, {}, LOOKS)
    assert min(figure.data[0].y) == 1e-4


def test_names_are_no_markup() -> None:
    name = "<b>bold</b> & co"
    figure = draw_cactus({name: [1.0]}, 1, 10.0, solver_looks([name]))
    assert figure.data[0].name == "&lt;b&gt;bold&lt;/b&gt; &amp; co"
    assert figure.data[0].legendgroup == name


def test_axes_for_traces_are_empty_and_end_at_the_limit() -> None:
    figure = draw_trace_axes(60.0, "classes")
    assert not figure.data
    assert figure.layout.xaxis.range[1] == pytest.approx(math.log10(60))
    assert figure.layout.xaxis.ticktext[-1] == "1 min"
    assert figure.layout.yaxis.title.text == "classes"


def test_figures_bring_no_theme_of_their_own() -> None:
    layout = json.loads(draw_trace_axes(1.0, "classes").to_json())["layout"]
    assert layout["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert "font" not in layout
    assert not layout["template"].get("layout")
