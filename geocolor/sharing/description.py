"""The description of a shared checkpoint: a JSON file that is read before all else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from geocolor._version import __version__
from geocolor.errors import CheckpointError

__all__ = ["FORMAT", "PLAN_FILE", "VERSION", "none_there", "read_description"]

FORMAT = "geocolor-shared"
# 2 has several files of tensors where they are many; 1 had one always.
VERSION = 2
PLAN_FILE = "geocolor.json"
_MAX_PLAN_BYTES = 64 * 2**20


def none_there(folder: Path) -> str:
    """Say what is missing of a checkpoint, and what to give instead."""
    wanted = "give a folder that 'geocolor compress' or Compressed.save wrote"
    if not folder.is_dir():
        return f"there is no folder {folder}; {wanted}"
    if (folder / "config.json").is_file():
        wanted = f"a standard model is loaded by its from_pretrained, else {wanted}"
    return f"{folder} is not a geocolor checkpoint: no {PLAN_FILE} in it; {wanted}"


def read_description(path: Path) -> dict[str, Any]:
    """Read what a checkpoint is made of, and see that all of it is there.

    Raises
    ------
    CheckpointError
        There is none, it is too large, damaged, or of a newer format.
    """
    try:
        if path.stat().st_size > _MAX_PLAN_BYTES:
            raise CheckpointError(f"{path} is larger than {_MAX_PLAN_BYTES} bytes")
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(none_there(path.parent)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: {error}") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise CheckpointError(f"{path} does not describe a geocolor checkpoint")
    version = description.get("version")
    if version not in (1, VERSION):
        raise CheckpointError(
            f"{path} has format version {version!r}; geocolor {__version__} reads {VERSION}. "
            "Install a newer geocolor"
        )
    types = {"plan": list, "aliases": dict, "sha256": dict, "original_structure": str}
    for key, kind in types.items():
        if not isinstance(description.get(key), kind):
            raise CheckpointError(f"{path}: {key!r} is missing or of the wrong type")
    if not all(isinstance(name, str) for name in description["aliases"].values()):
        raise CheckpointError(f"{path}: 'aliases' must give names")
    return description
