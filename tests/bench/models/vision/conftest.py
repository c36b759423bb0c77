"""Images whose class is a pattern of stripes, in the four files of Fashion-MNIST."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray


def idx(values: NDArray[np.uint8]) -> bytes:
    """Write an array as IDX."""
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()


def write_part(folder: Path, part: str, count: int, seed: int) -> None:
    """Write images and labels; stripes of classes 0 to 4 lie, those of 5 to 9 stand."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    pixels = rng.integers(0, 60, (count, 28, 28)).astype(np.uint8)
    for image, label in zip(pixels, labels.tolist(), strict=True):
        lines = image if label < 5 else image.T
        lines[:: 2 + label % 5] = 255
    for name, values in (("images-idx3", pixels), ("labels-idx1", labels)):
        with gzip.open(folder / f"{part}-{name}-ubyte.gz", "wb") as file:
            file.write(idx(values))


@pytest.fixture(scope="module")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 640 images to train on and 500 to test."""
    folder: Path = tmp_path_factory.mktemp("stripes")
    write_part(folder, "train", 640, 0)
    write_part(folder, "t10k", 500, 1)
    return folder
