"""Shared checkpoints: safetensors plus a JSON plan, no code, refused rather than misread.

A tied state dict loads silently into an untied model, and plain ``from_pretrained`` fills what
it misses at random; so a shared checkpoint is loaded by :func:`load` alone, which rebuilds the
structure first and then requires every tensor.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from geocolor._version import __version__
from geocolor.errors import CheckpointError, InputError, ModelError
from geocolor.io.atomic import atomic_directory
from geocolor.sharing.apply import prepare_structure, put_back_on_error
from geocolor.sharing.companions import save_companion
from geocolor.sharing.configs import CONFIG, GENERATION, save_config, save_generation
from geocolor.sharing.description import FORMAT, PLAN_FILE, VERSION, read_description
from geocolor.sharing.equal import part_named, tie_named
from geocolor.sharing.filling import cast_buffers, fill, unfilled_parameters
from geocolor.sharing.plan import SharingPlan
from geocolor.sharing.proportion import Stored, require_proportion
from geocolor.sharing.ties import keep_ties
from geocolor.units import joined_models, split_experts

__all__ = ["distinct_tensors", "load", "save", "save_parts", "structure_of"]

# Not the name that transformers looks for: it would fill what it does not find at random.
_TENSORS = "geocolor{}.safetensors"
_TENSOR_FILES = re.compile(r"geocolor(-\d{5}-of-\d{5})?\.safetensors")


def structure_of(model: nn.Module) -> str:
    """Hex SHA-256 of the names and shapes in a model's state dict.

    Raises
    ------
    ModelError
        Something in it is no parameter or buffer, or is sparse, which no checkpoint could hold; or
        has no shape yet.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if not isinstance(tensor, Tensor) or name.endswith("_extra_state"):
            raise ModelError(
                f"{name} in the model's state is a {type(tensor).__name__}, no parameter or "
                "buffer: compress a model before it is quantized, and without extra state"
            )
        if is_lazy(tensor):
            raise ModelError(f"{name} has no shape yet: call the model on a batch first")
        if tensor.layout is not torch.strided:
            raise ModelError(f"{name} is sparse; no checkpoint holds it: make it dense")
        digest.update(f"{name}:{tuple(tensor.shape)}\n".encode())
    return digest.hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(
    model: nn.Module,
    plan: SharingPlan,
    directory: str | os.PathLike[str],
    *,
    original_structure: str,
    companions: Sequence[Any] = (),
    details: Mapping[str, Any] | None = None,
    shard_bytes: int = 5 * 10**9,
) -> None:
    """Save a compressed model: every shared tensor once.

    Parameters
    ----------
    model : torch.nn.Module
        With the plan applied; a ModuleList of several models that share parameters.
    plan : SharingPlan
        The plan.
    directory : path-like
        A new or empty directory; it appears only once complete.
    original_structure : str
        :func:`structure_of` the model before the plan, which a fresh model must match on load.
    companions : sequence
        Tokenizers and the like: their ``save_pretrained`` is called with the directory; of
        several models one each, which goes with its model's number.
    details : mapping, optional
        Further JSON data to keep: configuration, report.
    shard_bytes : int
        Tensors of a file, in all; a larger tensor has one of its own. What is not on the CPU is
        copied there one file at a time.

    Raises
    ------
    InputError
        The directory is not empty or cannot be written.
    """
    tensors, aliases = distinct_tensors(model)
    shards = _shards(tensors, shard_bytes)
    save_parts(
        model,
        plan,
        directory,
        ({name: tensors[name] for name in names} for names in shards),
        len(shards),
        names=tensors,
        aliases=aliases,
        original_structure=original_structure,
        companions=companions,
        details=lambda: details or {},
    )


