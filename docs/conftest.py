"""Run what the pages say: Python, ``>>>`` and commands, each page in an empty folder.

Blocks of a page run in order and share their names. A block ``console`` holds commands behind
``$``; what is under one must be what it prints, ``...`` standing for anything. With nothing under
it a command may print what it likes. One that is meant to fail is followed by ``[exit code N]``.
"""

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from io import StringIO
from pathlib import Path
from typing import Any

from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

from geocolor.cli.main import main

_FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE


_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_EXIT_CODE = re.compile(r"^\[exit code (\d+)\]\n", re.MULTILINE)


def _commands(block: str) -> Iterator[tuple[str, str, int]]:
    """Give each command with what it is to print and its exit code."""
    for command, expected in _COMMAND.findall(block):
        code = _EXIT_CODE.search(expected)
        yield (
            command.replace("\\\n", ""),
            _EXIT_CODE.sub("", expected),
            0 if code is None else int(code[1]),
        )


def _run(command: str) -> tuple[int, str, str]:
    """Give exit code, output and errors; geocolor runs in this process, which saves its start."""
    words = shlex.split(command)
    if words[0] == "geocolor":
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            code = main(words[1:])
        return code, out.getvalue(), err.getvalue()
    # The pages are the repository's own, and show what is typed into a shell.
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    return done.returncode, done.stdout, done.stderr


def _run_commands(example: Example) -> str | None:
    for command, expected, wanted in _commands(example.parsed):
        code, out, err = _run(command)
        if code != wanted:
            return f"{command}\nended with {code}, not {wanted}:\n{out}{err}"
        printed = out + (err if wanted else "")
        if expected.strip() and not OutputChecker().check_output(expected, printed, _FLAGS):
            return f"{command}\nshould print:\n{expected}\nprinted:\n{printed}"
    return None


def _enter(namespace: dict[str, Any]) -> None:
    namespace["_came_from"] = Path.cwd()
    namespace["_folder"] = tempfile.TemporaryDirectory()
    os.chdir(namespace["_folder"].name)


def _leave(namespace: dict[str, Any]) -> None:
    os.chdir(namespace["_came_from"])
    namespace["_folder"].cleanup()


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=_FLAGS),
        CodeBlockParser("console", _run_commands),
    ],
    patterns=["tutorials/*.md", "howto/*.md", "theory/*.md"],
    setup=_enter,
    teardown=_leave,
).pytest()
