"""What is wrong with a call is said in one line, with what to do."""

import pytest

SOLVE = "('geocolor solve -h' shows what it takes)"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("solve", f"missing argument 'FILE' {SOLVE}"),
        ("solve x y", f"got unexpected extra argument(s) (y) {SOLVE}"),
        ("solve x --tim 3", f"no option --tim; did you mean --time-limit? {SOLVE}"),
        ("solve x --slover auto", f"no option --slover; did you mean --solver? {SOLVE}"),
        ("solve x -z", f"no option -z {SOLVE}"),
        (
            "solve x -o",
            "option '-o' requires an argument (-h after the command shows what it takes)",
        ),
        (
            "solve x --colors three",
            f"invalid value for '--colors' / '-k': it should be a valid integer {SOLVE}",
        ),
        (
            "solve x --max-nodes 0",
            f"invalid value for '--max-nodes': it should be greater than or equal to 1 {SOLVE}",
        ),
        (
            "solve x --loops no",
            "invalid value for '--loops': 'no' is not one of 'auto', 'drop', 'refuse' " + SOLVE,
        ),
        (
            "slove x",
            "no such command 'slove'; did you mean 'solve', 'solvers'? ('geocolor -h' shows what "
            "it takes)",
        ),
        (
            "bench reprot results",
            "no such command 'reprot'; did you mean 'report'? ('geocolor bench -h' shows what it "
            "takes)",
        ),
        (
            "bench results",
            "missing option '--solvers' / '-s' ('geocolor bench run -h' shows what it takes)",
        ),
    ],
)
def test_bad_usage_is_one_line(run, words: str, told: str) -> None:
    done = run(*words.split())
    assert (done.code, done.out) == (2, "")
    assert done.error() == told


@pytest.mark.parametrize("group", ["", "generate", "bench"])
def test_a_group_alone_shows_its_help(run, group: str) -> None:
    done = run(*group.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Usage: geocolor {group}".rstrip())
    assert "Commands:\n" in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "solve QUEEN --solver tabcol",
            "no solver 'tabcol'; did you mean 'tabucol'? 'geocolor solvers' lists all, or give "
            "module:function, file.py:function or file.toml:name",
        ),
        (
            "warm-up tabcol",
            "no solver 'tabcol' is built in; did you mean 'tabucol'? 'geocolor solvers' lists all",
        ),
        (
            "solve QUEEN --solver edge-lp",
            "solver 'edge-lp' does not take coloring problems; choose one of auto, cpsat, sat, "
            "columns, dsatur-exact, dsatur, first-fit, welsh-powell ('geocolor solvers' lists all)",
        ),
        ("info QUEEN --format dimac", "no graph format 'dimac'; did you mean 'dimacs'?"),
        ("presets svdllm", "no preset 'svdllm'; did you mean 'svd-llm'?"),
        ("bench smal --solvers auto", "no suite, folder or file 'smal'; did you mean 'small'?"),
    ],
)
def test_a_misspelt_name_is_told_the_nearest(run, queen5, words: str, told: str) -> None:
    done = run(*words.replace("QUEEN", str(queen5)).split())
    assert (done.code, done.out) == (2, "")
    assert done.error() == told


def test_a_file_of_options_that_is_missing(run) -> None:
    done = run("compress", ".", "--config", "none.toml")
    assert done.error() == "cannot read none.toml: No such file or directory"
