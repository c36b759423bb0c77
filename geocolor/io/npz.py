"""Arrays in ``.npz``: a scipy sparse matrix, or a dense matrix of weights."""

from __future__ import annotations

import io
import math
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.listing import Listing
from geocolor.io.matrix import matrix_listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import require_room
from geocolor.wording import counted

__all__ = ["npz_text", "read_npz"]

_SUFFIX = ".npy"
_MOST_ARRAYS = 64
# Room for a description of types and shape; what is longer describes no array read here.
_LONGEST_HEADER = 1 << 14
# What an entry takes once it is read, if it does not take more in the file: all become doubles
# or whole numbers of 64 bits.
_WIDEST = 8
_COMPRESSED = ("csr", "csc")
# Room for the name of a sparse format.
_LONGEST_NAME = 64
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What the zip module raises over damaged archives.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
# What numpy raises over what is no header; it tokenizes what it cannot parse.
_NO_HEADER = (
    KeyError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    tokenize.TokenError,
)


@contextmanager
def _refusing(what: str, name: str) -> Iterator[None]:
    """Turn what is raised over a damaged archive into our own error."""
    try:
        yield
    except InputError:
        raise
    except _DAMAGE as error:
        raise FormatError(f"{what}: {error}", name) from error


@dataclass(frozen=True)
class _Header:
    """What an array in the archive says of itself."""

    member: zipfile.ZipInfo
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)


