"""The journal of a results folder: one line for each run made, appended as it ends.

JSON lines; each line carries the CRC-32 of its entry's JSON text, the first one is a header. A
writer that was killed leaves a line without its end, which does not count and is cut off before
the next one is written. A damaged line that has its end is no trace of a kill: a disk or an
editor did it, runs are lost, and passing over them in silence would change the table. So it is
an error, and who meets it decides.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from geocolor.errors import FormatError, InputError

__all__ = ["JOURNAL_FILE", "Journal", "read_journal"]

JOURNAL_FILE = "journal.jsonl"
_LOCK_FILE = "journal.lock"
_FORMAT, _VERSION = "geocolor.bench.journal", 1
_LINE = re.compile(rb'\{"crc":"([0-9a-f]{8})","entry":(\{.*\})\}\n', re.DOTALL)
# Seconds between two calls of fsync: what a power failure may cost. A kill costs nothing.
_SYNC_EVERY = 1.0


def read_journal(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Read the entries of a journal, also while it is being written.

    Parameters
    ----------
    path : path-like
        The file; a missing one is an empty journal.

    Returns
    -------
    dict of str to dict
        Entries by their ``"key"``; of several with one key, the last.

    Raises
    ------
    FormatError
        It is no journal, of a newer version, or damaged before its last line.
    InputError
        It cannot be read.
    """
    return _read(Path(path))[0]


class Journal:
    """A results folder open for writing, by one process at a time.

    Parameters
    ----------
    folder : path-like
        An existing folder; its journal is created if there is none.

    Attributes
    ----------
    entries : dict of str to dict
        What was there when it was opened, by key.

    Raises
    ------
    InputError
        On entering: another process writes to the folder, or it cannot be written.
    FormatError
        On entering: the journal is damaged or of a newer version.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder) / JOURNAL_FILE
        self.entries: dict[str, dict[str, Any]] = {}
        self._lock = -1
        self._file = -1
        self._synced = 0.0

    def __enter__(self) -> Self:
        self._lock = _take(self.path.with_name(_LOCK_FILE))
        try:
            self.entries, end = _read(self.path)
            self._file = self._open(end)
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            os.fsync(self._file)
        except OSError as failure:
            raise _cannot("write", self.path, failure) from failure
        finally:
            os.close(self._file)
            os.close(self._lock)  # last: it lets the next writer in

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write an entry.

        Once this returns, a kill cannot undo it; a power failure can undo the last second.

        Parameters
        ----------
        entry : mapping
            Plain JSON values with a ``"key"``.

        Raises
        ------
        InputError
            It has no key or holds a value that JSON has not, such as NaN, and was not written;
            or the disk is full.
        """
        if not isinstance(entry.get("key"), str):
            raise InputError(f"a journal's entry needs a key, this one has {entry.get('key')!r}")
        try:
            line = _line(entry)
        except (TypeError, ValueError) as error:
            raise InputError(f"cannot write the run {entry['key']} as JSON: {error}") from error
        try:
            _write(self._file, line)
            if time.monotonic() - self._synced >= _SYNC_EVERY:
                os.fsync(self._file)
                self._synced = time.monotonic()
        except OSError as error:
            raise _cannot("write", self.path, error) from error

    def _open(self, end: int) -> int:
        """Open the file at its end, after the last whole line; begin it if it is new."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                os.ftruncate(file, end)
                if end == 0:
                    _write(file, _HEADER)
                    os.fsync(file)
                    _sync_folder(self.path.parent)
            except BaseException:
                os.close(file)
                raise
        except OSError as error:
            raise _cannot("write", self.path, error) from error
        return file


def _line(entry: Mapping[str, Any]) -> bytes:
    text = json.dumps(dict(entry), allow_nan=False, separators=(",", ":")).encode()
    return b'{"crc":"%08x","entry":%b}\n' % (zlib.crc32(text), text)


_HEADER = _line({"format": _FORMAT, "version": _VERSION})


def _write(file: int, line: bytes) -> None:
    """Append a line in one call, whole or not at all."""
    end = os.lseek(file, 0, os.SEEK_END)
    written = os.write(file, line)
    if written < len(line):
        # A disk takes what it has room for. That part must not become the start of the next line.
        os.ftruncate(file, end)
        raise OSError(f"only {written} of {len(line)} bytes fit on the disk")


def _entry(line: bytes) -> dict[str, Any] | None:
    """Read a line; None if it is damaged."""
    found = _LINE.fullmatch(line)
    if found is None or int(found[1], 16) != zlib.crc32(found[2]):
        return None
    try:
        entry: dict[str, Any] = json.loads(found[2])
    except (ValueError, RecursionError):
        return None
    return entry


def _read(path: Path) -> tuple[dict[str, dict[str, Any]], int]:
    """Read entries by key, and the number of bytes up to the end of the last whole line."""
    entries: dict[str, dict[str, Any]] = {}
    end = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    if number == 1 and not _HEADER.startswith(line):
                        raise FormatError(f"not a {_FORMAT}; move it away", str(path), 1)
                    break
                entry = _entry(line)
                if number == 1:
                    _require_header(entry, path)
                elif entry is None or not isinstance(entry.get("key"), str):
                    raise FormatError(
                        "damaged line; restore the file from a copy, or delete this line and "
                        "its run will be made again",
                        str(path),
                        number,
                    )
                else:
                    entries[entry["key"]] = entry
                end += len(line)
    except FileNotFoundError:
        return {}, 0
    except OSError as error:
        raise _cannot("read", path, error) from error
    return entries, end


def _require_header(entry: dict[str, Any] | None, path: Path) -> None:
    if entry is None or entry.get("format") != _FORMAT:
        raise FormatError(f"not a {_FORMAT}, or its header is damaged; move it away", str(path), 1)
    if entry.get("version") != _VERSION:
        raise FormatError(
            f"a journal of version {entry.get('version')!r}, this geocolor reads version "
            f"{_VERSION}; use the geocolor that wrote it, or a new folder",
            str(path),
            1,
        )


def _take(path: Path) -> int:
    """Lock the folder until the descriptor is closed or the process ends, however it ends."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _cannot("write", path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.write(lock, f"process {os.getpid()} on {socket.gethostname()}".encode())
    except BlockingIOError as error:
        holder = os.pread(lock, 300, 0).decode(errors="replace") or "another process"
        os.close(lock)
        raise InputError(
            f"{holder} is writing to {path.parent}; wait for its end, or choose another folder"
        ) from error
    except OSError as error:
        os.close(lock)
        raise _cannot("lock", path, error) from error
    return lock


def _sync_folder(folder: Path) -> None:
    """Make a new file's name survive a power failure."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _cannot(what: str, path: Path, error: OSError) -> InputError:
    return InputError(f"cannot {what} {path}: {error.strerror or error}")