def save_parts(
    model: nn.Module,
    plan: SharingPlan,
    directory: str | os.PathLike[str],
    parts: Iterable[Mapping[str, Tensor]],
    count: int,
    *,
    names: Collection[str],
    aliases: Mapping[str, str],
    original_structure: str,
    companions: Sequence[Any] = (),
    details: Callable[[], Mapping[str, Any]] = dict,
) -> None:
    """Save a compressed model whose tensors come part by part, a file for each.

    Parameters
    ----------
    model : torch.nn.Module
        With the plan's structure; of its tensors only buffers that no file holds are looked at.
    parts : iterable of mapping of str to Tensor
        Tensors by name, each part written before the next is asked for.
    count : int
        How many parts there are.
    names : collection of str
        All tensors' names.
    aliases : mapping of str to str
        Names that the model has for tensors of another name.
    details : callable
        Gives further JSON data, once all parts are written.
    plan, directory, original_structure, companions
        As in :func:`save`.

    Raises
    ------
    InputError
        The directory is not empty or cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with atomic_directory(directory) as folder:
        files = []
        for number, held in enumerate(parts, start=1):
            part = f"-{number:05}-of-{count:05}" if count > 1 else ""
            files.append(folder / _TENSORS.format(part))
            try:
                save_file(_apart(held), files[-1], metadata={"format": "pt"})
            except (SafetensorError, RuntimeError, ValueError) as error:
                raise InputError(f"cannot write {directory}: {error}") from error
        places = _places(model, folder)
        origins = [_save_config(part, place) for part, place in places]
        for companion, (_, place) in zip(companions, places, strict=False):
            save_companion(companion, place, directory)
        description = {
            "format": FORMAT,
            "version": VERSION,
            "geocolor": __version__,
            "model": origins if isinstance(model, nn.ModuleList) else origins[0],
            "original_structure": original_structure,
            "sha256": {
                path.relative_to(folder).as_posix(): _file_hash(path)
                for path in (*files, *(place / CONFIG for _, place in places))
                if path.is_file()
            },
            "aliases": dict(aliases),
            # What is computed when a model is built is in no file, but may have been cast since.
            "buffers": {
                name: str(buffer.dtype).removeprefix("torch.")
                for name, buffer in model.named_buffers()
                if buffer.is_floating_point() and name not in names and name not in aliases
            },
            "plan": plan.to_json(),
            "details": dict(details()),
        }
        (folder / PLAN_FILE).write_text(json.dumps(description, indent=1), encoding="utf-8")


def distinct_tensors(model: nn.Module) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Give every tensor once, and the names that others have for it.

    Tensors are one if they are one object, as :func:`load` will have it; others may have memory in
    common.
    """
    tensors: dict[str, Tensor] = {}
    aliases: dict[str, str] = {}
    first_name: dict[int, str] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if tensor.numel() and id(tensor) in first_name:
            aliases[name] = first_name[id(tensor)]
            continue
        first_name[id(tensor)] = name
        tensors[name] = tensor
    return tensors, aliases


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give tensors as a file holds them, no two in one memory."""
    apart: dict[str, Tensor] = {}
    taken: set[int] = set()
    for name, tensor in tensors.items():
        stored = tensor.detach().cpu().contiguous()
        place = stored.untyped_storage().data_ptr()
        apart[name] = stored.clone() if place in taken else stored
        taken.add(place)
    return apart


def _shards(tensors: Mapping[str, Tensor], limit: int) -> list[list[str]]:
    """Part names into runs whose tensors stay within a number of bytes."""
    shards: list[list[str]] = [[]]
    room = limit
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        if shards[-1] and size > room:
            shards.append([])
            room = limit
        shards[-1].append(name)
        room -= size
    return shards


def _places(model: nn.Module, folder: Path) -> list[tuple[nn.Module, Path]]:
    """Give each model and the folder for what belongs to it alone."""
    if isinstance(model, nn.ModuleList):
        return [(part, folder / str(at)) for at, part in enumerate(model)]
    return [(model, folder)]


def _save_config(model: nn.Module, folder: Path) -> dict[str, str] | None:
    """Save what the model can be rebuilt from, where its library has such a thing."""
    kind = type(model)
    if (
        not kind.__module__.startswith("transformers.models.")
        or getattr(model, "config", None) is None
    ):
        return None
    save_config(model, folder)
    save_generation(model, folder)
    return {"library": "transformers", "class": kind.__name__}


def load(
    directory: str | os.PathLike[str], model: nn.Module | Sequence[nn.Module] | None = None
) -> nn.Module:
    """Load a shared checkpoint.

    Tensors on the CPU stay in the checkpoint's files until they are read (memory-mapped), so
    that there is never a second copy; leave the files where they are.

    Parameters
    ----------
    directory : path-like
        What ``compressed.save`` wrote.
    model : torch.nn.Module, or a sequence of several, optional
        A freshly built original, to be changed in place and filled. Not needed for models of
        transformers, which are rebuilt from the saved configuration. Its parameters may be on the
        meta device.

    Returns
    -------
    torch.nn.Module
        In eval mode, parameters shared as planned. A ModuleList, if several models were saved.

    Raises
    ------
    CheckpointError
        The checkpoint is damaged, of a newer version, or `model` is not the one it was made of;
        `model` is then left as it was.
    ModelError
        `model` is neither a module nor a sequence of some: its class, say.
    """
    from safetensors import safe_open

    folder = Path(directory)
    description = read_description(folder / PLAN_FILE)
    plan = SharingPlan.from_json(description["plan"])
    hashes = description["sha256"]
    names = sorted(name for name in hashes if _TENSOR_FILES.fullmatch(name))
    files = [_unchanged(folder, name, hashes) for name in names or [_TENSORS.format("")]]
    with _readable(files, folder), ExitStack() as opened:
        rebuilt = model is None
        if model is None:
            model = _rebuild_all(folder, description, Stored.of(files))
        elif not isinstance(model, nn.Module):
            model = joined_models(model)
        if structure_of(model) != description["original_structure"]:
            raise CheckpointError(
                f"{folder} was made from a model of other parameters than "
                f"{type(model).__name__}; give a freshly built original"
            )
        held = [opened.enter_context(safe_open(file, framework="pt")) for file in files]
        with put_back_on_error(model):
            saved = [name for file in held for name in file.keys()]  # noqa: SIM118
            split_experts(model, saved)
            # Ties made or undone by hand are in no configuration; a given model must have them.
            if rebuilt:
                part_named(model, dict(zip(saved, saved, strict=True)) | description["aliases"])
            prepare_structure(model, plan)
            if rebuilt or isinstance(model, nn.ModuleList):
                tie_named(model, description["aliases"], across=not rebuilt)
            cast_buffers(model, description.get("buffers", {}))
            fill(model, held, description["aliases"])
            keep_ties(model)
    return model.eval()


@contextmanager
def _readable(files: Sequence[Path], folder: Path) -> Iterator[None]:
    """Say which file it is that safetensors cannot read."""
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        where = files[0] if len(files) == 1 else folder
        raise CheckpointError(f"{where}: {error}") from error


def _unchanged(folder: Path, name: str, hashes: Mapping[str, Any]) -> Path:
    """Require a file to be there and to be the one that was saved."""
    path = folder / name
    if not path.is_file():
        raise CheckpointError(f"{path} is missing")
    if _file_hash(path) != hashes.get(name):
        raise CheckpointError(f"{path} is not the file that was saved; copy it again")
    return path


def _rebuild_all(folder: Path, description: Mapping[str, Any], stored: Stored) -> nn.Module:
    origin, hashes = description.get("model"), description["sha256"]
    if not isinstance(origin, list):
        return _rebuild(folder, "", origin, hashes, stored)
    return nn.ModuleList(
        _rebuild(folder, f"{at}/", each, hashes, stored) for at, each in enumerate(origin)
    )


def _rebuild(
    folder: Path, place: str, origin: Any, hashes: Mapping[str, Any], stored: Stored
) -> nn.Module:
    if not isinstance(origin, dict) or origin.get("library") != "transformers":
        raise CheckpointError(
            f"{folder} does not say how to build its model; "
            "call geocolor.load(directory, model=freshly_built_original)"
        )
    try:
        import transformers
    except ImportError as error:
        raise CheckpointError(
            "transformers is needed to load this model: pip install 'geocolor[hf]'"
        ) from error
    found = getattr(transformers, str(origin.get("class")), None)
    if not (isinstance(found, type) and issubclass(found, transformers.PreTrainedModel)):
        raise CheckpointError(f"transformers has no model class {origin.get('class')!r}")
    kind: Any = found
    # Without its file a configuration is the default one: another model, and a large one.
    own = _unchanged(folder, f"{place}{CONFIG}", hashes).parent

    def build() -> nn.Module:
        # Every model its own: building changes it.
        built: nn.Module = kind(kind.config_class.from_pretrained(own, local_files_only=True))
        return built

    try:
        require_proportion(own / CONFIG, build, stored)
        # The caller's generators must not notice.
        with torch.random.fork_rng(devices=[]), unfilled_parameters():
            model = build()
        if (own / GENERATION).is_file():
            model.generation_config = transformers.GenerationConfig.from_pretrained(own)
    except CheckpointError:
        raise
    except Exception as error:  # a configuration can be wrong in ways that only its class knows
        raise CheckpointError(f"the configuration in {own} is not usable: {error}") from error
    return model
