"""``geocolor solve`` and ``check`` with sizes and a capacity."""

import json
from pathlib import Path
from typing import Any

import pytest

from geocolor import write
from geocolor.graph import ConflictGraph


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Four nodes that want to be two pairs, a with b and c with d."""
    path = tmp_path / "graph.json"
    edges = [(0, 2), (0, 3), (1, 2), (1, 3)]
    write(ConflictGraph.from_edges(4, edges, [1.0, 2.0, 4.0, 8.0], labels="abcd"), path)
    return path


@pytest.fixture
def sizes(tmp_path: Path) -> Path:
    path = tmp_path / "sizes.txt"
    path.write_text("# a and b are too large for one class\na 3\nb 3\nc 2\nd 2\n")
    return path


def test_a_capacity_in_nodes(run, graph: Path) -> None:
    asked = (graph, "--problem", "partition", "--colors", 2, "--time-limit", "60s")
    assert run("solve", *asked, "--json").json()["colors"] == [0, 0, 1, 1]
    record = run("solve", *asked, "--capacity", 2, "--json").json()
    assert (record["status"], record["objective"]) == ("OPTIMAL", 0.0)
    assert record["options"]["problem"] == "capacitated-partition"
    assert (record["options"]["capacity"], record["options"]["sizes"]) == (2, None)
    record = run("solve", *asked, "--capacity", 1, "--json").json()
    assert (record["status"], record["colors"]) == ("INFEASIBLE", None)


@pytest.mark.parametrize("name", ["out.json", "out.sol"])
def test_a_solution_says_what_a_check_needs(
    run, graph: Path, sizes: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / name
    asked = (graph, "--colors", 2, "--capacity", 5, "--sizes", sizes)
    record = run("solve", *asked, "--time-limit", "60s", "--json", "-o", out).json()
    assert (record["status"], record["objective"]) == ("OPTIMAL", 6.0)
    assert record["colors"] == [0, 1, 1, 0]
    assert record["options"]["sizes"] == [3, 3, 2, 2]
    valid = "valid capacitated partition: 2 colors, objective 6\n"
    assert run("check", graph, out).out == valid
    assert run("check", graph, out, *asked[1:]).out == valid
    done = run("check", graph, out, "--cost", "normalized")
    assert done.code == 2
    assert done.error().startswith(f"{out} says a capacity, which does not go with --cost normal")
    # Options of the call go before what the file says.
    done = run("check", graph, out, "--capacity", 4)
    assert done.code == 1
    assert done.error() == "class 0 holds nodes of size 5 in all, its capacity is 4"
    sizes.write_text("a 1\nb 1\nc 1\nd 1\n")
    assert run("check", graph, out, "--capacity", 2, "--sizes", sizes).out == valid


def test_a_text_solution_has_the_sizes(run, graph: Path, sizes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sol"
    asked = (graph, "--colors", 2, "--capacity", 5)
    assert run("solve", *asked, "--sizes", sizes, "-o", out).code == 0
    lines = ["c problem capacitated-partition 2", "c capacity 5", "c sizes 3 3 2 2"]
    assert out.read_text().splitlines()[1:4] == lines
    assert run("solve", *asked, "-o", out).code == 0
    assert out.read_text().splitlines()[1:4] == [*lines[:2], "c status OPTIMAL"]
    assert run("check", graph, out).code == 0


def test_a_broken_capacity_is_found(run, graph: Path, sizes: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.txt"
    assert run("solve", graph, "--colors", 2, "-o", out).code == 0
    done = run("check", graph, out, "--colors", 2, "--capacity", 5, "--sizes", sizes)
    assert done.code == 1
    assert done.error() == "class 0 holds nodes of size 6 in all, its capacity is 5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--colors", 2, "--sizes", "{sizes}"), "--sizes says nothing without a capacity"),
        (("--capacity", 5), "say how many classes"),
        (("--problem", "correlation", "--capacity", 5), "for partitions, not for correlation"),
        (("--problem", "coloring", "--capacity", 5), "for partitions, not for coloring"),
        (("--colors", 2, "--capacity", 5, "--cost", "normalized"), "do not go with"),
        (("--colors", 2, "--capacity", 5, "--lists", "{sizes}"), "do not go with"),
        (("--colors", 2, "--capacity", 0), "capacity must be from 1"),
        (("--colors", 2, "--capacity", 2, "--sizes", "{sizes}"), "node a has the size 3, and no"),
        (("--colors", 2, "--capacity", 9, "--solver", "spectral"), "choose one of auto, cpsat"),
    ],
)
def test_what_does_not_go_together(
    run, graph: Path, sizes: Path, options: tuple[object, ...], message: str
) -> None:
    given = [str(option).format(sizes=sizes) for option in options]
    done = run("solve", graph, *given)
    assert done.code == 2
    assert message in done.error()


def test_a_wrong_line_is_named(run, graph: Path, sizes: Path) -> None:
    sizes.write_text("a 3\nb large\n")
    done = run("solve", graph, "--colors", 2, "--capacity", 5, "--sizes", sizes)
    assert done.code == 2
    assert done.error().startswith(f"{sizes}:2: 'large' is no size")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capacity": None}, "options.capacity must be a whole number, not None"),
        ({"capacity": True}, "options.capacity must be a whole number, not True"),
        ({"sizes": "3 3 2 2"}, "options.sizes must be a list of whole numbers"),
        ({"sizes": [3, 3, 2, 2.5]}, "options.sizes must be a list of whole numbers"),
        ({"sizes": [3, 3, 2]}, "out.json: 3 sizes, but the graph has 4 nodes"),
        ({"sizes": [3, 3, 2, 10**30]}, "whole numbers, not object"),
        ({"k": None}, "a partition needs the number of classes"),
    ],
)
def test_unreadable_claims(
    run, graph: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "out.json"
    options = {"problem": "capacitated-partition", "k": 2, "capacity": 5, "sizes": [3, 3, 2, 2]}
    record = {"format": "geocolor.solution", "version": 1, "colors": [0, 1, 1, 0]}
    path.write_text(json.dumps({**record, "options": {**options, **changes}}))
    done = run("check", graph, path)
    assert done.code == 2
    assert message in done.error()


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["c capacity five"], 2),
        (["c capacity 5 6"], 2),
        (["c capacity 5", "c capacity 5"], 3),
        (["c capacity 0"], 2),
        (["c capacity 5", "c sizes 3 3", "c sizes 2 two"], 4),
    ],
)
def test_unreadable_lines(run, graph: Path, tmp_path: Path, lines: list[str], line: int) -> None:
    path = tmp_path / "out.sol"
    head, rows = ["c problem capacitated-partition 2"], ["s col 2", *(f"l {n} 1" for n in (1, 2))]
    path.write_text("\n".join([*head, *lines, *rows]))
    done = run("check", graph, path)
    assert done.code == 2
    assert done.error() == (
        f"{path}:{line}: expected one 'c capacity C', and 'c sizes SIZE SIZE ...', with numbers "
        "from 1"
    )


def test_comments_of_other_problems_stay_comments(run, graph: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.sol"
    rows = [f"l {node} {node}" for node in (1, 2, 3, 4)]
    lines = ["c problem partition 4", "c capacity of my truck", "s col 4", *rows]
    path.write_text("\n".join(lines))
    assert run("check", graph, path).out == "valid partition: 4 colors, objective 0\n"
