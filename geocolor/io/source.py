"""Reading files block by block, gzip included, with the limits kept while they stream."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from geocolor.errors import FormatError, InputError, LimitError
from geocolor.io.limits import Limits

__all__ = ["is_gzip_name", "line_blocks", "read_all", "shown"]

_BLOCK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_LONGEST_LINE = 1 << 20


def is_gzip_name(path: Path) -> bool:
    """Whether the file's name says that it is gzip-compressed."""
    return path.suffix.lower() == ".gz"


def _blocks(path: Path, limits: Limits, text_limit: int) -> Iterator[bytes]:
    """Decompressed blocks of a file."""
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise LimitError(f"{path}: {size} bytes, the limit is {limits.file_bytes}")
        with path.open("rb") as raw:
            compressed = is_gzip_name(path)
            reader = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if compressed else raw
            total = 0
            while block := reader.read(_BLOCK):
                if total == 0 and not compressed and block.startswith(_GZIP_MAGIC):
                    raise FormatError("is gzip-compressed; give it a name in .gz", str(path))
                total += len(block)
                if total > text_limit:
                    raise LimitError(f"{path}: more than {text_limit} bytes of text, the limit")
                yield block
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FormatError(f"not a whole gzip file: {error}", str(path)) from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def read_all(path: Path, limits: Limits) -> bytes:
    """Read a whole JSON file, within its own limit.

    Raises
    ------
    InputError
        It cannot be read, is no gzip file though its name says so, or is beyond a limit.
    """
    return b"".join(_blocks(path, limits, limits.json_bytes))


def line_blocks(path: Path, limits: Limits) -> Iterator[bytes]:
    r"""Read a text file in blocks of whole lines.

    Every block ends in ``\n``; one is added to a last line without. A byte order mark is dropped.

    Raises
    ------
    InputError
        As for :func:`read_all`; also a line of over a megabyte, which no text format here has.
    """
    rest = b""
    first = True
    for block in _blocks(path, limits, limits.text_bytes):
        joined = rest + block
        if first:
            joined = joined.removeprefix(b"\xef\xbb\xbf")
            first = False
        cut = joined.rfind(b"\n") + 1
        rest = joined[cut:]
        if len(rest) > _LONGEST_LINE:
            raise FormatError(f"a line of over {_LONGEST_LINE} bytes", str(path))
        if cut:
            yield joined[:cut]
    if rest:
        yield rest + b"\n"


def shown(token: bytes) -> str:
    """Quote a token of a file for a message, cut to what fits there."""
    text = token[:20].decode("ascii", "backslashreplace")
    return repr(text if len(token) <= 20 else text + "...")
