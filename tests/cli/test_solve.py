"""``geocolor solve``."""

import json
from pathlib import Path

import pytest

from geocolor import check, read
from geocolor.cli.options import seconds
from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.io import read_solution, write
from geocolor.problem import ColoringProblem

FIELDS = {
    "status",
    "stop_reason",
    "objective",
    "lower_bound",
    "gap",
    "num_colors",
    "colors",
    "nodes",
    "runtime",
    "solver",
    "seed",
    "versions",
    "options",
    "instance_hash",
    "message",
}


def test_json_is_one_whole_object(run, queen5: Path) -> None:
    done = run("solve", queen5, "--solver", "dsatur", "--json", "--seed", 3, "--time-limit", "5s")
    assert (done.code, done.err) == (0, "")
    record = done.json()
    assert record.keys() >= FIELDS
    graph = read(queen5)
    assert check(ColoringProblem(graph), record["colors"]).num_colors == record["num_colors"]
    assert record["nodes"] == [str(i) for i in range(1, 26)]
    assert (record["solver"], record["seed"]) == ("dsatur", 3)
    assert record["options"]["time_limit"] == 5.0
    assert record["instance_hash"] == graph.fingerprint


def test_summary_says_what_is_known(run, queen5: Path) -> None:
    done = run("solve", queen5, "--solver", "all_apart")
    assert (done.code, done.err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert lines["status"] == "FEASIBLE (completed)"
    assert lines["colors"] == "25"
    assert lines["bound"] == "1 (gap 96.00%)"
    assert lines["solver"] == "all_apart, seed 0"
    assert lines["why"] == "each node its own class"
    assert "objective" not in lines


def test_with_k_asked_feasible_is_the_answer(run, queen5: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sol"
    done = run("solve", queen5, "--solver", "all_apart", "--colors", 25, "-o", out)
    lines = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert lines["status"] == (
        "FEASIBLE (completed): 25 colors do, as asked; fewer were not looked for"
    )
    assert lines["written"] == str(out)


def test_summary_of_a_weighted_problem(run, weighted: Path) -> None:
    done = run("solve", weighted, "--problem", "partition", "--colors", 4, "--solver", "all_apart")
    assert "objective  0\n" in done.out


@pytest.mark.parametrize("suffix", [".json", ".sol", ".txt"])
def test_output_file(run, queen5: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    done = run("solve", queen5, "--solver", "dsatur", "-o", out)
    assert done.code == 0
    colors = read_solution(out).colors
    assert colors is not None
    check(ColoringProblem(read(queen5)), colors)


def test_output_file_holds_what_json_prints(run, queen5: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = run("solve", queen5, "--solver", "dsatur", "--json", "-o", out)
    assert json.loads(out.read_text()) == done.json()


def test_problem_follows_from_weights_and_colors(run, queen5: Path, weighted: Path) -> None:
    def asked(*arguments: object) -> tuple[str, int | None]:
        options = run("solve", *arguments, "--solver", "all_apart", "--json").json()["options"]
        return options["problem"], options["k"]

    assert asked(queen5) == ("coloring", None)
    assert asked(queen5, "--colors", 25) == ("coloring", 25)
    assert asked(weighted) == ("correlation", None)
    assert asked(weighted, "--colors", 4) == ("partition", 4)
    assert asked(weighted, "--problem", "coloring") == ("coloring", None)


def test_infeasible_is_an_answer(run, queen5: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    arguments = ("solve", queen5, "--colors", 6, "--solver", "infeasible")
    done = run(*arguments, "--json", "-o", out)
    assert done.code == 0
    assert done.json()["status"] == "INFEASIBLE"
    assert done.json()["colors"] is None
    assert json.loads(out.read_text())["status"] == "INFEASIBLE"
    human = run(*arguments)
    assert human.code == 0
    assert human.out.startswith("status     INFEASIBLE (completed)\n")
    assert "why        searched everywhere\n" in human.out


def test_no_coloring_no_text_file(run, queen5: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sol"
    done = run("solve", queen5, "--solver", "nothing", "-o", out)
    assert done.code == 0
    assert "UNKNOWN (time)" in done.out
    assert done.err == f"geocolor: no coloring, so {out} is not written\n"
    assert not out.exists()


@pytest.mark.parametrize("restriction", [None, "--fixed", "--lists"])
def test_fewer_colors_than_a_clique_are_proven_infeasible(
    run, queen5: Path, tmp_path: Path, restriction: str | None
) -> None:
    (tmp_path / "rows.txt").write_text("1 0\n")
    out = tmp_path / "out.json"
    options = () if restriction is None else (restriction, tmp_path / "rows.txt")
    done = run("solve", queen5, "--colors", 4, *options, "--json", "-o", out)
    assert done.code == 0
    told = done.json()
    assert json.loads(out.read_text()) == told
    assert (told["status"], told["lower_bound"]) == ("INFEASIBLE", 5)
    assert "4 classes cannot do: these 5 nodes all conflict" in told["message"]
    if restriction != "--fixed":  # where colors are nodes as well
        named = [int(label) - 1 for label in told["message"].rsplit(": ", 1)[1].split(", ")]
        dense = read(queen5).conflicts.to_dense()
        assert len(named) == 5
        assert all(dense[u, v] for u in named for v in named if u != v)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--solver", "magic"], "no solver 'magic'; 'geocolor solvers' lists all, or"),
        (["--problem", "partition"], "a partition needs the number of classes: --colors K"),
        (["--problem", "correlation", "--colors", "3"], "leave out --colors"),
        (["--colors", "0"], "at least 1, not 0"),
        (["--time-limit", "soon"], "'soon' is no duration"),
        (["--seed", "-1"], "the seed must not be negative: -1"),
        (["--workers", "0"], "at least one worker is needed, not 0"),
        (["-o", "out.pdf"], "the solution format of out.pdf: use .json, .csv, .sol, .txt"),
        (["-o", "nowhere/out.sol"], "no folder"),
    ],
)
def test_bad_input(run, queen5: Path, options: list[str], message: str) -> None:
    done = run("solve", queen5, *options)
    assert done.code == 2
    assert message in done.error()


def test_positive_weights_need_a_question(run, tmp_path: Path) -> None:
    path = tmp_path / "positive.json"
    write(ConflictGraph.from_edges(2, [(0, 1)], [1.0]), path)
    done = run("solve", path)
    assert done.code == 2
    assert "--problem partition --colors K" in done.error()


@pytest.mark.parametrize("option", [None, "--fixed", "--lists", "--sizes", "--order"])
@pytest.mark.parametrize("link", [False, True])
def test_what_is_read_is_not_overwritten(
    run, weighted: Path, tmp_path: Path, option: str | None, link: bool
) -> None:
    given, others = weighted, []
    if option is not None:
        given = tmp_path / "given.txt"
        given.write_text("a 1\n")
        others = [option, given]
    before, name = given.read_bytes(), given
    if link:
        name = tmp_path / f"link{given.suffix}"
        name.hardlink_to(given)
    done = run("solve", weighted, *others, "--solver", "all_apart", "-o", name)
    assert done.code == 2
    assert "is another file of this call" in done.error()
    done = run("solve", weighted, *others, "--solver", "all_apart", "--checkpoint", name)
    assert done.code == 2
    assert "is another file of this call" in done.error()
    assert given.read_bytes() == before


def test_a_start_may_be_bettered_in_its_place(run, queen5: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.sol"
    assert run("solve", queen5, "--solver", "all_apart", "-o", start).code == 0
    assert run("solve", queen5, "--initial", start, "--solver", "dsatur", "-o", start).code == 0
    assert "s col 25" not in start.read_text()
    done = run("solve", queen5, "--initial", start, "--checkpoint", start)
    assert "is another file of this call" in done.error()


@pytest.mark.parametrize(
    "options", [[], ["--colors", "three"], ["--problem", "sudoku"], ["--fast"]]
)
def test_bad_usage(run, queen5: Path, options: list[str]) -> None:
    done = run("solve", *([queen5] if options else []), *options)
    assert done.code == 2
    assert done.out == ""
    assert done.error().endswith("('geocolor solve -h' shows what it takes)")


def test_a_solver_that_cheats_is_found_out(run, queen5: Path) -> None:
    done = run("solve", queen5, "--solver", "wrong")
    assert done.code == 1
    assert "offered an invalid coloring" in done.error()


def test_a_failed_write_does_not_swallow_the_answer(
    run, queen5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise InputError("cannot write out.sol: No space left on device")

    monkeypatch.setattr("geocolor.io.write_solution", full)
    done = run("solve", queen5, "--solver", "all_apart", "-o", tmp_path / "out.sol", "--json")
    assert done.code == 2
    assert done.json()["num_colors"] == 25
    assert done.err == "geocolor: error: cannot write out.sol: No space left on device\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10s", 10.0),
        ("500ms", 0.5),
        ("2m", 120.0),
        ("1h", 3600.0),
        ("7", 7.0),
        ("0.25", 0.25),
        (".5s", 0.5),
        ("1.5m", 90.0),
        (" 3s ", 3.0),
    ],
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "0",
        "0s",
        "-1s",
        "1d",
        "1 s",
        "nan",
        "inf",
        "1e3",
        "10s5",
        "\u0661s",
        "1" * 400,
        ".",
    ],
)
def test_no_durations(text: str) -> None:
    with pytest.raises(InputError, match="is no duration"):
        seconds(text)


@pytest.mark.parametrize(("took", "told"), [(7.25, True), (1.0, False)])
def test_compiling_that_takes_long_is_told(
    run, queen5: Path, monkeypatch: pytest.MonkeyPatch, took: float, told: bool
) -> None:
    monkeypatch.setattr("geocolor.cli.solve.watched", lambda quiet: True)
    clock = iter([5.0, 5.0 + took])  # earlier solves of the process do not count
    monkeypatch.setattr("geocolor.graph.jit.compile_seconds", lambda: next(clock))
    done = run("solve", queen5, "--solver", "dsatur")
    assert ("compiling kernels took 7.2 s" in done.err) == told


def test_who_does_not_watch_is_not_told_of_compiling(
    run, queen5: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 9.0])
    monkeypatch.setattr("geocolor.graph.jit.compile_seconds", lambda: next(clock))
    assert run("solve", queen5, "--solver", "dsatur").err == ""


def test_a_checkpoint_is_no_other_file_of_the_call(run, queen5: Path, tmp_path: Path) -> None:
    before = queen5.read_bytes()
    out = tmp_path / "out.json"
    for options in (("--checkpoint", queen5), ("-o", out, "--checkpoint", out)):
        done = run("solve", queen5, *options)
        assert (done.code, "is another file of this call" in done.error()) == (2, True)
    assert "no folder" in run("solve", queen5, "--checkpoint", tmp_path / "none" / "a").error()
    assert queen5.read_bytes() == before
    assert not out.exists()
