"""Compress a checkpoint of given shapes block by block, and print the most memory that it took.

``python peak_memory.py HIDDEN FEED_FORWARD BLOCKS DTYPE FOLDER [LIMIT]``: a Llama of random
numbers. Figures are gigabytes beyond what the process has after compressing a tiny one. LIMIT is
the most that it may allocate or map for itself, files included (RLIMIT_DATA); beyond it the system
refuses. Prints the weights, what was resident at the most in each stage, files included, and
seconds of processor time, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from math import gcd
from multiprocessing import get_context
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

import geocolor
from geocolor.compression import Configuration
from geocolor.compression.configuration import Grouping
from geocolor.compression.progress import Progress, silent
from geocolor.compression.record import CompressionRecord
from geocolor.criterion import Form

# Narrowing takes long where hidden layers are wide, and is left out.
METHOD = Configuration("low rank", forms=(Form.DENSE, Form.BASIS), grouping=Grouping.PRIVATE)
VOCABULARY = 1000


def memory() -> dict[str, float]:
    """Gigabytes of this process as Linux counts them, by the names it has for them."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.removesuffix(":"): int(size) * 1024 / 1e9 for name, size, _ in fields}


class Peaks:
    """The most resident memory in each stage, beyond what there was at the beginning."""

    def __init__(self) -> None:
        self.stage = "calibrating"
        self.most: dict[str, float] = {}
        self._before = memory()["VmRSS"]
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            now = memory()["VmRSS"] - self._before
            self.most[self.stage] = max(self.most.get(self.stage, 0.0), now)
            time.sleep(0.02)

    def __call__(self, stage: str, _done: int, _total: int) -> None:
        """Note down what the call does; it says so at the end of each step."""
        self.stage = stage


def write(folder: Path, hidden: int, feed_forward: int, blocks: int, dtype: torch.dtype) -> float:
    """Write a checkpoint, a shard for each block; give its gigabytes.

    Heads are those of Llama 3.2 at 3,072: 24 of 128, and 8 for keys and values.
    """
    config = transformers.LlamaConfig(
        hidden_size=hidden,
        intermediate_size=feed_forward,
        num_hidden_layers=blocks,
        num_attention_heads=max(1, hidden // 128),
        num_key_value_heads=gcd(8, max(1, hidden // 128)),
        vocab_size=VOCABULARY,
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


def compress(folder: Path, output: Path, progress: Progress = silent) -> CompressionRecord:
    """Compress to 60% with 64 tokens."""
    batches = [torch.randint(0, VOCABULARY, (1, 32)) for _ in range(2)]
    return geocolor.compress_streamed(
        folder, batches, output, keep=0.6, preset=METHOD, on_progress=progress
    )


def main(
    hidden: int,
    feed_forward: int,
    blocks: int,
    dtype: torch.dtype,
    root: Path,
    limit: float | None = None,
) -> None:
    """Write, compress, print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    # What writing leaves in the allocator would be used again unseen.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(write, root / "tiny", 64, 64, 1, dtype).result()
        weights = pool.submit(write, root / "model", hidden, feed_forward, blocks, dtype).result()
    compress(root / "tiny", root / "tiny-out")
    if limit is not None:
        most = int((memory()["VmData"] + limit) * 1e9)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    peaks, before = Peaks(), time.process_time()
    record = compress(root / "model", root / "out", peaks)
    found = {
        "weights": weights,
        "kept": record.report.kept,
        "most": peaks.most,
        "seconds": time.process_time() - before,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(
        *map(int, sys.argv[1:4]),
        getattr(torch, sys.argv[4]),
        Path(sys.argv[5]),
        *map(float, sys.argv[6:]),
    )