class _Archive:
    """The arrays of an archive by name; their headers are read and judged before any of them."""

    def __init__(self, data: bytes, name: str, limits: Limits) -> None:
        self.name = name
        self.headers: dict[str, _Header] = {}
        with _refusing("not a whole zip file", name):
            self.zip = zipfile.ZipFile(io.BytesIO(data))
        members = self.zip.infolist()
        if len(members) > _MOST_ARRAYS:
            raise LimitError(f"{name}: {len(members)} arrays, the limit is {_MOST_ARRAYS}")
        total = 0
        for member in members:
            header = self._header(member)
            total += header.count * max(header.dtype.itemsize, _WIDEST)
            if max(total, member.file_size) > limits.array_bytes:
                found = f"arrays of {max(total, member.file_size)} bytes"
                raise limits.beyond("array_bytes", name, found)
            self.headers[member.filename.removesuffix(_SUFFIX)] = header

    def _header(self, member: zipfile.ZipInfo) -> _Header:
        if not member.filename.endswith(_SUFFIX) or member.compress_type not in _PACKED:
            raise FormatError(f"{member.filename[:40]!r} is no array", self.name)
        with _refusing("not a whole zip file", self.name), self.zip.open(member) as file:
            try:
                version = np.lib.format.read_magic(file)
                read = {
                    (1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0,
                }[version]
                shape, _, dtype = read(file, max_header_size=_LONGEST_HEADER)
                start = file.tell()
            except _NO_HEADER as error:
                raise FormatError(f"{member.filename[:40]!r} is no array", self.name) from error
        if dtype.hasobject:
            raise FormatError(
                f"{member.filename[:40]!r} holds pickled objects, which are never loaded", self.name
            )
        if any(type(side) is not int or side < 0 for side in shape):
            raise FormatError(f"{member.filename[:40]!r} has no shape", self.name)
        header = _Header(member, dtype, shape)
        if start + header.count * dtype.itemsize != member.file_size:
            raise FormatError(
                f"{member.filename[:40]!r} promises {header.count * dtype.itemsize} bytes and has "
                f"{member.file_size - start}",
                self.name,
            )
        return header

    def header(self, key: str) -> _Header:
        """Find what an array says of itself.

        Raises
        ------
        FormatError
            It is not there.
        """
        if key not in self.headers:
            raise FormatError(f"no array {key!r}", self.name)
        return self.headers[key]

    def array(self, key: str) -> NDArray[Any]:
        """Read one array; its shape is to be judged before.

        Raises
        ------
        FormatError
            It is not there, or damaged.
        """
        member = self.header(key).member
        with (
            _refusing(f"the array {key!r} is damaged", self.name),
            self.zip.open(member) as file,
        ):
            found: NDArray[Any] = np.lib.format.read_array(
                file, allow_pickle=False, max_header_size=_LONGEST_HEADER
            )
        return found

    def real(self, key: str) -> NDArray[np.float64]:
        """Read numbers, all finite."""
        dtype = self.header(key).dtype
        if dtype.kind not in "fiub":
            raise FormatError(f"the array {key!r} holds {dtype}, no numbers", self.name)
        with np.errstate(over="ignore"):  # of wider floats; what is not finite is refused
            values = self.array(key).astype(np.float64, copy=False)
        if not np.isfinite(values).all():
            raise FormatError(f"the array {key!r} has an entry that is not finite", self.name)
        return values

    def require_whole(self, *keys: str) -> None:
        """Refuse what is no row of whole numbers by its header alone."""
        for key in keys:
            header = self.header(key)
            if header.dtype.kind not in "iu" or len(header.shape) != 1:
                raise FormatError(f"the array {key!r} must be a row of whole numbers", self.name)

    def whole(self, key: str) -> NDArray[np.int64]:
        """Read a row of whole numbers."""
        self.require_whole(key)
        return self.array(key).astype(np.int64, copy=False)


def read_npz(source: Source, meaning: Meaning) -> Listing:
    """Read a matrix as ``scipy.sparse.save_npz`` or ``numpy.savez`` writes it.

    A sparse matrix is in the arrays of scipy; a dense one is the array ``weights``, or the only
    one, and ``conflicts`` beside it marks hard conflicts. Entries of a matrix of truth values are
    conflicts, numbers are weights; zeros stored in a sparse matrix are weights of zero. Arrays
    ``labels`` and ``sizes`` may be there. Pickled objects are never loaded.

    Raises
    ------
    FormatError
        It is not such a file.
    LimitError
        It is larger than the limits; nothing was allocated for its arrays.
    """
    archive = _Archive(source.read_all("array_bytes"), source.name, source.limits)
    return _sparse(archive, source) if "shape" in archive.headers else _dense(archive, source)


def _sparse(archive: _Archive, source: Source) -> Listing:
    archive.require_whole("shape")
    if archive.header("shape").count != 2:
        raise FormatError("the array 'shape' must be two whole numbers", source.name)
    shape = archive.whole("shape").tolist()
    if shape[0] != shape[1] or shape[0] < 0:
        raise FormatError(f"a matrix of shape {tuple(shape)} is no graph", source.name)
    count = shape[0]
    source.limits.require_nodes(count, source.name)
    layout = _layout(archive)
    data = archive.header("data")
    # Both halves of a symmetric matrix, and its diagonal.
    source.limits.require_edges((data.count - count) // 2, source.name)
    ends = ("indptr", "indices") if layout in _COMPRESSED else ("row", "col")
    if layout not in _COMPRESSED and (layout != "coo" or "row" not in archive.headers):
        raise FormatError(f"a sparse matrix in the format {layout!r}; save it as csr", source.name)
    archive.require_whole(*ends)
    if layout in _COMPRESSED and archive.header("indptr").count != count + 1:
        raise FormatError("the array 'indptr' does not go with the others", source.name)
    lengths = {archive.header(key).shape for key in ("data", *ends) if key != "indptr"}
    if lengths != {(data.count,)}:
        raise FormatError("the arrays of rows, columns and data differ in length", source.name)
    _require_beside(archive, count)
    rows, columns = (archive.whole(key) for key in ends)
    if layout in _COMPRESSED:
        starts = rows
        if starts[0] != 0 or starts[-1] != len(columns) or (np.diff(starts) < 0).any():
            raise FormatError("the array 'indptr' does not go with the others", source.name)
        rows = np.repeat(np.arange(count), np.diff(starts))
    marks = data.dtype.kind == "b"
    values = archive.real("data")
    pairs = np.stack([rows, columns], axis=1)
    if ((pairs < 0) | (pairs >= count)).any():
        raise FormatError(f"an entry is outside of the {count} rows and columns", source.name)
    if marks:
        pairs = pairs[values != 0]
    return _listing(archive, count, pairs, None if marks else values)


def _layout(archive: _Archive) -> str:
    """Read the name of a sparse format."""
    header = archive.header("format")
    if header.count * header.dtype.itemsize > _LONGEST_NAME:
        raise FormatError("the array 'format' is no name of a sparse format", archive.name)
    name = archive.array("format").tobytes().rstrip(b"\0").replace(b"\0", b"")
    return name.decode("ascii", "backslashreplace")


def _dense(archive: _Archive, source: Source) -> Listing:
    named = [key for key in archive.headers if key not in ("labels", "sizes", "conflicts")]
    if "weights" in named:
        named = ["weights"]
    if len(named) > 1 or not (named or "conflicts" in archive.headers):
        raise FormatError(
            "expected a sparse matrix as scipy saves it, or an array 'weights'", source.name
        )
    chosen = [*named, *(key for key in ("conflicts",) if key in archive.headers)]
    shapes = {archive.headers[key].shape for key in chosen}
    shape = shapes.pop()
    if shapes:
        raise FormatError("weights and conflicts differ in shape", source.name)
    if len(shape) != 2 or shape[0] != shape[1]:
        raise FormatError(f"a matrix of shape {shape} is no graph", source.name)
    count = shape[0]
    source.limits.require_nodes(count, source.name)
    source.limits.require_edges(count * (count - 1) // 2, source.name)
    _require_beside(archive, count)
    if not named or archive.headers[named[0]].dtype.kind == "b":
        marked = np.any([archive.real(key) != 0 for key in chosen], axis=0)
        return _listing(archive, count, np.argwhere(marked), None)
    weights = archive.real(named[0])
    hard = archive.real("conflicts") != 0 if "conflicts" in archive.headers else None
    pairs = np.argwhere(weights != 0 if hard is None else (weights != 0) | hard)
    at = tuple(pairs.T)
    # A conflict of weight zero has no weight.
    values = np.where(weights[at] == 0, np.nan, weights[at])
    return _listing(archive, count, pairs, values, None if hard is None else hard[at])


def _require_beside(archive: _Archive, count: int) -> None:
    """Refuse names and sizes of another shape by their headers alone."""
    labels, sizes = (archive.headers.get(key) for key in ("labels", "sizes"))
    if labels is not None and (labels.dtype.kind != "U" or labels.shape != (count,)):
        raise FormatError("labels must be one text for each row", archive.name)
    if sizes is not None and sizes.shape != (count,):
        raise FormatError(
            f"{counted(count, 'node')} but sizes of shape {sizes.shape}", archive.name
        )


def _listing(
    archive: _Archive,
    count: int,
    pairs: NDArray[np.int64],
    values: NDArray[np.float64] | None,
    hard: NDArray[np.bool_] | None = None,
) -> Listing:
    labels = None
    if "labels" in archive.headers:
        found = archive.array("labels")
        codes = np.frombuffer(found.astype(found.dtype.newbyteorder("=")).tobytes(), np.uint32)
        if codes.max(initial=0) > sys.maxunicode:
            raise FormatError("labels hold codes that are no characters", archive.name)
        labels = found.tolist()
    sizes = archive.real("sizes") if "sizes" in archive.headers else None
    return matrix_listing(
        count, pairs.astype(np.int32), values, hard=hard, labels=labels, sizes=sizes
    )


def npz_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Give a graph as ``scipy.sparse.load_npz`` reads it, compressed; names and sizes beside it.

    Raises
    ------
    InputError
        The graph has both weights and conflicts, or a name that ends in a NUL.
    LimitError
        Its names take more room than is read by default, all being as wide as the longest.
    """
    require_room(graph, "a sparse matrix (.npz)", both=False)
    cut = next((name for name in graph.labels or () if name.endswith("\0")), None)
    if cut is not None:
        raise InputError(f"an .npz cannot hold the name {cut!r}, which ends in a NUL; write .json")
    part = graph.weights if graph.is_weighted else graph.conflicts
    data = part.values if graph.is_weighted else np.ones(len(part.indices), dtype=bool)
    arrays: dict[str, Any] = {
        "indices": part.indices,
        "indptr": part.indptr,
        "format": np.array(b"csr"),
        "shape": np.array([graph.num_nodes] * 2, dtype=np.int64),
        "data": np.empty(0) if data is None else data,
        "_is_array": np.array(True),
    }
    if graph.labels is not None:
        longest = max(map(len, graph.labels), default=0)
        taken, most = 4 * longest * graph.num_nodes, Limits().array_bytes
        if taken > most:
            raise LimitError(
                f"names of up to {longest} characters, each as wide as the longest, take {taken} "
                f"bytes in .npz, the limit is {most}; write .json"
            )
        arrays["labels"] = np.array(graph.labels, dtype=np.str_)
    if (graph.sizes != 1.0).any():
        arrays["sizes"] = graph.sizes
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            # No time: the same graph, the same file.
            member = zipfile.ZipInfo(key + _SUFFIX)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    yield file.getvalue()
