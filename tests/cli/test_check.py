"""``geocolor check``."""

import json
from pathlib import Path
from typing import Any

import pytest

from geocolor.graph import queen
from geocolor.io import write


@pytest.fixture(params=[".json", ".csv", ".sol", ".txt"])
def solution(run, queen5: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / f"solution{request.param}"
    assert run("solve", queen5, "--solver", "dsatur", "-o", path).code == 0
    return path


def test_valid(run, queen5: Path, solution: Path) -> None:
    done = run("check", queen5, solution)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("valid coloring: ")


def test_valid_for_machines(run, queen5: Path, solution: Path) -> None:
    told = run("check", queen5, solution, "--json").json()
    assert told["valid"] is True
    assert told["problem"] == "coloring"
    assert told["objective"] == told["num_colors"] >= 5


def test_too_many_colors_for_the_question(run, queen5: Path, solution: Path) -> None:
    done = run("check", queen5, solution, "--colors", 4)
    assert done.code == 1
    assert "but at most 4 are allowed" in done.error()


def test_broken_conflict(run, queen5: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.sol"
    rows = [f"l {node} {1 if node == 2 else node}" for node in range(1, 26)]
    path.write_text("\n".join(["s col 24", *rows]))
    done = run("check", queen5, path)
    assert done.code == 1
    assert done.error() == (
        "nodes 1 and 2 conflict and both have color 0 (1 conflict broken); "
        f"the edge is in {queen5}:2"
    )


def test_the_line_is_that_of_the_conflict(run, tmp_path: Path) -> None:
    graph, path = tmp_path / "a.edges", tmp_path / "a.csv"
    graph.write_text("a b 2\nb c 1\na b\nb a\n")
    path.write_text("a,0\nb,0\nc,0\n")
    done = run("check", graph, path, "--colors", 2)
    assert done.error().endswith(f"the edge is in {graph}:3")
    done = run("check", graph, path, "--colors", 2, "--weights", "ignore")
    assert done.error().endswith(f"the edge is in {graph}:1")


def test_colors_are_those_of_the_nodes_named(run, tmp_path: Path) -> None:
    graph, path = tmp_path / "a.edges", tmp_path / "a.json"
    graph.write_text("a b\nb c\n")
    record = {"format": "geocolor.solution", "version": 1, "colors": [1, 0, 0]}
    path.write_text(json.dumps(record | {"nodes": ["b", "a", "c"]}))
    done = run("check", graph, path)
    assert (done.code, done.out) == (0, "valid coloring: 2 colors\n")
    path.write_text(json.dumps(record | {"nodes": ["zoe", "yan", "x"]}))
    done = run("check", graph, path)
    assert (done.code, done.err) == (2, "geocolor: error: no node is called 'zoe'\n")


def test_numbers_in_text_are_those_of_the_nodes_that_are_left(run, tmp_path: Path) -> None:
    graph, path = tmp_path / "a.col", tmp_path / "a.sol"
    graph.write_text("p edge 5 2\ne 2 4\ne 4 5\n")
    path.write_text("s col 2\nl 1 1\nl 2 2\nl 3 1\n")
    assert run("check", graph, path, "--isolated", "drop").code == 0
    done = run("check", graph, path)
    assert (done.code, "the graph has 5 nodes" in done.error()) == (1, True)
    path.write_text("s col 2\nl 1 1\nl 2 2\nl 3 2\n")
    done = run("check", graph, path, "--isolated", "drop")
    assert done.error().startswith("nodes 4 and 5 conflict")
    assert done.error().endswith(f"the edge is in {graph}:3")


def test_what_fails_for_machines(run, queen5: Path, weighted: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.sol"
    rows = [f"l {node} {1 if node == 2 else node}" for node in range(1, 26)]
    path.write_text("\n".join(["s col 24", *rows]))
    reason = run("check", queen5, path).error()
    done = run("check", queen5, path, "--json")
    assert (done.code, done.err) == (1, f"geocolor: error: {reason}\n")
    assert done.json() == {"valid": False, "reason": reason, "edge": ["1", "2"], "line": 2}
    # JSON graphs have no lines.
    path = changed(run, weighted, tmp_path, colors=[0, 0, 1, 2])
    told = run("check", weighted, path, "--json").json()
    assert (told["valid"], told["edge"]) == (False, ["a", "b"])
    assert "line" not in told
    path = changed(run, weighted, tmp_path, num_colors=3)
    told = run("check", weighted, path, "--json").json()
    assert told == {"valid": False, "reason": "the solution claims 3 colors, it has 4"}


def test_wrong_length(run, queen5: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.sol"
    path.write_text("s col 1\nl 1 1\n")
    done = run("check", queen5, path)
    assert done.code == 1
    assert "the graph has 25 nodes" in done.error()


def test_wrong_promise(run, queen5: Path, tmp_path: Path) -> None:
    path = tmp_path / "promise.sol"
    path.write_text("s col 5\n" + "".join(f"l {node} {node}\n" for node in range(1, 26)))
    done = run("check", queen5, path)
    assert done.code == 1
    assert done.error() == "the solution claims 5 colors, it has 25"


def test_solution_of_another_graph(run, queen5: Path, tmp_path: Path) -> None:
    other, path = tmp_path / "other.col", tmp_path / "out.json"
    write(queen(1, 25), other)
    assert run("solve", queen5, "--solver", "all_apart", "-o", path).code == 0
    done = run("check", other, path)
    assert done.code == 1
    assert "made for another graph" in done.error()


def test_no_coloring(run, queen5: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    assert run("solve", queen5, "--solver", "nothing", "-o", path).code == 0
    done = run("check", queen5, path)
    assert done.code == 1
    assert "holds no coloring" in done.error()


def changed(run, weighted: Path, tmp_path: Path, **changes: Any) -> Path:
    """Solve a partition, and change what its solution file says."""
    path = tmp_path / "out.json"
    assert run("solve", weighted, "--colors", 4, "--solver", "all_apart", "-o", path).code == 0
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, **changes}))
    return path


def test_the_problem_comes_from_the_solution(run, weighted: Path, tmp_path: Path) -> None:
    done = run("check", weighted, changed(run, weighted, tmp_path))
    assert (done.code, done.out) == (0, "valid partition: 4 colors, objective 0\n")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objective": -1e-8}, "claims the objective -1e-08, it has 0.0"),
        ({"num_colors": 3}, "claims 3 colors"),
        ({"colors": [0, 0, 1, 2]}, "nodes a and b conflict"),
        ({"colors": [0, 1, 2, -3]}, "negative color"),
    ],
)
def test_false_claims(
    run, weighted: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    done = run("check", weighted, changed(run, weighted, tmp_path, **changes))
    assert done.code == 1
    assert message in done.error()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": 3}, "options is '3', not an object"),
        ({"objective": "little"}, "objective is 'little', not a finite number"),
        ({"num_colors": "x"}, "out.json: num_colors is 'x', not a whole number"),
        ({"num_colors": [2]}, "num_colors is '[2]', not a whole number"),
        (
            {"options": {"problem": "capacitated-partition", "k": 2, "capacity": 10**400}},
            "capacity",
        ),
        (
            {
                "options": {
                    "problem": "capacitated-partition",
                    "k": 2,
                    "capacity": 5,
                    "sizes": [10**400, 1, 1, 1],
                }
            },
            "sizes",
        ),
        ({"options": {"problem": "sudoku"}}, "options.problem is 'sudoku'"),
        ({"options": {"problem": "partition", "k": "4"}}, "options.k must be a whole number"),
        ({"version": 7}, "version 7"),
        ({"colors": [0, 1, 2]}, "4 nodes, but 3 colors"),
        ({"nodes": ["a", "b", "c", "x"]}, "no node is called 'x'"),
    ],
)
def test_unreadable_claims(
    run, weighted: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    done = run("check", weighted, changed(run, weighted, tmp_path, **changes))
    assert done.code == 2
    assert message in done.error()


def test_missing_solution(run, queen5: Path, tmp_path: Path) -> None:
    done = run("check", queen5, tmp_path / "none.sol")
    assert done.code == 2
    assert "No such file" in done.error()


def test_a_text_solution_says_which_graph_and_question_it_answers(
    run, weighted: Path, queen5: Path, tmp_path: Path
) -> None:
    out = tmp_path / "classes.sol"
    done = run("solve", weighted, "--problem", "partition", "--colors", 4, "-o", out)
    assert done.code == 0
    assert out.read_text().splitlines()[1] == "c problem partition 4"
    checked = run("check", weighted, out)
    assert checked.code == 0
    assert checked.out.startswith("valid partition")
    other = run("check", queen5, out)
    assert other.code == 1
    assert "another graph" in other.error()
