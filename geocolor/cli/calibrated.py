"""What commands that measure a model have in common."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geocolor.cli.stages import Stages
from geocolor.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from geocolor.cli.console import ProgressLine
    from geocolor.compression.configuration import Configuration
    from geocolor.criterion import LatencyTable

__all__ = [
    "BudgetOption",
    "CalibrationOption",
    "CalibrationOptions",
    "CheckpointOption",
    "DeviceOption",
    "Dtype",
    "KeepOption",
    "LatencyOption",
    "LengthOption",
    "ModelFolder",
    "ModelFolders",
    "PresetOption",
    "SeedOption",
    "WindowsOption",
    "for_each",
    "given_latency",
    "load_for_calibration",
    "reporter",
    "require_positions",
    "require_windows",
    "settle_torch",
]

ModelFolder = Annotated[
    Path, typer.Argument(metavar="MODEL_DIR", help="Local Hugging Face folder with safetensors.")
]
ModelFolders = Annotated[
    list[Path],
    typer.Argument(
        metavar="MODEL_DIR...",
        help="Local Hugging Face folder with safetensors; several are compressed together.",
    ),
]
CalibrationOptions = Annotated[
    list[Path],
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="Plain text, UTF-8; no labels. For several models one for all, or as many times.",
    ),
]
CalibrationOption = Annotated[
    Path, typer.Option("--calibration", metavar="FILE", help="Plain text, UTF-8; no labels.")
]
KeepOption = Annotated[
    float,
    typer.Option("--keep", metavar="SHARE", help="Share of the matrices to keep."),
]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="WHAT",
        help="What --keep counts: params (default), bytes, macs, or latency; instead of the "
        "preset's.",
    ),
]
LatencyOption = Annotated[
    Path | None,
    typer.Option(
        "--latency",
        metavar="FILE",
        help="What layers take, for --budget latency: from 'geocolor latency', or a folder that "
        "was planned with it. Default: measured here, on one token.",
    ),
]
DeviceOption = Annotated[
    str, typer.Option("--device", metavar="DEVICE", help="Of torch: cpu, cuda.")
]
PresetOption = Annotated[
    str,
    typer.Option(
        "--preset",
        metavar="NAME|FILE",
        help="A name from 'geocolor presets', or a .json or .toml file.",
    ),
]
WindowsOption = Annotated[
    int, typer.Option("--windows", metavar="N", min=1, help="Windows cut from the text.")
]
LengthOption = Annotated[
    int, typer.Option("--length", metavar="TOKENS", min=2, help="Tokens in each window.")
]
CheckpointOption = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Keep what is measured in FILE, and go on from it if it is there.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", metavar="S", min=0, help="Fixes the result.")]


class Dtype(StrEnum):
    """What torch computes in."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


@dataclass(frozen=True, eq=False)
class CalibratedModel:
    """A model with its tokenizer and batches, and whether these are whole texts."""

    model: nn.Module
    tokenizer: Any
    batches: list[Tensor]
    whole_texts: bool


def settle_torch() -> None:
    """Set what torch reads once, when it is imported; what the user set stays.

    Threads that wait spin for microseconds only: without end it costs a factor of 3 to 8 beside
    a busy neighbour, and not at all a factor of 6 in eigendecompositions. Buffers get huge pages,
    since each step of a language model faults in 100 MB of logits.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def load_for_calibration(
    folder: Path, text_file: Path, windows: int, length: int, line: ProgressLine
) -> CalibratedModel:
    """Load a model folder and cut calibration windows from a text file.

    Raises
    ------
    InputError
        The text cannot be read or is too short, or the folder holds no usable model.
    """
    text = read_text(text_file)
    line.update("loading the model")
    from geocolor.compression.pretrained import load_pretrained

    return _calibrated(*load_pretrained(folder), text, windows, length)


def require_windows(folder: Path, text_file: Path, windows: int, length: int) -> None:
    """Refuse what :func:`load_for_calibration` would, without reading weights.

    Raises
    ------
    InputError
        As there.
    """
    text = read_text(text_file)
    from geocolor.compression.pretrained import empty_pretrained, pretrained_tokenizer

    _calibrated(empty_pretrained(folder), pretrained_tokenizer(folder), text, windows, length)


def _calibrated(
    model: nn.Module, tokenizer: Any, text: str, windows: int, length: int
) -> CalibratedModel:
    from geocolor.compression.calibration import reads_whole_texts, text_batches

    require_positions(length, model)
    whole_texts = reads_whole_texts(model)
    batches = text_batches(text, tokenizer, windows, length, special_tokens=whole_texts)
    return CalibratedModel(model, tokenizer, batches, whole_texts)


def require_positions(length: int, model: Any) -> None:
    """Refuse windows longer than a model of transformers takes.

    Raises
    ------
    InputError
        They are.
    """
    longest = getattr(model.config, "max_position_embeddings", None)
    if isinstance(longest, int) and length > longest:
        raise InputError(f"--length {length} exceeds the {longest} positions of the model")


def for_each(files: Sequence[Path], folders: Sequence[Path], option: str) -> list[Path]:
    """Give each model its file: the only one, or the one at its place.

    Raises
    ------
    InputError
        There are neither one nor as many as models.
    """
    if len(files) not in (1, len(folders)):
        raise InputError(
            f"{option} was given {len(files)} times for {len(folders)} models; give it once, or "
            "once for each"
        )
    return [files[0]] * len(folders) if len(files) == 1 else list(files)


def read_text(path: Path) -> str:
    """Read plain text.

    Raises
    ------
    InputError
        It is missing, not UTF-8, or empty.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason} at {error.start}") from error
    if not text.strip():
        raise InputError(f"{path} is empty")
    return text


def given_latency(path: Path | None, method: Configuration) -> LatencyTable | None:
    """Read what --latency gives, if it is given.

    Raises
    ------
    InputError
        It cannot be read, or the method counts something else than time.
    """
    if path is None:
        return None
    if method.budget != "latency":
        raise InputError(
            f"--latency goes with --budget latency, and {method.name} counts {method.budget}: give "
            "that too, or leave it out"
        )
    from geocolor.compression.latency_file import read_latency

    return read_latency(path)


def reporter(line: ProgressLine) -> Any:
    """Make an ``on_progress`` that writes to a progress line."""
    stages = Stages()

    def show(stage: str, done: int, total: int) -> None:
        line.update(stages.tell(stage, done, total))

    return show
