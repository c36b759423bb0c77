from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geocolor.graph import SharingOptions
from geocolor.io import read_options
from geocolor.io.sharing_options import write_options

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def options(tmp_path: Path) -> Path:
    path = tmp_path / "options.json.gz"
    groups = [["q"], ["q"], ["k"], ["k"], ["q", "k"]]
    costs, sizes = [0.0, 1.0, 0.0, 2.0, 0.5], [10, 4, 10, 4, 10]
    forms = ["dense", "rank 2", "dense", "rank 2", "tied"]
    write_options(SharingOptions(["q", "k"], groups, costs, sizes, forms), path)
    return path


@pytest.fixture
def frontier(run, options: Path, tmp_path: Path) -> Path:
    path = tmp_path / "frontier.json"
    assert (
        run("frontier", options, "--points", 3, "--budget", 3, "--budget", 15, "-o", path).code == 0
    )
    return path


def test_what_frontier_wrote_holds(run, options: Path, frontier: Path) -> None:
    done = run("check", options, frontier)
    assert (done.code, done.err) == (0, "")
    first, second = done.out.splitlines()[:2]
    assert first == "valid: 1 choice holds and costs what it says"
    assert second.startswith("certified: 1 bound by prices")


def test_certified_bounds_for_machines(run, options: Path, frontier: Path) -> None:
    found = run("check", options, frontier, "--json").json()
    assert found["valid"]
    none, tied = found["points"]
    assert (none["budget"], none["cost"]) == (3, None)
    assert (tied["budget"], tied["cost"]) == (15, 0.5)
    assert (none["status"], tied["status"]) == ("INFEASIBLE", "OPTIMAL")
    # Sizes are even, so 14: both dense take 20, tied 10, and six tenths of the way cost so much.
    assert tied["certified_bound"] == pytest.approx(0.3)


def test_what_rests_on_the_solver_is_said(run, options: Path, frontier: Path) -> None:
    optimal, none = (
        line.removeprefix("not recomputed: ")
        for line in run("check", options, frontier).out.splitlines()[2:]
    )
    assert optimal.startswith("that 1 of them is optimal")
    assert none.startswith("that 1 budget is too small for any choice")
    told = run("check", options, frontier, "--json").json()
    assert told["not_recomputed"] == [optimal, none]


def test_nothing_but_budgets_too_small(run, options: Path, tmp_path: Path) -> None:
    out = tmp_path / "none.json"
    assert run("frontier", options, "--budget", 3, "-o", out).code == 0
    told = run("check", options, out, "--json").json()
    assert [point["status"] for point in told["points"]] == ["INFEASIBLE"]
    (caveat,) = told["not_recomputed"]
    assert caveat.endswith("rests on the solver's search")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda point: point.update(cost=0.25), "it claims the cost 0.25, the choice has 0.5"),
        (lambda point: point.update(parameters=9), "the number of parameters 9, the choice has 10"),
        (lambda point: point.update(budget=9), "10 parameters, the budget is 9"),
        (lambda point: point.update(budget=-9), "the budget -9 is negative"),
        (lambda point: point["chosen"].pop(), "the unit q is in no option chosen"),
        (lambda point: point["chosen"][0].update(option=5), "there is no option 5"),
        (lambda point: point["chosen"].append({"option": 0}), "the unit q is in options 4 and 0"),
        (lambda point: point["certificate"]["unit_prices"].pop(), "1 prices for 2 units"),
        (
            lambda point: point["certificate"].update(unit_prices=[1 << 60, 1 << 61]),
            "costs less than its units' prices say",
        ),
        (
            lambda point: point["certificate"].update(unit_prices=[1 << 61, 1 << 61]),
            "too large to be added up exactly",
        ),
        (
            lambda point: point["certificate"].update(unit_prices=[1 << 99, 0]),
            "too large to be added up exactly",
        ),
        (lambda point: point["certificate"].update(size_price=-1), "must not be negative"),
        (lambda point: point["certificate"].update(size_price=0), "costs less than its units'"),
        (lambda point: point["certificate"].update(grain=1), "counts in other steps"),
        (lambda point: point.update(lower_bound=0.6), "nothing costs less than 0.6; a choice in"),
        (lambda point: point.update(status="INFEASIBLE"), "nothing fits, and a choice does"),
    ],
)
def test_what_does_not_hold_is_told(
    change: Change, message: str, run, options: Path, frontier: Path
) -> None:
    saved = json.loads(frontier.read_text())
    change(saved["points"][1])
    frontier.write_text(json.dumps(saved))
    done = run("check", options, frontier)
    assert done.code == 1
    assert message in done.error()
    machines = run("check", options, frontier, "--json")
    assert (machines.code, machines.err) == (1, done.err)
    assert machines.json() == {"valid": False, "reason": done.error()}


