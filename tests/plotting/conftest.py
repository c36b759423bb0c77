"""What the tests of pictures look at."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.units import Side, Unit

Image = np.ndarray


@pytest.fixture(scope="session")
def image() -> Callable[[Path], Image]:
    """Reads a PNG of sane size into an array of colors."""
    matplotlib_image = pytest.importorskip("matplotlib.image")

    def read(path: Path) -> Image:
        assert path.read_bytes().startswith(b"\x89PNG")
        found = matplotlib_image.imread(path)[..., :3]
        height, width, _ = found.shape
        assert 200 < height < 6000
        assert 200 < width < 4000
        return np.asarray(found)

    return read


@pytest.fixture(scope="session")
def count() -> Callable[[Image, str], int]:
    """Counts the pixels of a color."""

    def pixels(image: Image, color: str) -> int:
        rgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        return int((np.abs(image - rgb).max(axis=2) < 0.01).sum())

    return pixels


@pytest.fixture
def small_model() -> tuple[SharingPlan, list[Unit]]:
    """Three layers of four roles, in every form."""
    roles = ("q", "k", "up", "down")
    shapes = {"q": (8, 8), "k": (8, 8), "up": (16, 8), "down": (8, 16)}
    units = [
        Unit(f"l.{layer}.{role}", f"l.*.{role}", layer, shapes[role], Side.READ, "s")
        for layer in range(3)
        for role in roles
    ]
    plan = SharingPlan(
        (
            GroupPlan(("l.0.q", "l.0.k"), "basis", "read", 3),
            GroupPlan(("l.1.q", "l.2.q"), "tied", "read"),
            GroupPlan(("l.1.k", "l.2.k"), "residual", "read", 2),
            GroupPlan(("l.0.up", "l.0.down"), "narrow", "write", 12),
            GroupPlan(("l.1.up",), "basis", "read", 5),
            *(GroupPlan((name,), "dense", "read") for name in ("l.1.down", "l.2.up", "l.2.down")),
        )
    )
    return plan, units
