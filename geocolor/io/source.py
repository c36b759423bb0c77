"""Reading files and pipes block by block, decompressed, with the limits kept while they stream."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from weakref import WeakKeyDictionary

from geocolor.errors import FormatError, InputError
from geocolor.io.compression import COMPRESSIONS, Compression, DamagedError, Readable, named
from geocolor.io.limits import Limits

__all__ = ["STREAM", "Source", "head_of", "line_blocks", "open_source", "read_all", "shown"]

# The name of standard input and output.
STREAM = "-"
_BLOCK = 1 << 20
_HEAD = 1 << 16
_LONGEST_MAGIC = max(len(compression.magic) for compression in COMPRESSIONS.values())
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LONGEST_LINE = 1 << 24
# What was read of standard input by who looked at its head; it is still to be read.
_looked_at: WeakKeyDictionary[BinaryIO, bytes] = WeakKeyDictionary()


class _Pipe:
    """Standard input from its start, whether or not its head was looked at before."""

    def __init__(self, stream: BinaryIO, *, looking: bool) -> None:
        self._stream, self._looking, self._at = stream, looking, 0
        self._seen = _looked_at.pop(stream, b"")

    def read(self, size: int, /) -> bytes:
        data = self._seen[self._at : self._at + size]
        if not data:
            data = self._stream.read(size)
            self._seen += data if self._looking else b""
        self._at += len(data)
        return data

    def put_back(self) -> None:
        _looked_at[self._stream] = self._seen


class _Raw:
    """A file's own bytes, of which the first can be looked at; no more of them than the limit."""

    def __init__(self, stream: Readable, name: str, limits: Limits) -> None:
        self.start = stream.read(_LONGEST_MAGIC)
        self._pending = self.start
        self._stream, self._name, self._limits = stream, name, limits
        self._total = 0

    def read(self, size: int, /) -> bytes:
        if self._pending:
            data, self._pending = self._pending[:size], self._pending[size:]
        else:
            data = self._stream.read(size)
        self._total += len(data)
        if self._total > self._limits.file_bytes:
            raise self._limits.beyond("file_bytes", self._name, f"at least {self._total} bytes")
        return data


