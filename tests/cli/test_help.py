"""What is the same in all commands: help with examples, names of options, completion, progress."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from geocolor import solve
from geocolor.cli.main import app
from geocolor.cli.stages import Stages, duration
from geocolor.graph import generators


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    group = typer.main.get_command(app) if group is None else group
    for name, command in group.commands.items():
        yield " ".join((*path, name)), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands())
# One letter, one meaning; one meaning, one name.
SHORT = {
    "-o": "--output", "-q": "--quiet", "-t": "--time-limit", "-k": "--colors", "-s": "--solvers",
    "-w": "--workers", "-h": "--help",
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example_of_the_command(name: str) -> None:
    epilog = COMMANDS[name].epilog
    assert "Example" in epilog
    assert f"\n  geocolor {name.removesuffix(' run')} " in f"{epilog} ".replace("\n\n", " \n\n")


def test_full_insertions_say_from_where_on_their_colors_are_known() -> None:
    for m, colors in ((1, 2), (2, 4), (3, 5)):
        assert solve(generators.full_insertions(2, m)).num_colors == colors
    assert "K + M colors from M = 2 on" in COMMANDS["generate full-insertions"].help


@pytest.mark.parametrize("name", COMMANDS)
def test_options_have_one_name_and_say_what_they_do(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "argument":
            continue
        assert parameter.help, parameter.name
        for option in parameter.opts:
            if not option.startswith("--"):
                assert SHORT[option] in parameter.opts
        for short, long in SHORT.items():
            if long in parameter.opts and short != "-h":
                assert short in parameter.opts


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("geocolor so", {"solve", "solvers"}),
        ("geocolor solve --problem eq", {"equitable"}),
        ("geocolor generate my", {"mycielski"}),
        ("geocolor compress --dry", {"--dry-run"}),
    ],
)
def test_the_shell_completes(words: str, offered: set[str]) -> None:
    asked = {
        "_GEOCOLOR_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    program = [sys.executable, "-c", "from geocolor.cli.main import main; main([])"]
    done = subprocess.run(
        program, env=os.environ | asked, capture_output=True, text=True, timeout=60, check=True
    )
    assert set(done.stdout.split()) == offered


def test_a_stage_says_how_long_the_rest_takes() -> None:
    now = 100.0
    stages = Stages(lambda: now)
    assert stages.tell("calibrating", 0, 8) == "calibrating 0 of 8"
    now = 130.0
    assert stages.tell("calibrating", 2, 8) == "calibrating 2 of 8, 2 min left"
    now = 131.0
    # Resumed at 5: what was done before says nothing of the pace.
    assert stages.tell("pricing pairs", 5, 10) == "pricing pairs 5 of 10"
    now = 133.0
    assert stages.tell("pricing pairs", 6, 10) == "pricing pairs 6 of 10, 8 s left"
    assert stages.tell("pricing pairs", 10, 10) == "pricing pairs 10 of 10"
    assert stages.tell("measuring", 3, 0) == "measuring 3"
    assert stages.tell("choosing", 0, 1) == "choosing"


def test_durations() -> None:
    assert [duration(s) for s in (0.2, 59, 61, 3600, 6000)] == [
        "0 s", "59 s", "1 min", "60 min", "1.7 h",
    ]  # fmt: skip
