"""A folder with a model in shards, and batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

# Matrices this small are quicker without threads that wait for each other.
torch.set_num_threads(1)


@pytest.fixture
def folder(tiny_llama: Callable[..., Any], tmp_path: Path) -> Path:
    path = tmp_path / "model"
    tiny_llama(tie_word_embeddings=True).save_pretrained(path, max_shard_size="20KB")
    assert len(list(path.glob("*.safetensors"))) > 4
    return path


@pytest.fixture
def batches() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(0, 61, (4, 16), generator=generator) for _ in range(4)]
