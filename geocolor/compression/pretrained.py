"""Models from local Hugging Face folders, without a hub, code or pickles."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from geocolor.errors import CheckpointError, ModelError
from geocolor.sharing.description import PLAN_FILE
from geocolor.sharing.filling import unfilled_parameters
from geocolor.sharing.proportion import Stored, require_proportion

__all__ = [
    "empty_pretrained",
    "load_pretrained",
    "pretrained_tokenizer",
    "shape_mismatch",
    "stored_tensors",
    "unfilled_pretrained",
]

_INDEX = ".index.json"

# What is raised over a folder that does not hold what it should.
_UNUSABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError)


def load_pretrained(folder: str | os.PathLike[str]) -> tuple[nn.Module, Any]:
    """Load a model and its tokenizer from a local folder.

    The class is the one named in ``config.json``; weights must be safetensors, and no code from
    the folder is run.

    Parameters
    ----------
    folder : path-like
        As ``save_pretrained`` writes it.

    Returns
    -------
    model : torch.nn.Module
        In eval mode, in the dtype it was saved in.
    tokenizer : object
        The folder's tokenizer.

    Raises
    ------
    ModelError
        The folder holds no such model, or transformers is not installed.
    """
    path = Path(folder)
    builder = _named_class(path)
    files = _weight_files(path)
    from safetensors import SafetensorError

    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        stored = Stored.of(files)
        sketch = require_proportion(path / "config.json", lambda: _built(builder, path), stored)
        model: nn.Module = builder.from_pretrained(
            path, use_safetensors=True, dtype="auto", **options
        )
    except CheckpointError as error:
        raise ModelError(str(error)) from error
    except RuntimeError as error:
        if "ignore_mismatched_sizes" not in str(error):
            raise
        raise ModelError(_other_shape(path, sketch)) from error
    except (*_UNUSABLE, SafetensorError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise ModelError(f"{path} cannot be loaded: {first_line}") from error
    return model.eval(), pretrained_tokenizer(path)


def pretrained_tokenizer(folder: str | os.PathLike[str]) -> Any:
    """Load the tokenizer of a local folder; no code from it is run.

    Raises
    ------
    ModelError
        There is none, or transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(
            Path(folder), local_files_only=True, trust_remote_code=False
        )
    except _UNUSABLE as error:
        first_line = str(error).strip().partition("\n")[0]
        raise ModelError(f"{folder} cannot be loaded: {first_line}") from error


def empty_pretrained(folder: str | os.PathLike[str]) -> nn.Module:
    """Build the model of a local folder without its weights, on the meta device.

    Raises
    ------
    ModelError
        As for :func:`load_pretrained`.
    """
    path = Path(folder)
    builder = _named_class(path)
    files = _weight_files(path)
    from safetensors import SafetensorError

    try:
        stored = Stored.of(files)
        return require_proportion(path / "config.json", lambda: _built(builder, path), stored)
    except CheckpointError as error:
        raise ModelError(str(error)) from error
    except (*_UNUSABLE, SafetensorError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise ModelError(f"{path} cannot be built: {first_line}") from error


def _built(builder: Any, path: Path) -> nn.Module:
    model: nn.Module = builder(builder.config_class.from_pretrained(path, local_files_only=True))
    return model


def unfilled_pretrained(folder: str | os.PathLike[str], dtype: torch.dtype) -> nn.Module:
    """Build the model of a local folder with its parameters on the meta device, buffers being real.

    Parameters
    ----------
    folder : path-like
        As ``save_pretrained`` writes it.
    dtype : torch.dtype
        Of its parameters, unless its configuration says another.

    Returns
    -------
    torch.nn.Module
        In eval mode, as :func:`load_pretrained` would give it but for the numbers.

    Raises
    ------
    ModelError
        As for :func:`load_pretrained`.
    """
    path = Path(folder)
    builder = _named_class(path)
    files = _weight_files(path)
    from safetensors import SafetensorError

    before = torch.get_default_dtype()
    try:
        stored = Stored.of(files)
        require_proportion(path / "config.json", lambda: _built(builder, path), stored)
        config = builder.config_class.from_pretrained(path, local_files_only=True)
        config.dtype = getattr(config, "dtype", None) or dtype
        torch.set_default_dtype(config.dtype)
        with torch.random.fork_rng(devices=[]), unfilled_parameters():
            model: nn.Module = builder(config)
        if (path / "generation_config.json").is_file():
            from transformers import GenerationConfig

            model.generation_config = GenerationConfig.from_pretrained(path)
    except CheckpointError as error:
        raise ModelError(str(error)) from error
    except (*_UNUSABLE, SafetensorError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise ModelError(f"{path} cannot be built: {first_line}") from error
    finally:
        torch.set_default_dtype(before)
    return model.eval()


def _named_class(path: Path) -> Any:
    """Find the class that a folder's ``config.json`` names.

    Raises
    ------
    ModelError
        There is none, or transformers is not installed.
    """
    if path.is_file():
        raise ModelError(f"{path} is a file; give the folder that it is in")
    if not path.exists():
        raise ModelError(f"there is no folder {path}; models are not downloaded, give a local one")
    if (path / PLAN_FILE).exists():
        # Its own loader would fill what it misses at random.
        raise ModelError(f"{path} is a shared checkpoint already: read it with geocolor.load")
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path} is not a Hugging Face model folder: no config.json in it; give one that "
            "save_pretrained wrote"
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path / 'config.json'}: {error}") from error
    try:
        import transformers
    except ImportError as error:
        raise ModelError("transformers is not installed: pip install 'geocolor[hf]'") from error
    transformers.logging.disable_progress_bar()
    names = config.get("architectures") if isinstance(config, dict) else None
    name = names[0] if isinstance(names, list) and names else None
    kind = getattr(transformers, str(name), None)
    if not (isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)):
        raise ModelError(
            f"{path / 'config.json'} names the class {name!r}, unknown to transformers"
        )
    return kind


