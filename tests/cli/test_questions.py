"""``geocolor solve`` and ``check`` with fixed colors, lists, even classes and a start."""

import json
from pathlib import Path

import numpy as np
import pytest

from geocolor import read, write
from geocolor.cli.options import ask
from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.io import read_solution
from geocolor.problem import Coloring, ColoringProblem, EquitableColoringProblem
from geocolor.solvers.greedy import greedy_coloring


@pytest.fixture
def fixed(tmp_path: Path) -> Path:
    path = tmp_path / "fixed.txt"
    path.write_text("# two corners\n1 4\n25 0\n")
    return path


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    path = tmp_path / "lists.txt"
    path.write_text("13 5 6\n2 0 1\n")
    return path


def test_fixed_colors_and_lists_are_kept(
    run, queen5: Path, fixed: Path, lists: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.sol"
    asked = (queen5, "--fixed", fixed, "--lists", lists, "--colors", 8)
    done = run("solve", *asked, "--json", "-o", out)
    record = done.json()
    colors = record["colors"]
    assert (colors[0], colors[24]) == (4, 0)
    assert colors[12] in (5, 6)
    assert colors[1] in (0, 1)
    assert max(colors) < 8
    assert record["options"]["restricted"] is True
    assert read_solution(out).colors.tolist() == colors
    checked = run("check", queen5, out, *asked[1:])
    assert checked.out == f"valid coloring: {record['num_colors']} colors\n"


def test_check_holds_a_solution_to_them(run, queen5: Path, fixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "plain.sol"
    assert run("solve", queen5, "--solver", "all_apart", "-o", out).code == 0
    done = run("check", queen5, out, "--fixed", fixed)
    assert done.code == 1
    assert done.error() == "node 1 has color 0, but is fixed to color 4"


def test_equitable(run, queen5: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = run("solve", queen5, "--equitable", "--colors", 7, "--json", "-o", out)
    assert (done.code, done.json()["status"]) == (0, "OPTIMAL")
    assert done.json()["options"]["problem"] == "equitable"
    assert sorted(np.bincount(done.json()["colors"])) == [3, 3, 3, 4, 4, 4, 4]
    assert run("check", queen5, out).out == "valid equitable coloring: 7 colors\n"
    uneven = run("check", queen5, out, "--equitable", "--colors", 8)
    assert uneven.code == 1
    assert "only 7 of 8 classes are used" in uneven.error()


def test_the_summary_of_an_equitable_coloring(run, queen5: Path) -> None:
    done = run("solve", queen5, "--problem", "equitable", "--colors", 25)
    assert "colors     25\n" in done.out
    assert "objective" not in done.out


def test_an_equitable_solution_as_text_says_what_it_answers(
    run, queen5: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.sol"
    assert run("solve", queen5, "--equitable", "--colors", 7, "-o", out).code == 0
    assert "c problem equitable 7\n" in out.read_text()
    assert run("check", queen5, out).out == "valid equitable coloring: 7 colors\n"


@pytest.mark.parametrize("suffix", [".json", ".sol"])
def test_initial_is_offered_first(run, queen5: Path, tmp_path: Path, suffix: str) -> None:
    start = tmp_path / f"start{suffix}"
    first = run("solve", queen5, "--solver", "dsatur", "--json", "-o", start).json()
    again = run("solve", queen5, "--solver", "nothing", "--initial", start, "--json").json()
    assert again["colors"] == first["colors"]
    assert again["trace"][0][1] == first["objective"]


def test_an_order_is_where_it_starts(run, queen5: Path, tmp_path: Path) -> None:
    order = tmp_path / "order.txt"
    order.write_text("".join(f"{node}\n" for node in range(25, 0, -2)))
    done = run("solve", queen5, "--order", order, "--solver", "first-fit", "--json")
    graph = read(queen5)
    nodes = [*range(24, -1, -2), *range(1, 24, 2)]
    expected = Coloring.from_colors(greedy_coloring(graph.conflicts, nodes))
    assert done.json()["colors"] == expected.colors.tolist()
    plain = run("solve", queen5, "--solver", "first-fit", "--json").json()["colors"]
    assert plain == greedy_coloring(graph.conflicts, np.arange(25)).tolist()


def test_an_order_that_needs_too_many_is_no_start(run, queen5: Path, tmp_path: Path) -> None:
    order = tmp_path / "order.txt"
    order.write_text("1\n")
    done = run("solve", queen5, "--order", order, "--colors", 5, "--json")
    assert done.json()["status"] == "OPTIMAL"
    assert "needs 8 classes, so it is no start" in done.err
    for option in ("--equitable", f"--initial={order}", f"--fixed={order}"):
        assert run("solve", queen5, "--order", order, option).code == 2


def test_an_initial_coloring_that_does_not_hold(run, queen5: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.sol"
    rows = [f"l {node} {1 if node == 2 else node}" for node in range(1, 26)]
    start.write_text("\n".join(["s col 24", *rows]))
    done = run("solve", queen5, "--initial", start)
    assert done.code == 2
    assert done.error() == (
        "the initial coloring does not hold: nodes 1 and 2 conflict and both have color 0 "
        "(1 conflict broken)"
    )


def test_an_initial_file_without_coloring(run, queen5: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.json"
    run("solve", queen5, "--solver", "nothing", "-o", start)
    done = run("solve", queen5, "--initial", start)
    assert done.code == 2
    assert done.error() == f"{start} holds no coloring to start from"


def test_no_coloring_keeps_to_the_lists(run, queen5: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists.txt"
    lists.write_text("1 0\n2 0\n")
    done = run("solve", queen5, "--lists", lists)
    assert done.code == 0
    assert done.out.startswith("status     INFEASIBLE (completed)\n")
    assert "no coloring keeps to the lists" in done.out


def test_a_wrong_line_is_named(run, queen5: Path, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed.txt"
    fixed.write_text("1 0\n26 1\n")
    done = run("solve", queen5, "--fixed", fixed)
    assert done.code == 2
    assert done.error() == f"{fixed}:2: no node is called '26'"


def test_options_that_do_not_go_together(queen5: Path, fixed: Path) -> None:
    graph = read(queen5)
    with pytest.raises(InputError, match="--equitable does not go with --problem partition"):
        ask(graph, "partition", 3, equitable=True)
    with pytest.raises(InputError, match="for colorings, not for --problem equitable"):
        ask(graph, None, None, fixed=fixed, equitable=True)
    assert isinstance(ask(graph, None, 9, equitable=True), EquitableColoringProblem)
    assert isinstance(ask(graph, "coloring", 9, fixed=fixed), ColoringProblem)


def test_help_shows_how(run) -> None:
    shown = run("solve", "--help").out
    for option in ("--fixed", "--lists", "--equitable", "--initial"):
        assert option in shown
    assert "exams.col --equitable --colors 12" in shown


@pytest.fixture
def trio(tmp_path: Path) -> Path:
    path = tmp_path / "trio.json"
    graph = ConflictGraph.from_edges(4, [(0, 1), (1, 2), (0, 2), (2, 3)], [1.0, 2.0, 3.0, 9.0])
    write(graph, path)
    return path


def test_a_cost_normalised_by_size(run, trio: Path, tmp_path: Path) -> None:
    asked = (trio, "--problem", "partition", "--colors", 2)
    assert run("solve", *asked, "--json").json()["objective"] == 1.0
    for name in ("out.json", "out.sol"):
        out = tmp_path / name
        record = run("solve", *asked, "--cost", "normalized", "--json", "-o", out).json()
        assert (record["status"], record["objective"]) == ("OPTIMAL", pytest.approx(2 / 3))
        assert record["options"]["cost"] == "normalized"
        assert "valid group partition: 2 colors" in run("check", trio, out).out
    as_pairs = run("solve", *asked, "--cost", "pairs", "--json").json()
    assert as_pairs["options"]["problem"] == "partition"


def test_a_cost_is_for_partitions(run, trio: Path, queen5: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists.txt"
    lists.write_text("1 0\n")
    for asked in (
        (queen5, "--cost", "normalized"),
        (queen5, "--cost", "normalized", "--lists", lists),
        (trio, "--problem", "correlation", "--cost", "normalized"),
    ):
        done = run("solve", *asked)
        assert done.code == 2
        assert "--cost is for partitions" in done.error()
    done = run("solve", trio, "--colors", 2, "--cost", "normalized", "--solver", "cpsat")
    assert done.code == 2
    assert "choose one of auto, set-partition" in done.error()


def test_a_solution_with_a_cost_of_its_own_is_not_checked(run, trio: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    record = {"colors": [0, 0, 0, 1], "options": {"problem": "group-partition", "k": 2}}
    record |= {"format": "geocolor.solution", "version": 1}
    record["options"]["cost"] = "oracle"
    path.write_text(json.dumps(record))
    done = run("check", trio, path)
    assert done.code == 2
    assert "options.cost is 'oracle'" in done.error()
