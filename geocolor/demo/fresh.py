"""What a fresh process sees of a saved checkpoint: ``python -m geocolor.demo.fresh``.

It has the checkpoint's folder and the probe tokens, nothing of the process that wrote them.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import torch

import geocolor

__all__ = ["logits_hash"]


@torch.no_grad()
def logits_hash(model: torch.nn.Module, tokens: torch.Tensor) -> str:
    """Hex SHA-256 of the logits' bytes for a window of tokens."""
    logits: torch.Tensor = model(input_ids=tokens[None], use_cache=False).logits
    return hashlib.sha256(logits.float().numpy().tobytes()).hexdigest()


if __name__ == "__main__":
    folder, threads, *tokens = sys.argv[1:]
    # The order of a sum depends on the number of threads; identical means the same number.
    torch.set_num_threads(int(threads))
    sys.stdout.write(
        logits_hash(geocolor.load(Path(folder)), torch.tensor([int(token) for token in tokens]))
    )
