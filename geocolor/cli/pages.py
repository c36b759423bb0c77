"""Pages that commands write."""

from __future__ import annotations

from pathlib import Path

from geocolor.errors import InputError

__all__ = ["require_page"]


def require_page(path: Path, *others: str) -> None:
    """Refuse before the work a page under a name that says something else.

    Parameters
    ----------
    path : Path
        Where it is to go.
    *others : str
        Endings besides those of HTML.

    Raises
    ------
    InputError
        It has another ending, or cannot be written there.
    """
    endings = (".html", ".htm", *others)
    if path.suffix.lower() not in endings:
        raise InputError(f"{path}: a page is written as {', '.join(endings)}")
    from geocolor.io.atomic import require_writable

    require_writable(path)
