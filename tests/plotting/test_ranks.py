"""What rank each layer needs and has."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from geocolor.errors import InputError
from geocolor.plotting import draw_sharing_map
from geocolor.plotting.rank_panels import rank_panels
from geocolor.plotting.ranks import draw_ranks
from geocolor.plotting.sharing_grid import sharing_grid
from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.units import Side, Unit

pytest.importorskip("matplotlib")


def test_marks_stand_at_the_share_of_full_rank(
    small_model: tuple[SharingPlan, list[Unit]],
) -> None:
    panels = rank_panels(sharing_grid(*small_model), {"l.0.q": (1, 2, 4)})
    shares = {bar.cell.unit.name: bar.cell.share for panel in panels for bar in panel.bars}
    assert shares["l.0.q"] == 3 / 8
    assert shares["l.1.q"] == shares["l.2.down"] == 1.0  # tied and dense: all of it
    assert shares["l.1.k"] == 2 / 8
    assert shares["l.0.up"] == shares["l.0.down"] == 12 / 16  # of the hidden units
    assert panels[0].bars[0].needed == (1 / 8, 2 / 8, 4 / 8)
    assert panels[0].bars[1].needed == ()
    assert [panel.title for panel in panels] == [
        "q, 8 x 8",
        "k, 8 x 8",
        "up, 16 x 8",
        "down, 8 x 16",
    ]


def test_roles_of_one_layer_stand_together() -> None:
    units = [Unit(n, n, 0, (4, 4), Side.READ, "s") for n in ("a", "b")]
    plan = SharingPlan(tuple(GroupPlan((n,), "dense", "read") for n in ("a", "b")))
    (panel,) = rank_panels(sharing_grid(plan, units), {})
    assert [bar.label for bar in panel.bars] == ["a", "b"]


def test_experts_of_a_layer_have_a_row_each() -> None:
    units = [
        Unit(f"l.{layer}.e.{expert}.w", "l.*.e.*.w", layer, (4, 4), Side.READ, "s")
        for layer in range(2)
        for expert in range(3)
    ]
    plan = SharingPlan(tuple(GroupPlan((u.name,), "dense", "read") for u in units))
    grid = sharing_grid(plan, units)
    assert [name for name, _ in grid.rows] == ["w 0", "w 1", "w 2"]
    assert all(cell is not None for _, cells in grid.rows for cell in cells)


def test_the_key_says_what_colors_are(
    small_model: tuple[SharingPlan, list[Unit]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[list[str]] = []

    def keep(figure: Any, _: Path) -> None:
        keys.append([text.get_text() for text in figure.legends[0].get_texts()])

    monkeypatch.setattr("geocolor.plotting.ranks.save_picture", keep)
    plan, units = small_model
    draw_ranks(plan, units, {}, tmp_path / "a.png", "title")
    alone = SharingPlan(tuple(GroupPlan((unit.name,), "dense", "read") for unit in units))
    draw_ranks(alone, units, {}, tmp_path / "a.png", "title")
    assert keys[0][-1] == "one color, one class: 3 classes share, 6 matrices"
    assert keys[1] == ["dense"]


def test_a_unit_that_the_plan_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match="what becomes of a"):
        sharing_grid(SharingPlan(()), [Unit("a", "a", 0, (4, 4), Side.READ, "s")])


@pytest.mark.parametrize("known", [True, False])
def test_ranks_are_drawn(
    known: bool,
    small_model: tuple[SharingPlan, list[Unit]],
    tmp_path: Path,
    image: Any,
    count: Callable[..., int],
) -> None:
    plan, units = small_model
    needed = {unit.name: (2, 4, 6) for unit in units} if known else {}
    for name in "ab":
        draw_ranks(plan, units, needed, tmp_path / f"{name}.png", "$title")
    found = image(tmp_path / "a.png")
    assert (count(found, "#6f8fae") > 500) is known
    assert count(found, "#4e79a7") > 20  # the first class that shares
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_signs_that_no_font_has_are_no_warning(
    suffix: str, small_model: tuple[SharingPlan, list[Unit]], tmp_path: Path
) -> None:
    plan, units = small_model
    units = [replace(unit, role=f"{unit.role}\u5c64") for unit in units]
    draw_ranks(plan, units, {}, tmp_path / f"a{suffix}", "\u6a21\u578b")
    draw_sharing_map(plan, units, tmp_path / f"b{suffix}", "\u6a21\u578b")
