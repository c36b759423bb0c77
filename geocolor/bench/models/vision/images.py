"""Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017) out of its Debian package."""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, InputError, LimitError

__all__ = ["DEBIAN_FOLDER", "Images", "fashion_mnist"]

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
_CLASSES = 10
_SIDE = 28
# Of each file once decompressed; the largest there is, 60,000 images, has 47 MB.
_MOST_BYTES = 64 << 20
# Two zero bytes, the type of the values (8: unsigned bytes), the number of dimensions.
_HEADER = struct.Struct(">HBB")
_BYTES = 8


@dataclass(frozen=True, eq=False)
class Images:
    """Images with their classes.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (images, 28, 28)
    labels : ndarray of uint8, shape (images,)
        Classes 0 to 9.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def fashion_mnist(folder: Path = DEBIAN_FOLDER) -> tuple[Images, Images]:
    """Read the training and the test images.

    Parameters
    ----------
    folder : Path
        With the four gzipped IDX files.

    Returns
    -------
    train, test : Images
        Of the original 60,000 and 10,000, in their order.

    Raises
    ------
    InputError
        The folder, or a file of it, is not there.
    FormatError
        A file is damaged or holds something else.
    LimitError
        A file is larger than any of the original's.
    """
    if not folder.is_dir():
        raise InputError(
            f"no Fashion-MNIST in {folder}: install the Debian package dataset-fashion-mnist "
            "(apt-get install dataset-fashion-mnist), or name a folder with its four files"
        )
    return _images(folder, "train"), _images(folder, "t10k")


def _images(folder: Path, part: str) -> Images:
    pixels_file = folder / f"{part}-images-idx3-ubyte.gz"
    labels_file = folder / f"{part}-labels-idx1-ubyte.gz"
    pixels, labels = _read_idx(pixels_file, 3), _read_idx(labels_file, 1)
    if pixels.shape[1:] != (_SIDE, _SIDE):
        size = " x ".join(map(str, pixels.shape[1:]))
        raise FormatError(f"images of {size} pixels, not {_SIDE} x {_SIDE}", str(pixels_file))
    if len(pixels) != len(labels):
        raise FormatError(
            f"{len(labels)} labels for the {len(pixels)} images of {pixels_file.name}",
            str(labels_file),
        )
    if not len(labels):
        raise FormatError("it holds no images", str(pixels_file))
    if labels.max() >= _CLASSES:
        raise FormatError(f"a label is {labels.max()}, beyond {_CLASSES - 1}", str(labels_file))
    return Images(pixels, labels)


def _read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an array in LeCun's IDX format."""
    try:
        with gzip.open(path) as file:
            content = file.read(_MOST_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(f"damaged gzip: {error}", str(path)) from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    if len(content) > _MOST_BYTES:
        raise LimitError(f"{path}: more than {_MOST_BYTES} bytes once decompressed")
    start = _HEADER.size + 4 * dimensions
    if len(content) < start or _HEADER.unpack_from(content) != (0, _BYTES, dimensions):
        raise FormatError(f"no IDX file of bytes in {dimensions} dimensions", str(path))
    shape = struct.unpack_from(f">{dimensions}I", content, _HEADER.size)
    values = np.frombuffer(content, dtype=np.uint8, offset=start)
    # Python's integers: declared sizes must not wrap around.
    declared = int(np.prod(np.array(shape, dtype=object)))
    if declared != len(values):
        raise FormatError(f"{declared} values declared, {len(values)} there", str(path))
    return values.reshape(shape)
