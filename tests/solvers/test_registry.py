"""Solvers by name: built in, installed, from a module, from a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geocolor.errors import InputError, SolverError
from geocolor.graph import generators
from geocolor.solvers import SOLVERS, SolverInfo, find_solver, installed_solvers, solve

SOLVER = '''
import numpy as np

from geocolor.solvers import SolverInfo

def apart(problem, search):
    """Each node its own class.

    And more about it.
    """
    search.offer(np.arange(problem.graph.num_nodes))

class Made:
    """Made without arguments."""
    kinds = ("coloring", "partition")
    exact = True

    def __call__(self, problem, search):
        apart(problem, search)

class Needs:
    def __init__(self, what):
        pass

    def __call__(self, problem, search):
        pass

class Holder:
    apart = staticmethod(apart)

info = SolverInfo("described", "a line", frozenset({"coloring"}), False, f"{__name__}:apart")
made = SolverInfo("made", "", frozenset({"coloring"}), False, f"{__name__}:Needs", (), {"what": 1})
number = 3
'''
ENTRIES = """
[geocolor.solvers]
plug-apart = geocolor_plug:apart
plug-info = geocolor_plug:info
plug-number = geocolor_plug:number
plug-absent = geocolor_plug:absent
plug-broken = geocolor_plug_broken:solver
plug-exits = geocolor_plug_exits:solver
dsatur = geocolor_plug:apart
"""


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package that offers solvers, good and bad ones."""
    (tmp_path / "geocolor_plug.py").write_text(SOLVER)
    (tmp_path / "geocolor_plug_broken.py").write_text("1 / 0")
    (tmp_path / "geocolor_plug_exits.py").write_text("raise SystemExit(3)")
    metadata = tmp_path / "geocolor_plug-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: geocolor-plug\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.startswith("geocolor_plug")]:
        del sys.modules[name]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(SOLVER)
    return path


def uses(name: str) -> int | None:
    return solve(generators.queen(4, 4), name).num_colors


@pytest.mark.usefixtures("plugged")
def test_an_installed_package_offers_solvers() -> None:
    found = find_solver("plug-apart")
    assert (found.summary, found.kinds, found.exact) == (
        "Each node its own class.",
        {"coloring"},
        False,
    )
    assert found.libraries == ("geocolor-plug",)
    result = solve(generators.queen(4, 4), "plug-apart")
    assert result.num_colors == 16
    assert result.versions["geocolor-plug"] == "1.0"
    assert find_solver("plug-info").name == "described"
    assert uses("plug-info") == 16


@pytest.mark.usefixtures("plugged")
def test_a_broken_package_takes_nothing_with_it() -> None:
    found = installed_solvers()
    assert found.items() >= SOLVERS.items()
    assert found["plug-apart"].kinds == {"coloring"}
    for name, summary in (
        ("plug-broken", "the solver 'plug-broken' cannot be loaded: ZeroDivisionError"),
        ("plug-exits", "the solver 'plug-exits' cannot be loaded: SystemExit"),
        ("plug-absent", "the solver 'plug-absent' cannot be loaded: AttributeError"),
        ("plug-number", "neither a SolverInfo nor callable"),
    ):
        assert summary in found[name].summary
        assert found[name].kinds == frozenset()
        with pytest.raises(InputError, match=summary):
            find_solver(name)


@pytest.mark.usefixtures("plugged")
def test_a_package_cannot_take_the_name_of_one_of_ours() -> None:
    assert find_solver("dsatur") is SOLVERS["dsatur"]
    assert installed_solvers()["dsatur"] is SOLVERS["dsatur"]


@pytest.mark.usefixtures("plugged")
def test_module_and_attribute() -> None:
    assert uses("geocolor_plug:apart") == 16
    assert uses("geocolor_plug:Holder.apart") == 16
    assert uses("geocolor_plug:Made") == 16


def test_file_and_attribute(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert uses(f"{file}:apart") == 16
    assert find_solver(f"{file}:Made").kinds == {"coloring", "partition"}
    assert find_solver(f"{file}:Made").exact
    assert uses(f"{file}:Made") == 16
    monkeypatch.chdir(tmp_path)
    found = find_solver("mine.py:apart")
    monkeypatch.chdir("/")
    assert found.target == f"{file}:apart"  # so that another process finds it from elsewhere
    assert found.load() is find_solver(f"{file}:apart").load()


def test_two_files_of_one_name_are_two_modules(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "mine.py"
    other.parent.mkdir()
    other.write_text(SOLVER.replace("Each node", "Every node"))
    assert find_solver(f"{file}:apart").summary == "Each node its own class."
    assert find_solver(f"{other}:apart").summary == "Every node its own class."


def test_settings_are_arguments(file: Path) -> None:
    solver = find_solver(f"{file}:Needs")
    with pytest.raises(SolverError, match=r"cannot make the solver .*mine\.py:Needs: TypeError"):
        solver.load()
    target = f"{file}:Needs"
    made = SolverInfo("made", "", frozenset({"coloring"}), False, target, (), {"what": 1})
    assert callable(made.load())
    with pytest.raises(SolverError, match="is not callable, so it is no solver"):
        SolverInfo("x", "", frozenset(), False, f"{file}:number").load()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such", "no solver 'no-such'; 'geocolor solvers' lists all, or give module:function"),
        ("", "no solver ''"),
        ("mine.py", "no solver 'mine.py'"),
        ("mine.py:", "no solver 'mine.py:'"),
        (":apart", "no solver ':apart'"),
        ("/absent/mine.py:apart", "no solver file /absent/mine.py"),
        ("{file}:absent", "cannot load the solver .*has no 'absent'"),
        ("{file}:number", "neither a SolverInfo nor callable"),
        ("no_such_module:apart", "cannot load the solver no_such_module:apart: ModuleNotFound"),
        ("{broken}:apart", r"cannot load the solver .*: broken\.py:2: '\(' was never closed$"),
        ("{nul}:apart", r"cannot load the solver .*: nul\.py: .*null bytes$"),
        ("{exits}:apart", "cannot load the solver .*SystemExit"),
    ],
)
def test_what_is_refused(file: Path, tmp_path: Path, name: str, message: str) -> None:
    broken, exits, nul = (tmp_path / f"{stem}.py" for stem in ("broken", "exits", "nul"))
    broken.write_text("\nprint(")
    nul.write_text("\0")
    exits.write_text("import sys; sys.exit()")
    with pytest.raises(InputError, match=message) as caught:
        find_solver(name.format(file=file, broken=broken, exits=exits, nul=nul))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [None, b"auto", 5, len])
def test_a_solver_goes_by_its_name(name: Any) -> None:
    with pytest.raises(InputError, match="a solver goes by its name, not"):
        find_solver(name)


def test_kinds_are_held_to(file: Path) -> None:
    layers = generators.layers(8, seed=0)
    from geocolor.problem import PartitionProblem

    with pytest.raises(InputError, match="does not take partition problems; choose one of auto"):
        solve(PartitionProblem(layers, 3), f"{file}:apart")
