"""The folder that a streamed run works in, and those that runs that were killed have left."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from geocolor.errors import InputError

__all__ = ["WorkFolder", "left_behind"]

_PREFIX = ".geocolor-"
_LOCK = "lock"


class WorkFolder:
    """A temporary folder with a file in it that is locked while its process lives.

    Parameters
    ----------
    parent : path-like, optional
        Where to make it; default is the system's place for temporary files.

    Raises
    ------
    InputError
        It cannot be written.
    """

    def __init__(self, parent: str | os.PathLike[str] | None) -> None:
        try:
            self._folder = TemporaryDirectory(prefix=_PREFIX, dir=parent)
            self._lock = (self.path / _LOCK).open("wb")
        except OSError as error:
            raise InputError(f"cannot write to {parent}: {error.strerror or error}") from error
        # Where there are no locks, nobody can get this one either.
        with suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    @property
    def path(self) -> Path:
        """Where it is, or was."""
        return Path(self._folder.name)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self._lock.close()
        self._folder.cleanup()


def left_behind(parent: str | os.PathLike[str]) -> Iterator[str]:
    """Say which folders runs that were killed have left, and how large they are; none is removed.

    Of a folder on another machine's disk nobody can be sure that its process is dead.

    Parameters
    ----------
    parent : path-like
        Where they were made.
    """
    for lock in sorted(Path(parent).glob(f"{_PREFIX}*/{_LOCK}")):
        # What is gone by now, of another user or not to be locked is none of ours.
        with suppress(OSError), lock.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            size = sum(each.stat().st_size for each in lock.parent.rglob("*"))
            yield f"{lock.parent} is what a killed run left, {size / 1e9:.1f} GB: remove it"
