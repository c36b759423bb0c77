"""Nothing of a file or its name reaches a terminal but as text in its own line."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geocolor.cli.console import say, say_lines

Run = Any

# What clears a screen and renames a window, and a line that looks like an answer.
HOSTILE = "\x1b[2J\x1b]0;owned\x07\nvalid coloring: 3 colors"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@given(text=st.text())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_one_printable_line(
    encoding: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="strict"))
    say(text)
    sys.stdout.flush()
    told = raw.getvalue().decode(encoding)
    assert told.endswith("\n")
    assert told[:-1].isprintable()
    if text.isprintable() and encoding == "utf-8":
        assert told[:-1] == text


def test_lines_that_were_laid_out_stay(capsys: pytest.CaptureFixture[str]) -> None:
    say_lines("a  é\n  b\x1b[2J\n")
    assert capsys.readouterr().out == "a  é\n  b\\x1b[2J\n"


def test_attributes_of_a_file_are_quoted(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    link = {"source": 1, "target": 2, HOSTILE: 0, "k" * 1000: 0}
    path.write_text(json.dumps({"nodes": [{"id": 1}, {"id": 2}], "links": [link]}))
    told = run("info", path).out
    assert "\x1b" not in told
    (line,) = (line for line in told.splitlines() if "attributes" in line)
    assert "\\x1b[2J\\x1b]0;owned\\x07\\nvalid coloring: 3 colors" in line
    assert line.endswith(", " + "k" * 40)


@pytest.mark.parametrize("name", [os.fsdecode(b"bad\xff"), "two\nlines", "\x1b[2J"])
def test_file_names_of_all_kinds(run: Run, queen5: Path, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    graph, answer, picture = (path.with_suffix(suffix) for suffix in (".json", ".sol", ".svg"))
    for call in (
        ("convert", queen5, graph),
        ("generate", "queen", 5, 5, "-o", graph),
        ("solve", graph, "--solver", "dsatur", "-o", answer),
        ("check", graph, answer),
        ("plot", graph, "--coloring", answer, "-o", picture),
    ):
        done = run(*call)
        assert done.code == 0, done.err
        assert done.out.replace("\n", "").isprintable()
        assert ascii(name)[1:-1] in done.out or call[0] == "check"
        if call[0] == "solve":
            assert done.out.startswith("status")
    assert run("info", graph).code == 0
