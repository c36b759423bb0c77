"""Models to be compressed, with the texts they are calibrated and judged on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geocolor.bench.models.assets import minilm_folder, smollm2_folder
from geocolor.bench.models.texts import Texts, packaged_texts
from geocolor.errors import InputError
from geocolor.io.atomic import atomic_file
from geocolor.wording import choice_among

__all__ = [
    "PACKAGED",
    "Subject",
    "Text",
    "chosen_subject",
    "folder_subject",
    "packaged_subject",
]

PACKAGED = ("smollm2", "minilm")
# What decides what a model folder computes; read-me files and pictures do not.
_DECIDING = ("*.safetensors", "*.json", "*.txt", "*.model")


@dataclass(frozen=True)
class Text:
    """A text in a file.

    Attributes
    ----------
    name : str
        For people; unique among a subject's texts.
    path : str
        Absolute; UTF-8.
    sha256 : str
        Hex, of the file.
    """

    name: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Subject:
    """A model to be compressed.

    Attributes
    ----------
    name : str
        For people; unique in a campaign.
    folder : str
        Absolute path of a Hugging Face folder with safetensors.
    sha256 : str
        Hex, of the folder's files that decide what the model computes.
    bytes : int
        Of its safetensors.
    calibration : Text
        What curvature is measured on.
    evaluation : tuple of Text
        What is judged on; the divergence on the first.
    documents : Text or None
        For sentence encoders: lines of JSON with title and body.
    """

    name: str
    folder: str
    sha256: str
    bytes: int
    calibration: Text
    evaluation: tuple[Text, ...]
    documents: Text | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Subject:
        """Read what ``asdict`` wrote."""
        documents = data["documents"]
        return cls(
            **{
                **data,
                "calibration": Text(**data["calibration"]),
                "evaluation": tuple(Text(**text) for text in data["evaluation"]),
                "documents": None if documents is None else Text(**documents),
            }
        )


def folder_subject(folder: Path, calibration: Path, evaluation: Sequence[Path]) -> Subject:
    """Take a local model folder and the user's texts.

    Raises
    ------
    InputError
        There is no model, or a text cannot be used.
    """
    if not evaluation:
        raise InputError(f"{folder}: give text to judge on with --evaluation FILE")
    texts = tuple(_text(path.name, path) for path in evaluation)
    names = [text.name for text in texts]
    if len(set(names)) < len(names):
        raise InputError("two evaluation texts have one name; rename one, the table goes by names")
    name = folder.resolve().name
    return _subject(name, folder, _text(calibration.name, calibration), texts)


def chosen_subject(
    model: str, calibration: Path | None, evaluation: Sequence[Path], cache: Path
) -> Subject:
    """Take a model out of its package, or a folder with texts of the user's.

    Raises
    ------
    InputError
        A folder has no texts, or what is named cannot be used.
    """
    if model in PACKAGED:
        return packaged_subject(model, cache)
    if calibration is None:
        raise InputError(
            f"{model}: give a model folder its text with --calibration FILE, or choose one of "
            f"{', '.join(PACKAGED)}"
        )
    return folder_subject(Path(model), calibration, evaluation)


def packaged_subject(name: str, cache: Path) -> Subject:
    """Take a model out of its package, with packaged texts: Wikipedia and BBC News.

    Parameters
    ----------
    name : str
        One of :data:`PACKAGED`.
    cache : Path
        Where models that have to be converted, and the texts, are kept. Made if need be.

    Raises
    ------
    InputError
        There is no packaged model of that name, or its packages are not installed.
    """
    if name not in PACKAGED:
        raise InputError(f"no packaged model {name!r}; {choice_among(name, PACKAGED)}")
    try:
        (cache / "texts").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {cache}: {error.strerror or error}") from error
    folder = minilm_folder() if name == "minilm" else smollm2_folder(cache)
    files = _write_texts(packaged_texts(), cache / "texts")
    evaluation = (_text("Wikipedia", files["wikipedia"]), _text("BBC", files["bbc"]))
    documents = _text("BBC titles", files["documents"]) if name == "minilm" else None
    calibration = _text("Wikipedia", files["calibration"])
    return _subject(name, folder, calibration, evaluation, documents)


def _subject(
    name: str,
    folder: Path,
    calibration: Text,
    evaluation: tuple[Text, ...],
    documents: Text | None = None,
) -> Subject:
    weights = list(folder.glob("*.safetensors"))
    if not weights:
        raise InputError(f"{folder} is not a Hugging Face model folder: no safetensors")
    return Subject(
        name,
        str(folder.resolve()),
        _hash_of_folder(folder),
        sum(file.stat().st_size for file in weights),
        calibration,
        evaluation,
        documents,
    )


def _write_texts(texts: Texts, folder: Path) -> dict[str, Path]:
    lines = "".join(f"{json.dumps(document)}\n" for document in texts.documents)
    contents = {
        "calibration": texts.calibration,
        "wikipedia": texts.wikipedia,
        "bbc": texts.bbc,
        "documents": lines,
    }
    files = {name: folder / f"{name}.txt" for name in contents}
    for name, content in contents.items():
        with atomic_file(files[name]) as file:
            file.write(content.encode())
    return files


def _text(name: str, path: Path) -> Text:
    try:
        content = path.read_bytes()
        if not content.decode().strip():
            raise InputError(f"{path} is empty")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason} at {error.start}") from error
    return Text(name, str(path.resolve()), hashlib.sha256(content).hexdigest())


def _hash_of_folder(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted({path for pattern in _DECIDING for path in folder.glob(pattern)}):
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from error
        total.update(f"{path.name} {digest}\n".encode())
    return total.hexdigest()
