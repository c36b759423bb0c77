"""What decides what a solver does is in its versions, and nothing else is."""

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import geocolor
from geocolor.bench import machine
from geocolor.bench.machine import build_hash, contender_versions, machine_facts
from geocolor.errors import InputError
from geocolor.solvers import SOLVERS, SolverInfo, find_solver

_OTHER = SolverInfo("other", "", frozenset({"coloring"}), False, "other.py:solve")


def test_facts_are_plain_json_of_this_machine() -> None:
    facts = machine_facts()
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts["memory"] == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 1 <= facts["usable_cores"] <= facts["logical_cores"]
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["build"] == build_hash()
    assert {"numpy", "numba", "joblib"} <= facts["libraries"].keys()


def test_a_fact_that_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_GOVERNOR", "/nonexistent")
    assert machine_facts()["governor"] is None


@pytest.fixture
def package(tmp_path: Path) -> Path:
    source = Path(geocolor.__file__).parent
    return Path(
        shutil.copytree(source, tmp_path / "geocolor", ignore=lambda *_: {"__pycache__", "demo"})
    )


def test_the_build_changes_with_the_solver_side_alone(package: Path) -> None:
    before = machine._hash_of_sources(package)
    assert before == build_hash()  # wherever it lies
    (package / "cli" / "main.py").write_text("")
    (package / "solvers" / "notes.txt").write_text("")
    assert machine._hash_of_sources(package) == before
    seen = {before}
    for change in (
        "errors.py",
        "interrupts.py",
        "graph/jit.py",
        "solvers/cpsat/models.py",
        "bounds/new.py",
    ):
        with (package / change).open("a") as file:
            file.write("# changed\n")
        seen.add(machine._hash_of_sources(package))
    (package / "solvers" / "dsatur.py").rename(package / "solvers" / "dsatur2.py")
    seen.add(machine._hash_of_sources(package))
    assert len(seen) == 7


def test_ours_by_build_and_libraries() -> None:
    found = contender_versions(SOLVERS["cpsat"])
    assert found["build"] == build_hash()
    assert found["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert found.keys() == {"geocolor", "build", "python", "numpy", "ortools", "numba"}
    assert "unknown" not in found.values()


def test_a_file_by_its_contents_not_its_place(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    files = [tmp_path / "a" / "other.py", tmp_path / "b" / "other.py"]
    for file in files:
        file.write_text("def solve(problem, search): ...\n")
    first, second = (
        contender_versions(replace(_OTHER, target=f"{file}:solve", libraries=("rustworkx", "none")))
        for file in files
    )
    assert first == second
    assert first["none"] == "unknown"
    assert first["rustworkx"] == machine._version("rustworkx")
    files[0].write_text("def solve(problem, search): pass\n")
    assert contender_versions(replace(_OTHER, target=f"{files[0]}:solve")) != first


def test_a_module_by_its_file_without_running_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bench_machine_module.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    info = replace(_OTHER, target="bench_machine_module:solve")
    before = contender_versions(info)
    (tmp_path / "bench_machine_module.py").write_text("raise SystemExit('again')\n")
    after = contender_versions(info)
    assert {name for name in after if after[name] != before[name]} == {"module"}


def test_a_command_by_its_program_and_its_scripts(tmp_path: Path) -> None:
    program, script = tmp_path / "program", tmp_path / "script.py"
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    script.write_text("print(1)\n")
    command = [str(program), "--fast", str(script), "{input}"]
    info = replace(_OTHER, target="geocolor.solvers:solve", settings={"command": command})
    first = contender_versions(info)
    assert {"command[0]", "command[2]"} == {name for name in first if name.startswith("command")}
    program.write_text("#!/bin/sh\nexit\n")
    second = contender_versions(info)
    script.write_text("print(2)\n")
    third = contender_versions(info)
    assert [name for name in first if first[name] != second[name]] == ["command[0]"]
    assert [name for name in first if second[name] != third[name]] == ["command[2]"]


@pytest.mark.parametrize(
    ("info", "match"),
    [
        (replace(_OTHER, target="/nonexistent/x.py:solve"), r"cannot read /nonexistent/x\.py"),
        (replace(_OTHER, target="no_such_module.x:solve"), r"no file of the module 'no_such_"),
        (replace(_OTHER, target="sys:solve"), r"no file of the module 'sys'"),
        (
            replace(_OTHER, target="geocolor:x", settings={"command": ["no-such-program"]}),
            r"solver 'other': there is no program 'no-such-program'",
        ),
    ],
)
def test_what_is_not_there_is_a_clear_error(info: SolverInfo, match: str) -> None:
    with pytest.raises(InputError, match=match):
        contender_versions(info)


def test_light_to_import() -> None:
    script = "import sys, geocolor.bench.machine; print({'joblib', 'torch'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_a_file_is_another_solver_when_a_neighbour_it_imports_changes(tmp_path):
    (tmp_path / "mine.py").write_text("def solve(problem, search):\n    import first\n")
    (tmp_path / "first.py").write_text("from second import x\n")
    (tmp_path / "second.py").write_text("import first\nx = 1\n")
    (tmp_path / "other.py").write_text("")
    before = contender_versions(find_solver(f"{tmp_path}/mine.py:solve"))
    assert {"module first.py", "module second.py"} < set(before)
    (tmp_path / "other.py").write_text("y = 1\n")
    assert contender_versions(find_solver(f"{tmp_path}/mine.py:solve")) == before
    (tmp_path / "second.py").write_text("x = 2\n")
    assert contender_versions(find_solver(f"{tmp_path}/mine.py:solve")) != before


def test_a_file_is_another_solver_when_a_package_beside_it_changes(tmp_path):
    def versions():
        return contender_versions(find_solver(f"{tmp_path}/mine.py:solve"))

    for folder in ("helper/deep", "unused", "geocolor"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "mine.py").write_text("def solve(problem, search):\n    from helper import x\n")
    (tmp_path / "helper" / "__init__.py").write_text("from .deep.part import x\n")
    (tmp_path / "helper" / "deep" / "part.py").write_text("import beside\nx = 1\n")
    (tmp_path / "beside.py").write_text("import geocolor.graph\n")
    (tmp_path / "geocolor" / "__init__.py").write_text("")  # a checkout: its build says it all
    (tmp_path / "unused" / "__init__.py").write_text("")
    before = versions()
    assert {name for name in before if name.startswith("module ")} == {
        *("module helper/__init__.py", "module helper/deep/part.py", "module beside.py")
    }
    (tmp_path / "unused" / "__init__.py").write_text("y = 1\n")
    assert versions() == before
    (tmp_path / "helper" / "deep" / "part.py").write_text("import beside\nx = 2\n")
    assert versions() != before
