"""Forged configurations that ask for far more than is stored are refused, and nothing is built."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from geocolor.errors import CheckpointError
from geocolor.sharing import SharingPlan, load, proportion, save
from geocolor.sharing.checkpoint import structure_of
from geocolor.sharing.proportion import Stored, require_proportion

from .test_checkpoint import edit, vouch_for


@pytest.fixture
def folder(tmp_path: Path, tiny_llama: Any) -> Path:
    llama = tiny_llama()
    save(llama, SharingPlan(()), tmp_path / "llama", original_structure=structure_of(llama))
    return tmp_path / "llama"


def forge(folder: Path, **changes: Any) -> None:
    """Change the configuration, and vouch for it as a forger would."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    vouch_for(folder, "config.json")


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"num_hidden_layers": 10**9}, "1000000000 for 'num_hidden_layers'"),
        ({"num_hidden_layers": 10**5}, "more than 4900 parameters"),
        ({"vocab_size": 10**13}, r"6400000\d+ elements"),
        ({"intermediate_size": 10**12}, r"\d+ elements"),
        ({"text_config": {"depths": [2, 10**9]}}, "1000000000 for 'depths'"),
    ],
)
def test_a_forged_configuration_is_refused(
    folder: Path, changes: dict[str, Any], asked: str
) -> None:
    forge(folder, **changes)
    message = rf"config\.json asks for {asked}, but only 39 tensors of \d+ bytes in all are stored"
    with pytest.raises(CheckpointError, match=message):
        load(folder)


def test_buffers_that_are_in_no_file_count_too(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{}")

    def masked(width: int) -> nn.Module:
        model = nn.Linear(1, 1)
        model.register_buffer("mask", torch.ones(width, width, dtype=torch.bool), persistent=False)
        return model

    require_proportion(path, lambda: masked(1024), Stored(2, 8))
    with pytest.raises(CheckpointError, match="2500000002 elements"):
        require_proportion(path, lambda: masked(50_000), Stored(2, 8))


MEMORY = """
import resource, sys
import torch, transformers, safetensors, geocolor.sharing as sharing
from geocolor.errors import CheckpointError
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
transformers.LlamaForCausalLM
before = peak()
try:
    sharing.load(sys.argv[1])
except CheckpointError as error:
    print(peak() - before, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="kilobytes on Linux alone")
def test_nothing_is_allocated_for_it(folder: Path) -> None:
    # A norm as wide is made of ones, which fill memory: 400 MB here.
    forge(folder, hidden_size=10**8)
    edit(folder, original_structure="0" * 64)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(folder)], capture_output=True, text=True, check=True
    )
    kilobytes, message = done.stdout.split(maxsplit=1)
    assert "asks for" in message
    assert int(kilobytes) < 100_000


def test_a_configuration_that_is_too_large_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proportion, "_MAX_CONFIG_BYTES", 100)
    with pytest.raises(CheckpointError, match=r"config\.json is larger than 100 bytes"):
        load(folder)


def test_what_is_stored_densely_or_shared_among_many_is_in_proportion(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"num_things": 3, "note": "x", "deep": true}')
    for elements, stored in ((1000, Stored(1, 4000)), (10**9, Stored(1, 10**7))):
        require_proportion(path, lambda n=elements: nn.Embedding(n, 1), stored)
    with pytest.raises(CheckpointError, match=re.escape("1100000000 elements")):
        require_proportion(path, lambda: nn.Embedding(11 * 10**8, 1), Stored(1, 10**7))


def test_the_register_is_put_back(folder: Path) -> None:
    before = nn.Module.register_parameter
    load(folder)
    assert nn.Module.register_parameter is before
    forge(folder, num_hidden_layers=10**5)
    with pytest.raises(CheckpointError):
        load(folder)
    assert nn.Module.register_parameter is before
