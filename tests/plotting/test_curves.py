"""Pictures of points: frontiers, and predicted against measured."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geocolor.compression.prediction import PredictionFit
from geocolor.plotting.frontier import FrontierPoint, draw_frontier
from geocolor.plotting.prediction import draw_prediction

pytest.importorskip("matplotlib")

CHOSEN = "#e8a33d"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The axes of what is drawn."""
    found: list[Any] = []

    def keep(figure: Any, _: Path) -> None:
        figure.canvas.draw()
        found.append(figure.axes[0])

    for picture in ("frontier", "prediction"):
        monkeypatch.setattr(f"geocolor.plotting.{picture}.save_picture", keep)
    return found


@pytest.fixture
def fit() -> PredictionFit:
    return PredictionFit((0.01, 0.1, 0.3, 1.0), (0.02, 0.2, 0.5, 1.5))


def require_key_apart(axes: Any) -> None:
    key = axes.get_legend().get_window_extent()
    labels = axes.xaxis.get_tightbbox()
    assert not key.overlaps(axes.get_window_extent())
    assert not key.overlaps(labels)


def told(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_the_key_of_a_frontier_stands_apart_from_its_points(drawn: list[Any]) -> None:
    points = [FrontierPoint(10, 2.0, 1.5, False), FrontierPoint(20, 1.0, 1.0, True)]
    draw_frontier(points, "a.png", "title")
    require_key_apart(drawn[0])
    assert told(drawn[0]) == ["proven optimal", "best found", "no choice costs less"]


@pytest.mark.parametrize(
    ("infeasible", "message"),
    [
        ((), "no choice was found"),
        ((2500, 90), "infeasible: every choice has more than 2,500 parameters"),
    ],
)
def test_a_frontier_without_points_says_why(
    drawn: list[Any], infeasible: tuple[int, ...], message: str
) -> None:
    draw_frontier([], "a.png", "title", infeasible=infeasible)
    (axes,) = drawn
    assert [text.get_text() for text in axes.texts] == [message]


def test_the_plan_chosen_is_among_the_random_ones(drawn: list[Any], fit: PredictionFit) -> None:
    draw_prediction(fit, "a.png", "title", chosen=(5.0, 6.0))
    (axes,) = drawn
    require_key_apart(axes)
    assert told(axes)[-2:] == ["random plans", "the plan chosen"]
    (mark,) = [line for line in axes.lines if line.get_color() == CHOSEN]
    assert (list(mark.get_xdata()), list(mark.get_ydata())) == ([5.0], [6.0])
    law = axes.lines[0].get_xdata()
    assert law[0] < 0.01
    assert law[-1] > 5.0


@pytest.mark.parametrize("chosen", [None, (0.0, 0.1), (0.1, -0.1)])
def test_what_has_no_place_on_logarithmic_axes_is_not_marked(
    drawn: list[Any], fit: PredictionFit, chosen: tuple[float, float] | None
) -> None:
    draw_prediction(fit, "a.png", "title", chosen=chosen)
    assert told(drawn[0])[-1] == "random plans"


def test_the_plan_chosen_is_orange_in_the_file(
    fit: PredictionFit, tmp_path: Path, image: Any, count: Callable[..., int]
) -> None:
    for name, chosen in (("with", (0.5, 0.6)), ("without", None)):
        draw_prediction(fit, tmp_path / f"{name}.png", "title", chosen=chosen)
    assert count(image(tmp_path / "with.png"), CHOSEN) > 100
    assert count(image(tmp_path / "without.png"), CHOSEN) == 0
