"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

# Machines that run tests are shared, and files and first calls of kernels are slow at times; a
# deadline for each example would fail by chance.
settings.register_profile("geocolor", deadline=None)
settings.load_profile("geocolor")


@pytest.fixture
def tiny_llama() -> Callable[..., Any]:
    """Builds Llamas of four layers whose norms have scales and whose predictions have a shape."""
    transformers = pytest.importorskip("transformers")
    import torch  # not at the top: the solvers' tests never load it

    def build(seed: int = 0, **changes: Any) -> Any:
        shape = {
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "vocab_size": 61,
            "max_position_embeddings": 64,
        }
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**(shape | changes)))
            for parameter in model.parameters():
                if parameter.ndim == 1:
                    parameter.uniform_(0.5, 1.5)
                else:
                    parameter.normal_(std=0.2)
        return model.eval()

    return build
