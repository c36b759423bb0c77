"""Compressed files: told by their first bytes when read, by their names when written."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

__all__ = ["COMPRESSIONS", "Compression", "DamagedError", "Readable", "bare", "named"]

_BLOCK = 1 << 20
# What a decompressor may keep of what it has given out; the usual settings need far less.
_WINDOW = 1 << 27
_XZ_MEMORY = 1 << 28
# What is left behind a stream is copied, and streams may be short.
_XZ_PIECE = 1 << 16
# A byte of zstd may stand for 32 KiB, and all of what is put in comes out at once.
_ZSTD_PIECE = 1 << 10


class DamagedError(Exception):
    """The compressed data are damaged, or not all there."""


class Readable(Protocol):
    """What compressed data are read from."""

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes; none at the end."""
        ...


@dataclass(frozen=True)
class Compression:
    """A way to compress files.

    Attributes
    ----------
    name : str
        Name for people.
    magic : bytes
        What every such file begins with.
    unpack : callable
        Gives what is inside in parts of any length; raises :class:`DamagedError`.
    pack : callable
        Opens a stream that compresses into a file; the same bytes give the same file.
    """

    name: str
    magic: bytes
    unpack: Callable[[Readable], Iterator[bytes]]
    pack: Callable[[BinaryIO], AbstractContextManager[BinaryIO]]


def _unpack_gzip(raw: Readable) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=cast(BinaryIO, raw), mode="rb") as reader:
            while block := reader.read(_BLOCK):
                yield block
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DamagedError(str(error)) from error


def _pack_gzip(file: BinaryIO) -> AbstractContextManager[BinaryIO]:
    # No name and no time in the header: the same text, the same file.
    packed = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
    return cast(AbstractContextManager[BinaryIO], packed)


def _unpack_xz(raw: Readable) -> Iterator[bytes]:
    rest = raw.read(_XZ_PIECE)
    try:
        while rest:
            # A file may be several streams one behind the other.
            stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
            while not stream.eof:
                if not rest and stream.needs_input:
                    rest = raw.read(_XZ_PIECE)
                    if not rest:
                        raise DamagedError("it ends before its end marker")
                block, rest = stream.decompress(rest, _BLOCK), b""
                yield block
            rest = (stream.unused_data or raw.read(_XZ_PIECE)).lstrip(b"\0")
    except lzma.LZMAError as error:
        raise DamagedError(str(error)) from error


def _pack_xz(file: BinaryIO) -> AbstractContextManager[BinaryIO]:
    return cast(AbstractContextManager[BinaryIO], lzma.LZMAFile(file, "wb"))


def _unpack_zstd(raw: Readable) -> Iterator[bytes]:
    import zstandard

    rest = raw.read(_ZSTD_PIECE)
    try:
        while rest:
            # A file may be several frames one behind the other.
            frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
            while not frame.eof:
                if not rest:
                    rest = raw.read(_ZSTD_PIECE)
                    if not rest:
                        raise DamagedError("it ends before its last frame does")
                yield frame.decompress(rest)
                rest = b""
            rest = frame.unused_data or raw.read(_ZSTD_PIECE)
    except zstandard.ZstdError as error:
        raise DamagedError(str(error)) from error


def _pack_zstd(file: BinaryIO) -> AbstractContextManager[BinaryIO]:
    import zstandard

    packed = zstandard.ZstdCompressor(level=9).stream_writer(file, closefd=False)
    return cast(AbstractContextManager[BinaryIO], packed)


COMPRESSIONS: dict[str, Compression] = {
    ".gz": Compression("gzip", b"\x1f\x8b", _unpack_gzip, _pack_gzip),
    ".xz": Compression("xz", b"\xfd7zXZ\x00", _unpack_xz, _pack_xz),
    ".zst": Compression("zstd", b"\x28\xb5\x2f\xfd", _unpack_zstd, _pack_zstd),
}


def named(path: Path) -> Compression | None:
    """Find the compression that a file's name asks for."""
    return COMPRESSIONS.get(path.suffix.lower())


def bare(path: Path) -> Path:
    """Take the suffix of a compression off a file's name."""
    return path if named(path) is None else path.with_suffix("")
