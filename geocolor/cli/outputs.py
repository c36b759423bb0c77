"""Files that commands write, held apart from each other and from those that they read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from geocolor.errors import InputError

__all__ = ["require_apart"]

_STREAM = Path("-")


def require_apart(written: Iterable[Path | None], read: Iterable[Path | None] = ()) -> None:
    """Refuse before the work to write over what the same call reads or writes.

    Parameters
    ----------
    written, read : iterable of Path or None
        None, ``-`` and what is no file, as ``/dev/null``, are in nobody's way.

    Raises
    ------
    InputError
        Two of them lead to the same file, by whatever name.
    """
    taken = [path for path in read if path is not None]
    for path in written:
        if path is None or path == _STREAM or (path.exists() and not path.is_file()):
            continue
        if any(_same(path, other) for other in taken):
            raise InputError(
                f"{path} is another file of this call, which would be lost; write it under a name "
                "of its own"
            )
        taken.append(path)


def _same(path: Path, other: Path) -> bool:
    if path.resolve() == other.resolve():
        return True
    return path.exists() and other.exists() and path.samefile(other)
