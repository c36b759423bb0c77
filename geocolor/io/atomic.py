"""Output that is either there whole or not at all.

A file or directory is written under a temporary name in the same folder and renamed at the end,
so that a failure, Ctrl-C or a full disk leaves whatever was there before.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from geocolor.errors import InputError
from geocolor.io.compression import named
from geocolor.io.source import STREAM

__all__ = [
    "atomic_directory",
    "atomic_file",
    "require_new_directory",
    "require_writable",
    "write_pieces",
]


def _temporary(target: Path) -> Path:
    # Names are limited in bytes; what is left of a character that is cut is left out.
    short = target.name.encode(errors="ignore")[:100].decode(errors="ignore")
    return target.with_name(f".{short}.{secrets.token_hex(6)}.tmp")


def _cannot(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot write {path}: {error.strerror or error}")


def require_writable(path: str | os.PathLike[str]) -> None:
    """Refuse early a path that :func:`atomic_file` could not write.

    For a call that works long before it writes; ``-``, standard output, passes.

    Raises
    ------
    InputError
        The folder does not exist or is read-only, or the path names something that is not a
        regular file. A device, say, would be replaced by the renaming.
    """
    if str(path) == STREAM:
        return
    target = Path(os.path.realpath(path))
    folder = target.parent
    if not folder.is_dir():
        raise InputError(f"cannot write {path}: no folder {folder}")
    if target.exists() and not target.is_file():
        raise InputError(f"cannot write {path}: it is there and not a regular file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {path}: the folder {folder} is read-only")


def require_new_directory(path: str | os.PathLike[str]) -> None:
    """Refuse early a path that :func:`atomic_directory` could not fill.

    Raises
    ------
    InputError
        There is something at `path` already that is not an empty folder, or its parent does not
        exist or is read-only.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise InputError(f"cannot write {path}: no folder {target.parent}")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise InputError(f"cannot write {path}: it is there already and not an empty folder")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {path}: the folder {target.parent} is read-only")


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only once complete.

    Parameters
    ----------
    path : path-like
        Where it goes; an existing file is replaced, a link is followed.

    Yields
    ------
    BinaryIO
        The open temporary file.

    Raises
    ------
    InputError
        It cannot be written. Nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_file(Path(folder) / "a.txt") as file:
    ...         _ = file.write(b"whole")
    ...     (Path(folder) / "a.txt").read_bytes()
    b'whole'
    """
    require_writable(path)
    target = Path(os.path.realpath(path))
    temporary = _temporary(target)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise _cannot(Path(path), error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_pieces(path: str | os.PathLike[str], pieces: Iterable[bytes]) -> None:
    """Write what comes in pieces, compressed if the name says so; a file is whole or not at all.

    Parameters
    ----------
    path : path-like
        Where to; names in ``.gz``, ``.xz`` and ``.zst`` are compressed, ``-`` is standard output.
    pieces : iterable of bytes
        What to write.

    Raises
    ------
    InputError
        It cannot be written. Nothing is left behind.
    """
    place = Path(path)
    if str(place) == STREAM:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
        return
    compression = named(place)
    with atomic_file(place) as file:
        if compression is None:
            file.writelines(pieces)
            return
        with compression.pack(file) as packed:
            for piece in pieces:
                packed.write(piece)


@contextmanager
def atomic_directory(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Fill a directory that appears under its name only once complete.

    Parameters
    ----------
    path : path-like
        Where it goes: a new name, or an empty directory.

    Yields
    ------
    Path
        The temporary directory to fill.

    Raises
    ------
    InputError
        There is something at `path` already, or it cannot be written. Nothing is left behind.
    """
    require_new_directory(path)
    target = Path(os.path.realpath(path))
    temporary = _temporary(target)
    try:
        temporary.mkdir()
        yield temporary
        if target.exists():
            target.rmdir()  # a rename onto an empty folder is not allowed everywhere
        temporary.rename(target)
    except OSError as error:
        raise _cannot(Path(path), error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
