"""Files of curvature: safetensors, with a description in JSON in its header. Never a pickle."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from geocolor._version import __version__
from geocolor.errors import FormatError, InputError
from geocolor.io.atomic import atomic_file

__all__ = ["read_tensors", "require_counts", "write_tensors"]

_FORMAT = "geocolor-curvature"
_VERSION = 1
_HEADER = "geocolor"
# As safetensors calls them.
_FLOATS = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}


def _digest(tensors: Iterable[Tensor]) -> str:
    """Hex SHA-256 of tensors' numbers: safetensors itself sees a wrong length only."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _whole(tensor: Tensor) -> Tensor:
    """On the CPU, contiguous and with a storage of its own, as safetensors wants it."""
    stored = tensor.detach().cpu().contiguous()
    return stored if stored.untyped_storage().nbytes() == stored.nbytes else stored.clone()


def write_tensors(
    path: str | os.PathLike[str],
    kind: str,
    tensors: Mapping[str, Mapping[str, Tensor]],
    told: Mapping[str, Any],
) -> None:
    """Write units' tensors, each distinct one once; whole or not at all.

    Parameters
    ----------
    path : path-like
        Where; an existing file is replaced.
    kind : str
        What the file holds.
    tensors : mapping of str to mapping of str to Tensor
        By unit and part.
    told : mapping
        Further JSON data.

    Raises
    ------
    InputError
        It cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    places: dict[int, str] = {}
    stored: dict[str, Tensor] = {}
    units: dict[str, dict[str, str]] = {}
    for unit, parts in tensors.items():
        units[unit] = {}
        for part, tensor in parts.items():
            place = places.setdefault(id(tensor), str(len(places)))
            units[unit][part] = place
            if place not in stored:
                stored[place] = _whole(tensor)
    description = {
        "format": _FORMAT,
        "version": _VERSION,
        "kind": kind,
        "geocolor": __version__,
        "sha256": _digest(stored.values()),
        "units": units,
        "told": dict(told),
    }
    with atomic_file(path) as file:
        try:
            save_file(stored, file.name, metadata={_HEADER: json.dumps(description)})
        except SafetensorError as error:
            raise InputError(f"cannot write {path}: {error}") from error


def read_tensors(
    path: str | os.PathLike[str], kind: str
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """Read what :func:`write_tensors` wrote; a tensor that units had in common is one again.

    Raises
    ------
    FormatError
        The file is of another kind, newer or damaged.
    InputError
        It cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    where = str(path)
    try:
        with safe_open(path, framework="pt") as file:
            description = _described(file.metadata(), kind, where)
            names = sorted(file.keys(), key=lambda name: (len(name), name))
        stored = _read(path, names)
    except FormatError:
        raise
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (SafetensorError, ValueError, RecursionError) as error:
        raise FormatError(f"not a file of curvature, or damaged: {error}", where) from error
    places = {place for parts in description["units"].values() for place in parts.values()}
    if places != stored.keys() or _digest(stored.values()) != description["sha256"]:
        raise FormatError("damaged: its numbers are not those that were saved", where)
    tensors = {
        unit: {part: stored[place] for part, place in parts.items()}
        for unit, parts in description["units"].items()
    }
    return tensors, description["told"]


def _read(path: str | os.PathLike[str], names: Iterable[str]) -> dict[str, Tensor]:
    """Read tensors of a file whose header is known to be sound; it is not mapped.

    Mapped pages count as memory, and numbers that do not begin where torch has its own begin are
    added up in another order.
    """
    tensors = {}
    with Path(path).open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start = file.tell()
        for name in names:
            dtype = _FLOATS.get(header[name]["dtype"])
            if dtype is None:
                raise FormatError("curvature is made of floats", str(path))
            tensors[name] = torch.empty(header[name]["shape"], dtype=dtype)
            file.seek(start + header[name]["data_offsets"][0])
            file.readinto(tensors[name].flatten().view(torch.uint8).numpy().data)
    return tensors


def _described(metadata: Mapping[str, str] | None, kind: str, where: str) -> dict[str, Any]:
    description = json.loads((metadata or {}).get(_HEADER, "null"))
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise FormatError("not a file of curvature", where)
    version = description.get("version")
    if type(version) is not int or not 1 <= version <= _VERSION:
        raise FormatError(
            f"version {version!r} of {_FORMAT}; this geocolor reads up to {_VERSION}, a newer one "
            "may help",
            where,
        )
    if description.get("kind") != kind:
        raise FormatError(f"it holds {description.get('kind')!r}, not {kind!r}", where)
    units = description.get("units")
    sound = (
        isinstance(units, dict)
        and all(isinstance(parts, dict) for parts in units.values())
        and all(isinstance(name, str) for parts in units.values() for name in parts.values())
        and isinstance(description.get("told"), dict)
    )
    if not sound:
        raise FormatError("damaged: its description is incomplete", where)
    return description


def require_counts(path: str | os.PathLike[str], told: Mapping[str, Any], *names: str) -> None:
    """Refuse a description that lacks a count.

    Raises
    ------
    FormatError
        One is missing, or no integer of at least 0.
    """
    for name in names:
        if type(told.get(name)) is not int or told[name] < 0:
            raise FormatError(f"{name!r} is missing or not a count", str(path))
