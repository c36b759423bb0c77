"""What a fresh process gets out of checkpoints: given their folder, it prints a line for each."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from geocolor.bench.models.architecture_table import loads_alike

if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]))
    for place, alike in loads_alike(Path(sys.argv[1])):
        sys.stdout.write(f"{place} {'alike' if alike else 'different'}\n")
