"""TOML entries of programs: what they become, and how mistakes are said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geocolor.errors import FormatError, InputError
from geocolor.solvers import find_solver
from geocolor.solvers.external.command_file import read_commands

WHOLE = """
[mine]
summary = "mine, in a line"
command = ["./mine", "--seed={seed}", "{input}", "{k}", "{output}"]
kinds = ["coloring"]
exact = true
mode = "descend"
first_seed = 1
restart = true
[mine.answer]
format = "pattern"
read = "output"
pattern = '^(?P<node>\\d+) (?P<color>\\d+)$'
first_node = 0

[other]
command = ["other", "{input}"]
kinds = ["partition", "correlation"]
input = "json"
answer = {format = "lines"}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_entries(tmp_path: Path) -> None:
    mine, other = read_commands(written(tmp_path, WHOLE)).values()
    assert (mine.name, mine.summary, mine.exact) == ("mine", "mine, in a line", True)
    assert mine.kinds == {"coloring"}
    assert mine.settings["folder"] == str(tmp_path)
    assert mine.settings["answer"]["first_node"] == 0
    assert other.kinds == {"partition", "correlation"}
    assert other.summary == "the program other"
    assert other.settings == {
        "input": "json",
        "command": ["other", "{input}"],
        "answer": {"format": "lines"},
    }
    for info in (mine, other):
        assert json.loads(json.dumps(info.settings)) == info.settings


def test_found_by_file_and_name(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    assert find_solver(f"{path}:mine").name == "mine"
    with pytest.raises(InputError, match="has no solver 'none', only mine, other"):
        find_solver(f"{path}:none")
    with pytest.raises(InputError, match=r"cannot read .*absent"):
        find_solver(f"{tmp_path}/absent.toml:mine")


GOOD = {"command": '["x"]', "answer": '{format = "lines"}'}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"comand": "1"}, "a.comand: no such key; there are command, summary"),
        ({"command": None}, "a.command: is missing"),
        ({"command": '"x y"'}, "a.command: must be a list"),
        ({"command": "[]"}, "a.command: must be a list of strings"),
        ({"command": '["x", 1]'}, "a.command: must be a list of strings"),
        (
            {"command": '["x", "{inptu}"]'},
            r"a.command: no placeholder \{inptu\}; there are \{input",
        ),
        ({"summary": "1"}, "a.summary: must be a string"),
        ({"exact": "1"}, "a.exact: must be true or false"),
        ({"first_seed": "true"}, "a.first_seed: must be a whole number"),
        ({"kinds": '["colouring"]'}, "a.kinds: must be some of coloring, partition, correlation"),
        ({"kinds": "[]"}, "a.kinds: must be some of"),
        ({"kinds": '["partition"]'}, "a.input: DIMACS holds no weights"),
        ({"input": '"xml"'}, "a.input: must be one of dimacs, json"),
        ({"mode": '"up"'}, "a.mode: must be one of once, descend"),
        ({"mode": '"descend"'}, r"a.mode: descend is for coloring, and its command takes \{k\}"),
        ({"answer": None}, "a.answer: is missing"),
        ({"answer": '"lines"'}, "a.answer: must be a table"),
        ({"answer": "{}"}, "a.answer.format: is missing"),
        ({"answer": '{format = "xml"}'}, "a.answer.format: must be one of sol, lines, json"),
        ({"answer": '{format = "lines", x = 1}'}, "a.answer.x: no such key"),
        ({"answer": '{format = "lines", read = "output"}'}, r'a.answer.read: "output" goes tog'),
        ({"command": '["x", "{output}"]'}, r'a.answer.read: "output" goes together with \{out'),
        ({"answer": '{format = "pattern"}'}, "a.answer.pattern: goes together with"),
        ({"answer": '{format = "pattern", pattern = "("}'}, "a.answer.pattern: not a regular exp"),
        ({"answer": '{format = "pattern", pattern = "x"}'}, r"needs the group \(\?P<node>"),
        ({"answer": '{format = "lines", bound = "x"}'}, r"a.answer.bound: needs the group"),
        ({"answer": '{format = "lines", success = "*"}'}, "a.answer.success: not a regular exp"),
    ],
)
def test_mistakes(tmp_path: Path, changes: dict[str, str | None], message: str) -> None:
    keys = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    path = written(tmp_path, "[a]\n" + "\n".join(f"{key} = {keys[key]}" for key in keys))
    with pytest.raises(FormatError, match=message) as caught:
        read_commands(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no solver in it"), ("a = 1", "a must be a table"), ("[a", r"not TOML: Expected ']'")],
)
def test_not_such_a_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_commands(written(tmp_path, text))
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(FormatError, match=r"not TOML: .*utf-8"):
        read_commands(tmp_path / "latin.toml")
