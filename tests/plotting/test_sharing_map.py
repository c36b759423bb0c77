from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geocolor.plotting import draw_sharing_map
from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.units import Side, Unit

matplotlib_image = pytest.importorskip("matplotlib.image")


def unit(layer: int, ending: str) -> Unit:
    role = f"layer.*.{ending}"
    return Unit(role.replace("*", str(layer)), role, layer, (4, 4), Side.READ, "residual 4")


def pixels(path: Path) -> np.ndarray:
    return np.unique(matplotlib_image.imread(path)[..., :3].reshape(-1, 3), axis=0)


def blue(path: Path) -> int:
    """Count the pixels in the color of the first class."""
    image = matplotlib_image.imread(path)[..., :3]
    return int((np.abs(image - np.array([78, 121, 167]) / 255).max(axis=2) < 0.01).sum())


def near(colors: np.ndarray, wanted: str) -> bool:
    rgb = np.array([int(wanted[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return bool((np.abs(colors - rgb).max(axis=1) < 0.01).any())


def test_shared_classes_have_colors_of_their_own(tmp_path: Path) -> None:
    units = [unit(layer, "query") for layer in range(4)]
    names = [u.name for u in units]
    plan = SharingPlan(
        (
            GroupPlan((names[0], names[1]), "basis", "read", 2),
            GroupPlan((names[2], names[3]), "tied", "read"),
        )
    )
    draw_sharing_map(plan, units, tmp_path / "a.png", "two classes")
    colors = pixels(tmp_path / "a.png")
    assert near(colors, "#4e79a7")
    assert near(colors, "#f28e2b")
    assert not near(colors, "#59a14f")


def test_one_class_of_dense_units_is_not_sharing(tmp_path: Path) -> None:
    units = [unit(layer, "query") for layer in range(2)]
    plan = SharingPlan((GroupPlan(tuple(u.name for u in units), "dense", "read"),))
    draw_sharing_map(plan, units, tmp_path / "a.png", "dense")
    # The one patch in the first color is the legend's; with a shared class the cells add to it.
    shared = SharingPlan((GroupPlan(tuple(u.name for u in units), "basis", "read", 2),))
    draw_sharing_map(shared, units, tmp_path / "b.png", "shared")
    assert blue(tmp_path / "b.png") > 3 * blue(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("form", "rank", "mark", "told"),
    [
        ("basis", 2, "2", []),
        ("tied", 0, "=", ["one matrix for several layers"]),
        ("residual", 2, "=+2", ["one matrix for several layers, and a difference of this rank"]),
    ],
)
def test_the_key_tells_what_marks_say(
    form: str, rank: int, mark: str, told: list[str], tmp_path: Path, monkeypatch: Any
) -> None:
    figures: list[Any] = []
    monkeypatch.setattr(
        "geocolor.plotting.sharing_map.save_picture", lambda figure, _: figures.append(figure)
    )
    units = [unit(layer, "query") for layer in range(2)]
    plan = SharingPlan((GroupPlan(tuple(u.name for u in units), form, "read", rank),))
    draw_sharing_map(plan, units, tmp_path / "a.png", "title")
    (axes,) = figures[0].axes
    assert [text.get_text() for text in axes.texts] == [mark, mark]
    assert [text.get_text() for text in axes.get_legend().get_texts()][4:] == told


def test_roles_of_one_short_name_are_told_apart() -> None:
    from geocolor.plotting.sharing_grid import _short as _role_names

    roles = ["layer.*.attention.output.dense", "layer.*.output.dense", "layer.*.query"]
    names = _role_names(roles)
    assert names["layer.*.attention.output.dense"] == "attention.output"
    assert len(set(names.values())) == 3


def test_models_have_rows_of_their_own(tmp_path: Path) -> None:
    units = [replace(unit(0, "query"), name=f"{at}.query", model=at) for at in range(3)]
    plan = SharingPlan((GroupPlan(tuple(u.name for u in units), "residual", "read", 4),))
    draw_sharing_map(plan, units, tmp_path / "several.png", "three models")
    draw_sharing_map(plan, [units[0]], tmp_path / "one.png", "one model")
    assert blue(tmp_path / "several.png") > 1.5 * blue(tmp_path / "one.png")
