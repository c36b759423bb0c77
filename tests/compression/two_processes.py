"""What a process does in ``test_distributed.py``: measure, compress, recover."""

from __future__ import annotations

import copy
import os
import sys
from pathlib import Path

import torch
from torch import nn

from geocolor.compression import compress, recover
from geocolor.curvature import collect_curvature
from geocolor.units import find_units


def work(folder: Path, name: str) -> None:
    """Measure a model's curvature, compress it, recover it, and save what came of it."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 12), nn.Tanh())
    batches = [torch.randn(8 + at, 4) for at in range(5)]
    collect_curvature(model, batches, find_units(model)).save(folder / f"{name}.curvature")
    compressed = compress(model, batches, keep=0.5)
    trained = copy.deepcopy(compressed.model)
    recover(trained, model, batches, steps=12, together=2, checkpoint=folder / f"{name[:3]}.state")
    from safetensors.torch import save_model

    save_model(trained, str(folder / f"{name}.model"))


if __name__ == "__main__":
    place, number = Path(sys.argv[1]), int(sys.argv[2])
    if number < 0:
        work(place, "one")
        sys.exit()
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{place / 'meeting'}", rank=number, world_size=2
    )
    work(place, f"two{number}")
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    # torch's own threads may abort an interpreter that takes them apart.
    os._exit(0)
