"""IDX files as they are, and as they should not be."""

from __future__ import annotations

import gzip
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from geocolor.bench.models.vision import images as module
from geocolor.bench.models.vision.images import DEBIAN_FOLDER, fashion_mnist
from geocolor.errors import FormatError, GeocolorError, InputError, LimitError

_TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
_TEST_LABELS = "t10k-labels-idx1-ubyte.gz"


def test_pixels_and_labels_come_back(stripes: Path) -> None:
    train, test = fashion_mnist(stripes)
    assert train.pixels.shape == (640, 28, 28)
    assert test.labels.shape == (500,)
    for part in (train, test):
        lying = (part.pixels == 255).all(2).sum(1)
        assert (lying == np.where(part.labels < 5, 27 // (2 + part.labels % 5) + 1, 0)).all()


def _declares(*sizes: int) -> bytes:
    return bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (_TRAIN_IMAGES, b"", "no IDX file of bytes in 3 dimensions"),
        (_TRAIN_IMAGES, _declares(1, 28), "no IDX file of bytes in 3 dimensions"),
        (_TRAIN_IMAGES, b"\0\0\x0d\x03" + bytes(12), "no IDX file of bytes"),
        (_TRAIN_IMAGES, _declares(2, 28, 28) + bytes(784), "1568 values declared, 784 there"),
        # Their product wraps around to 0 in 64 bits.
        (_TRAIN_IMAGES, _declares(2**31, 2**31, 4), f"{2**64} values declared, 0 there"),
        (_TRAIN_IMAGES, _declares(1, 27, 28) + bytes(756), "images of 27 x 28 pixels, not 28 x 28"),
        (_TRAIN_IMAGES, _declares(1, 28, 28) + bytes(784), "640 labels for the 1 images"),
        (_TEST_LABELS, _declares(500) + b"\x0a" * 500, "a label is 10, beyond 9"),
    ],
)
def test_what_is_no_such_file_is_refused(
    stripes: Path, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    folder = shutil.copytree(stripes, tmp_path / "data")
    (folder / name).write_bytes(gzip.compress(content))
    with pytest.raises(FormatError, match=message) as caught:
        fashion_mnist(folder)
    assert str(caught.value).startswith(str(folder))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-20],
        lambda content: b"plain" + content,
        lambda content: content[:2000] + bytes(100) + content[2100:],
    ],
    ids=["cut off", "no gzip", "overwritten"],
)
def test_damaged_gzip_is_refused(
    stripes: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    folder = shutil.copytree(stripes, tmp_path / "data")
    file = folder / _TRAIN_IMAGES
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(FormatError, match="damaged gzip"):
        fashion_mnist(folder)


def test_a_file_that_unpacks_to_too_much_is_refused(
    stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 640 * 784 + 15)
    with pytest.raises(LimitError, match="more than 501775 bytes"):
        fashion_mnist(stripes)


def test_a_missing_folder_says_where_the_images_come_from(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="apt-get install dataset-fashion-mnist"):
        fashion_mnist(tmp_path / "nothing")
    with pytest.raises(GeocolorError, match=f"cannot read .*{_TRAIN_IMAGES}"):
        fashion_mnist(tmp_path)


@pytest.mark.skipif(not DEBIAN_FOLDER.is_dir(), reason="dataset-fashion-mnist is not installed")
def test_the_package_has_seventy_thousand_images_in_ten_equal_classes() -> None:
    train, test = fashion_mnist()
    assert np.bincount(train.labels).tolist() == [6000] * 10
    assert np.bincount(test.labels).tolist() == [1000] * 10
