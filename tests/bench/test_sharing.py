"""Budgeted sharing by every solver, on saved options."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geocolor.bench import sharing
from geocolor.bench.sharing import measure_sharing, own_options, whole_size
from geocolor.errors import WrongAnswerError
from geocolor.graph import SharingOptions
from geocolor.io import write_options
from geocolor.problem import BudgetedSharingProblem
from geocolor.solvers.budgeted import SharingResult


@pytest.fixture
def options(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    groups = [(unit,) for unit in range(8) for _ in range(4)]
    groups += [(unit, unit + 1) for unit in range(7) for _ in range(3)]
    sizes = rng.integers(1, 50, size=len(groups))
    costs = rng.random(len(groups)) * (60 - sizes)
    path = tmp_path / "mine.json.gz"
    write_options(SharingOptions("abcdefgh", groups, costs, sizes), path)
    return path


def test_a_unit_alone_in_its_largest_form_is_whole() -> None:
    options = SharingOptions("ab", [[0], [0], [1], [0, 1]], [1, 2, 3, 4], [5, 7, 2, 90])
    assert whole_size(options) == 9


def test_all_solvers_agree(options: Path) -> None:
    solvers = ("ours", "highs", "cpsat")
    runs = list(measure_sharing([options], [0.9, 0.5], solvers, time_limit=60, threads=2))
    assert [(run.keep, run.solver) for run in runs] == [(k, s) for k in (0.9, 0.5) for s in solvers]
    for run in runs:
        assert (run.instance, run.status) == ("mine", "OPTIMAL")
        same = next(other for other in runs if other.keep == run.keep)
        assert run.cost == pytest.approx(same.cost, rel=1e-6)
        assert run.seconds > 0


def test_solvers_that_disagree_are_told(options: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dearer(problem: BudgetedSharingProblem, limit: float, threads: int) -> SharingResult:
        less = BudgetedSharingProblem(problem.options, problem.budget * 9 // 10)
        return sharing.SHARING_SOLVERS["ours"](less, limit, threads)

    solvers = {**sharing.SHARING_SOLVERS, "dearer": dearer}
    monkeypatch.setattr("geocolor.bench.sharing.SHARING_SOLVERS", solvers)
    with pytest.raises(WrongAnswerError, match=r"mine.json.gz at 0.5: dearer calls .* the least"):
        list(measure_sharing([options], [0.5], ["ours", "dearer"], time_limit=60, threads=1))


def test_ours_come_with_the_package() -> None:
    assert [path.name for path in own_options()] == [
        "minilm_keep0.6.json.gz",
        "smollm2_keep0.6.json.gz",
    ]
