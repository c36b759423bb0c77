"""The package runs no code out of a file: held over its whole source, call by call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import geocolor

# Modules whose reading runs what a file says, or that have no use but that.
FORBIDDEN_MODULES = {
    "_pickle",
    "cloudpickle",
    "code",
    "dill",
    "marshal",
    "pickle",
    "shelve",
    "xml",
    "yaml",
}
# What a parser is told of, and text is escaped with: no parsers.
HARMLESS_PARTS = {
    "xml.sax.SAXParseException",
    "xml.sax.handler.ContentHandler",
    "xml.sax.saxutils.quoteattr",
}
FORBIDDEN_CALLS = {
    "__import__",
    "compile",
    "eval",
    "exec",
    "joblib.load",
    "os.popen",
    "os.system",
    "pandas.read_pickle",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
}
# Whatever they are called on: archives that write where their names say, pickles by another name.
FORBIDDEN_METHODS = {"extractall", "read_pickle", "unpack_archive", "Read_Pickle"}
# Arguments that may be left out or have this value, in any call.
HARMLESS_VALUES = {"shell": False, "allow_pickle": False, "trust_remote_code": False}


def called_names(tree: ast.Module) -> dict[str, str]:
    """Full names of what a module imports, by what it calls them."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name if alias.asname else alias.name.partition(".")[0]
                names[alias.asname or top] = top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(function: ast.expr, names: dict[str, str]) -> str:
    parts = []
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if not isinstance(function, ast.Name):
        return "?." + ".".join(reversed(parts))
    return ".".join([names.get(function.id, function.id), *reversed(parts)])


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def wrong_keywords(node: ast.Call, name: str) -> Iterator[str]:
    given = {word.arg: word.value for word in node.keywords}
    for word, harmless in HARMLESS_VALUES.items():
        if word in given and ast.unparse(given[word]) != str(harmless):
            yield f"{word}={ast.unparse(given[word])}"
    weights_only = given.get("weights_only")
    if name == "torch.load" and (weights_only is None or ast.unparse(weights_only) != "True"):
        yield "torch.load without weights_only=True"


def offences(source: str) -> list[str]:
    """What a module does that runs, or may run, code out of a file."""
    tree = ast.parse(source)
    names = called_names(tree)
    found = []
    for node in ast.walk(tree):
        found += [
            f"import {module}"
            for module in imported(node)
            if module.partition(".")[0] in FORBIDDEN_MODULES and module not in HARMLESS_PARTS
        ]
        # Named is as good as called: it may be handed on.
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            name = full_name(node, names)
            if name in FORBIDDEN_CALLS or name.rpartition(".")[2] in FORBIDDEN_METHODS:
                found.append(name)
        if isinstance(node, ast.Call):
            found += wrong_keywords(node, full_name(node.func, names))
    return found


def test_no_module_runs_code_out_of_a_file() -> None:
    sources = sorted(Path(geocolor.__file__).parent.rglob("*.py"))
    found = {str(path): offences(path.read_text(encoding="utf-8")) for path in sources}
    assert len(found) > 300
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import yaml as y",
        "import xml.etree.ElementTree as tree",
        "from xml import sax",
        "from xml.sax import make_parser",
        "from xml.sax import SAXParseException, parse",
        "eval('1')",
        "run = exec",
        "compile('1', 'a', 'eval')",
        "import os\nos.system('ls')",
        "from os import popen as p\np('ls')",
        "import joblib\njoblib.load('a')",
        "import torch\ntorch.load('a')",
        "import torch as t\nt.load('a', weights_only=False)",
        "from torch import load\nload('a', 'cpu')",
        "import numpy as np\nnp.load('a', allow_pickle=True)",
        "import numpy as np\nnp.load('a', allow_pickle=safe)",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import subprocess\nsubprocess.Popen('ls', shell=1)",
        "kind.from_pretrained('a', trust_remote_code=True)",
        "archive.extractall('a')",
        "frame().read_pickle('a')",
    ],
)
def test_what_is_looked_for_is_found(source: str) -> None:
    assert offences(source)


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('a')",
        "model.eval()",
        "import torch\ntorch.load('a', weights_only=True)",
        "import numpy as np\nnp.load('a')\nnp.load('a', allow_pickle=False)",
        "import subprocess\nsubprocess.run(['ls'], shell=False)",
        "from defusedxml import ElementTree",
        "from xml.sax.saxutils import quoteattr",
    ],
)
def test_what_is_harmless_passes(source: str) -> None:
    assert offences(source) == []
