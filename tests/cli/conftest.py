"""A command line to call, with fake solvers, on small graphs."""

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from geocolor.cli.main import main
from geocolor.graph import ConflictGraph, queen
from geocolor.io import write

FAKES = Path(__file__).with_name("fake_solvers.py")


@dataclass(frozen=True)
class Done:
    """What a call of the command line did."""

    code: int
    out: str
    err: str

    def error(self) -> str:
        """Return its one error line, without the prefix."""
        assert self.out == ""
        assert self.err.startswith("geocolor: error: "), self.err
        assert self.err.count("\n") == 1
        return self.err.removeprefix("geocolor: error: ").rstrip()

    def json(self) -> Any:
        """Parse the one JSON object on stdout."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    spec = importlib.util.spec_from_file_location("fake_solvers", FAKES)
    assert spec is not None
    assert spec.loader is not None
    fakes = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fakes)
    fakes.register(monkeypatch)
    # What is compiled when is for the tests that ask for it; the others' output has no such line.
    monkeypatch.setattr("geocolor.solvers.compiling.pending", lambda *_: [])

    def call(*arguments: object) -> Done:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call


@pytest.fixture
def queen5(tmp_path: Path) -> Path:
    path = tmp_path / "queen5_5.col"
    write(queen(5, 5), path)
    return path


@pytest.fixture
def weighted(tmp_path: Path) -> Path:
    """Four nodes: 0 and 1 must be apart, 2 and 3 attract."""
    path = tmp_path / "weighted.json"
    graph = ConflictGraph.from_edges(
        4, [(0, 2), (1, 3), (2, 3)], [1.5, 0.25, -2.0], conflicts=[(0, 1)], labels="abcd"
    )
    write(graph, path)
    return path


@pytest.fixture
def model_folder(tiny_llama: Callable[..., Any], tmp_path: Path) -> Path:
    """A Hugging Face folder with a model and a tokenizer of 60 words, word0 to word59."""
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {f"word{i}": i for i in range(60)} | {"<unk>": 60}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))  # noqa: S106
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    path = tmp_path / "model"
    tiny_llama().save_pretrained(path)
    transformers.PreTrainedTokenizerFast(tokenizer_object=backend).save_pretrained(path)
    return path
