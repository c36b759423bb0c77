"""Compress a checkpoint of given shapes block by block, and print the most memory that it took.

``python peak_memory.py HIDDEN FEED_FORWARD BLOCKS DTYPE FOLDER``: a Llama of random numbers. Prints
gigabytes of the weights, of the process before, and at the most in each stage, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

import geocolor
from geocolor.compression import Configuration
from geocolor.compression.configuration import Grouping
from geocolor.criterion import Form

# Narrowing takes long where hidden layers are wide, and is left out.
METHOD = Configuration("low rank", forms=(Form.DENSE, Form.BASIS), grouping=Grouping.PRIVATE)


def resident() -> float:
    """Gigabytes of this process, as Linux counts them."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e9


class Peaks:
    """The most memory in each stage."""

    def __init__(self) -> None:
        self.stage = "loading"
        self.most: dict[str, float] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.most[self.stage] = max(self.most.get(self.stage, 0.0), resident())
            time.sleep(0.02)

    def __call__(self, stage: str, _done: int, _total: int) -> None:
        """Note down what the call does; it says so at the end of each step."""
        self.stage = stage


def write(folder: Path, hidden: int, feed_forward: int, blocks: int, dtype: torch.dtype) -> float:
    """Write a checkpoint, a shard for each block; give its gigabytes."""
    config = transformers.LlamaConfig(
        hidden_size=hidden,
        intermediate_size=feed_forward,
        num_hidden_layers=blocks,
        num_attention_heads=hidden // 64,
        num_key_value_heads=max(1, hidden // 512),
        vocab_size=1000,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        architectures=["LlamaForCausalLM"],
        dtype=dtype,
    )
    config.save_pretrained(folder)
    with torch.device("meta"):
        state = transformers.LlamaForCausalLM(config).state_dict()
    shards: dict[str, list[str]] = {}
    for name in state:
        if name != "lm_head.weight":
            part = name.split(".")[2] if ".layers." in name else "rest"
            shards.setdefault(f"model-{part}.safetensors", []).append(name)
    for file, names in shards.items():
        tensors = {name: torch.randn(state[name].shape) / hidden**0.5 for name in names}
        save_file({name: tensors[name].to(dtype) for name in names}, folder / file)
    index = {name: file for file, names in shards.items() for name in names}
    text = json.dumps({"metadata": {}, "weight_map": index})
    (folder / "model.safetensors.index.json").write_text(text, encoding="utf-8")
    return sum(file.stat().st_size for file in folder.glob("*.safetensors")) / 1e9


def main(hidden: int, feed_forward: int, blocks: int, dtype: torch.dtype, root: Path) -> None:
    """Write, compress, print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    weights = write(root / "model", hidden, feed_forward, blocks, dtype)
    batches = [torch.randint(0, 1000, (1, 32)) for _ in range(2)]
    before, peaks = resident(), Peaks()
    record = geocolor.compress_streamed(
        root / "model", batches, root / "out", keep=0.6, preset=METHOD, on_progress=peaks
    )
    found = {"weights": weights, "before": before, "kept": record.report.kept, "most": peaks.most}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), getattr(torch, sys.argv[4]), Path(sys.argv[5]))
