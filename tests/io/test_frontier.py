from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geocolor.errors import FormatError
from geocolor.io import read_frontier
from geocolor.io.frontier import SavedCertificate, SavedPoint


def point(**change: Any) -> dict[str, Any]:
    certificate = {"unit_prices": [1, 2], "size_price": 3, "step": 0.5, "grain": 4}
    whole = {
        "budget": 12,
        "status": "OPTIMAL",
        "cost": 0.5,
        "parameters": 10,
        "lower_bound": 0.5,
        "gap": 0.0,
        "chosen": [{"option": 4, "units": ["q", "k"]}],
        "certificate": certificate,
    }
    return {**whole, **change}


def saved(tmp_path: Path, **change: Any) -> Path:
    path = tmp_path / "frontier.json"
    whole = {"format": "geocolor.frontier", "version": 1, "options_hash": "a", "points": [point()]}
    path.write_text(json.dumps({**whole, **change}))
    return path


def test_what_a_file_says(tmp_path: Path) -> None:
    found = read_frontier(saved(tmp_path))
    assert found.options_hash == "a"
    certificate = SavedCertificate((1, 2), 3, 0.5, 4)
    assert found.points == (SavedPoint(12, "OPTIMAL", (4,), 10, 0.5, 0.5, 0.0, certificate),)


def test_what_may_be_left_out(tmp_path: Path) -> None:
    bare = {"budget": 3, "status": "INFEASIBLE"}
    found = read_frontier(saved(tmp_path, options_hash=None, points=[bare]))
    assert found.options_hash is None
    assert found.points == (SavedPoint(3, "INFEASIBLE", None, None, None, None, None, None),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "geocolor.graph"}, "another kind of file"),
        ({"version": 2}, "a newer one may help"),
        ({"options_hash": 3}, "options_hash must be a string"),
        ({"points": {}}, "points must be a list"),
        ({"points": [3]}, r"points\[0\] must be an object"),
        ({"points": [point(budget=1.5)]}, r"points\[0\].budget must be a whole number, not 1.5"),
        ({"points": [point(budget=True)]}, "budget must be a whole number, not True"),
        ({"points": [point(status=None)]}, "status must be a string"),
        ({"points": [point(cost="1")]}, "cost must be a finite number, or null"),
        ({"points": [point(gap=float("nan"))]}, "gap must be a finite number, or null"),
        ({"points": [point(parameters=1.5)]}, "parameters must be a whole number"),
        ({"points": [point(chosen=[3])]}, "chosen must be a list of objects, or null"),
        ({"points": [point(chosen=[{}])]}, r"chosen\[0\].option must be a whole number, not None"),
        ({"points": [point(certificate=3)]}, "certificate must be an object, or null"),
        ({"points": [point(certificate={})]}, "unit_prices must be a list of whole numbers"),
        (
            {"points": [point(certificate={"unit_prices": [], "step": 0})]},
            "step must be a positive number",
        ),
        (
            {"points": [point(certificate={"unit_prices": [], "step": 10**400})]},
            "step must be a positive number",
        ),
        ({"points": [point(budget=10**400)]}, r"points\[0\].budget must be a whole number"),
        (
            {"points": [point(certificate={"unit_prices": [], "step": 1, "size_price": "1"})]},
            "size_price must be a whole number",
        ),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_frontier(saved(tmp_path, **change))
