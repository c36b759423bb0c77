"""What is saved beside a model: its tokenizer and the like."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from geocolor.errors import InputError

__all__ = ["save_companion"]


def save_companion(companion: Any, folder: Path, directory: str | os.PathLike[str]) -> None:
    """Have a companion save itself.

    Parameters
    ----------
    companion : object
        Its ``save_pretrained`` is called.
    folder : Path
        With this.
    directory : path-like
        Where that will be in the end, for the message.

    Raises
    ------
    InputError
        It fails.
    """
    try:
        companion.save_pretrained(folder)
    except Exception as error:  # the tokenizers library knows no other for a full disk
        name = type(companion).__name__
        raise InputError(f"cannot write the {name} to {directory}: {error}") from error