def _other_shape(folder: Path, model: nn.Module) -> str:
    """Say which tensor of a folder does not fit a model."""
    from safetensors import safe_open

    state = model.state_dict()
    for name, file in stored_tensors(folder).items():
        with safe_open(file, "pt") as opened:
            found = tuple(opened.get_slice(name).get_shape())
        needed = tuple(state[name].shape) if name in state else found
        if found != needed:
            return shape_mismatch(file, name, found, needed)
    return f"the tensors in {folder} have other shapes than its config.json asks for"


def shape_mismatch(file: Path, name: str, found: tuple[int, ...], needed: tuple[int, ...]) -> str:
    """Say that a stored tensor does not fit the model that its folder's configuration describes."""
    return f"{file}: {name} has shape {found}, the model needs {needed}"


def stored_tensors(folder: str | os.PathLike[str]) -> dict[str, Path]:
    """Find the file of each tensor in a local folder.

    Raises
    ------
    ModelError
        It is no folder of a model, there are no safetensors, a file is missing or damaged, or the
        index names files elsewhere.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(folder)
    _named_class(path)
    found = {}
    for file in _weight_files(path):
        try:
            with safe_open(file, "pt") as opened:
                found.update(dict.fromkeys(opened.keys(), file))
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{file} cannot be read: {error}") from error
    return found


def _weight_files(folder: Path) -> list[Path]:
    """Find the files that transformers reads the weights of a model's folder from.

    That is one file, whatever index there is beside it: saving a model again leaves an old one.

    Raises
    ------
    ModelError
        There are no safetensors, one that the index names is missing, or something names files
        elsewhere or is damaged.
    """
    _require_own_shards(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    named = config.get("transformers_weights")
    choices = ["model.safetensors", f"model.safetensors{_INDEX}"] if named is None else [named]
    for name in map(str, choices):
        if Path(name).name != name or not name.removesuffix(_INDEX).endswith(".safetensors"):
            raise ModelError(f"{folder / 'config.json'} names {name!r}, no safetensors of its own")
        if (folder / name).is_file():
            break
    else:
        raise ModelError(f"{folder} cannot be loaded: there are no safetensors in it")
    if not name.endswith(_INDEX):
        return [folder / name]
    shards = json.loads((folder / name).read_text(encoding="utf-8"))["weight_map"].values()
    files = [folder / shard for shard in sorted(set(shards))]
    for file in files:
        if not file.is_file():
            raise ModelError(
                f"{file} is missing, and {name} names it: the download or the copy is incomplete"
            )
    return files


def _require_own_shards(folder: Path) -> None:
    """Require an index of weights to name files of the folder alone.

    Raises
    ------
    ModelError
        It names others, or is damaged.
    """
    for index in folder.glob(f"*{_INDEX}"):
        try:
            names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
            outside = sorted(name for name in names if Path(name).name != name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ModelError(f"{index} is no index of weights: {error!r}") from error
        if outside:
            raise ModelError(f"{index} names {outside[0]!r}, which is not a file of its folder")