def _in_blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Join parts, of which there may be as many as there are bytes."""
    waiting: list[bytes] = []
    length = 0
    for part in filter(None, parts):
        waiting.append(part)
        length += len(part)
        if length >= _BLOCK:
            yield b"".join(waiting)
            waiting, length = [], 0
    if waiting:
        yield b"".join(waiting)


class Source:
    """A file or pipe, opened and decompressed, that is read once from its start.

    Attributes
    ----------
    name : str
        What messages call it.
    limits : Limits
        What it may be at most.
    compression : Compression or None
        How it is compressed.
    """

    def __init__(self, path: Path, stream: Readable, limits: Limits) -> None:
        self.name = "standard input" if str(path) == STREAM else str(path)
        self.limits = limits
        raw = _Raw(stream, self.name, limits)
        self.compression = self._told(path, raw.start)
        self._unpacked = self._unpack(raw)
        self._first: bytes | None = None

    def _told(self, path: Path, start: bytes) -> Compression | None:
        for compression in COMPRESSIONS.values():
            if start.startswith(compression.magic):
                return compression
        promised = named(path)
        if promised is not None:
            raise FormatError(
                f"not a whole {promised.name} file: it begins with {shown(start)}", self.name
            )
        return None

    def _unpack(self, raw: _Raw) -> Iterator[bytes]:
        if self.compression is None:
            while block := raw.read(_BLOCK):
                yield block
            return
        try:
            yield from _in_blocks(self.compression.unpack(raw))
        except DamagedError as error:
            raise FormatError(
                f"not a whole {self.compression.name} file: {error}", self.name
            ) from error

    @property
    def head(self) -> bytes:
        """The first 64 KiB and what came with them, decompressed, which stay to be read."""
        if self._first is None:
            self._first = b""
            while len(self._first) < _HEAD and (block := next(self._unpacked, b"")):
                self._first += block
        return self._first

    def blocks(self, limit: str = "text_bytes") -> Iterator[bytes]:
        """Give what is inside in blocks.

        Parameters
        ----------
        limit : str
            The attribute of :class:`Limits` that says how many bytes it may be.

        Raises
        ------
        FormatError
            It is damaged.
        LimitError
            It is larger than a limit.
        """
        most = getattr(self.limits, limit)
        block, self._first = self.head, b""
        total = 0
        while block:
            total += len(block)
            if total > most:
                raise self.limits.beyond(limit, self.name, f"at least {total} bytes of text")
            yield block
            block = next(self._unpacked, b"")

    def read_all(self, limit: str = "json_bytes") -> bytes:
        """Read it whole, within the limit for formats that are parsed whole.

        Parameters
        ----------
        limit : str
            As for :meth:`blocks`.

        Raises
        ------
        FormatError, LimitError
            As for :meth:`blocks`.
        """
        return b"".join(self.blocks(limit))

    def line_blocks(self) -> Iterator[bytes]:
        r"""Read a text in blocks of whole lines.

        Every block ends in ``\n``; one is added to a last line without. A byte order mark is
        dropped. In a text without any ``\n`` a ``\r`` ends a line.

        Raises
        ------
        FormatError, LimitError
            As for :meth:`blocks`; also a line of over 16 megabytes, which no text format here has.
        """
        rest = b""
        first = whole = True
        for block in self.blocks():
            joined = rest + block
            if first:
                if joined.startswith(_UTF_16):
                    raise FormatError("UTF-16 text; save it as UTF-8", self.name)
                joined = joined.removeprefix(_BYTE_ORDER_MARK)
                first = False
            cut = joined.rfind(b"\n") + 1
            rest = joined[cut:]
            if len(rest) > _LONGEST_LINE:
                raise FormatError(f"a line of over {_LONGEST_LINE} bytes", self.name)
            if cut:
                whole = False
                yield joined[:cut]
        if rest:
            yield (rest.replace(b"\r", b"\n") if whole else rest) + b"\n"


@contextmanager
def open_source(path: str | os.PathLike[str], limits: Limits) -> Iterator[Source]:
    """Open a file, or standard input for ``-``; gzip, xz and zstd are told by their first bytes.

    Raises
    ------
    InputError
        It cannot be read.
    FormatError
        It is not compressed though its name says so.
    LimitError
        It is larger than a limit.
    """
    place = Path(path)
    try:
        if str(place) == STREAM:
            yield Source(place, _Pipe(sys.stdin.buffer, looking=False), limits)
            return
        size = place.stat().st_size
        if size > limits.file_bytes:
            raise limits.beyond("file_bytes", str(path), f"{size} bytes")
        with place.open("rb") as stream:
            yield Source(place, stream, limits)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def head_of(path: Path, limits: Limits) -> bytes:
    """Give the first 64 KiB or more of what is in a file, decompressed.

    Standard input can still be read from its start; another pipe cannot.

    Raises
    ------
    InputError, FormatError, LimitError
        As for :func:`open_source`.
    """
    if str(path) != STREAM:
        with open_source(path, limits) as source:
            return source.head
    pipe = _Pipe(sys.stdin.buffer, looking=True)
    try:
        return Source(path, pipe, limits).head
    finally:
        pipe.put_back()


def read_all(path: Path, limits: Limits) -> bytes:
    """Read a whole file; see :meth:`Source.read_all`."""
    with open_source(path, limits) as source:
        return source.read_all()


def line_blocks(path: Path, limits: Limits) -> Iterator[bytes]:
    """Read a text file in blocks of whole lines; see :meth:`Source.line_blocks`."""
    with open_source(path, limits) as source:
        yield from source.line_blocks()


def shown(token: bytes) -> str:
    """Quote a token of a file for a message, cut to what fits there."""
    text = token[:20].decode("ascii", "backslashreplace")
    return repr(text if len(token) <= 20 else text + "...")