def test_other_options_are_told(run, options: Path, frontier: Path, tmp_path: Path) -> None:
    found = read_options(options)
    other = SharingOptions(found.units, found.groups, found.costs + 1.0, found.sizes, found.forms)
    write_options(other, tmp_path / "other.json")
    done = run("check", tmp_path / "other.json", frontier)
    assert done.code == 1
    assert "made for other options" in done.error()


def test_a_budget_alone_is_solved_and_checked(run, options: Path, tmp_path: Path) -> None:
    out = tmp_path / "sharing.json"
    done = run("solve", options, "--budget", 15, "-o", out)
    assert done.code == 0
    lines = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert lines["status"] == "OPTIMAL (completed)"
    assert lines["parameters"] == "10 of 15"
    assert lines["groups"] == "1, 1 of several units"
    assert run("check", options, out).code == 0
    record = run("solve", options, "--budget", 15, "--json").json()
    assert record["points"][0]["chosen"][0]["form"] == "tied"


def test_who_shares_with_whom_as_a_table(run, options: Path, tmp_path: Path) -> None:
    out = tmp_path / "sharing.csv"
    assert run("solve", options, "--budget", 14, "-o", out).code == 0
    assert out.read_text() == "unit,option,form\nq,4,tied\nk,4,tied\n"


def test_nothing_that_small(run, options: Path) -> None:
    done = run("solve", options, "--budget", 7)
    assert (done.code, done.out.splitlines()[0]) == (0, "status     INFEASIBLE (completed)")


def test_what_does_not_go_together(run, options: Path, tmp_path: Path) -> None:
    for asked, message in (
        (("--budget", 9, "-k", 3), "--colors is for graphs, and --budget for sharing options"),
        (("--budget", 9, "--solver", "cpsat"), "--solver is for graphs"),
        (("--budget", 9, "-o", tmp_path / "a.sol"), "write .csv or .json"),
        (("--budget", -1), "must not be negative"),
        ((), "for geocolor solve --budget and geocolor frontier"),
    ):
        done = run("solve", options, *asked)
        assert done.code == 2
        assert message in done.error()


def test_options_are_not_written_over(run, options: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.json"
    write_options(read_options(options), plain)
    before = plain.read_bytes()
    for command in (("solve", plain, "--budget", 15), ("frontier", plain)):
        done = run(*command, "-o", plain)
        assert done.code == 2
        assert "is another file of this call" in done.error()
    assert plain.read_bytes() == before


def test_what_is_asked_of_graphs_is_refused(run, options: Path, frontier: Path) -> None:
    for asked in (("-k", 3), ("--equitable",), ("--capacity", 4)):
        done = run("check", options, frontier, *asked)
        assert done.code == 2
        assert "what is asked of graphs does not apply" in done.error()


def test_a_graph_has_no_budget(run, queen5: Path) -> None:
    done = run("solve", queen5, "--budget", 9)
    assert done.code == 2
    assert "options are JSON, as geocolor graph --options writes it" in done.error()


def test_what_there_is_to_choose_from(run, options: Path) -> None:
    found = run("info", options, "--json").json()
    assert (found["units"], found["options"], found["groups"]) == (2, 5, 3)
    assert (found["of_several_units"], found["largest_group"]) == (1, 2)
    assert found["forms"] == "dense, rank, tied"
    assert found["fingerprint"] == read_options(options).fingerprint
    assert (found["min_option_parameters"], found["max_option_parameters"]) == (4, 10)
    assert "\nmin option parameters 4\n" in run("info", options).out


def test_names_with_line_ends_come_back(run, tmp_path: Path) -> None:
    file = tmp_path / "options.json"
    option = [[0], "dense", 0.0, 4]
    said = {"format": "geocolor.options", "version": 1, "units": ["a\rb"], "options": [option]}
    file.write_text(json.dumps(said))
    out = tmp_path / "out.csv"
    assert run("solve", file, "--budget", 4, "-o", out).code == 0
    with out.open(newline="") as table:
        assert list(csv.reader(table))[1] == ["a\rb", "0", "dense"]
